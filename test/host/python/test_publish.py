"""Host keys and tokens on their way to their parameters."""
import os

from support import HostCase, canonical, document, environment
from gpudev_host.publish import publish

TOKEN = "0123456789abcdef0123456789abcdef"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqN1vQ0e8yQn7p2v4b6s8d0f2g4h6j8k0l2z4x6c8v0"


class Publish(HostCase):
    def setUp(self) -> None:
        super().setUp()
        self.put_document(document([environment("alice", 0), environment("bob", 1)]))
        self.sync()
        self.folder = self.home("alice") / ".config/gpudev"
        (self.folder / "ssh").mkdir(parents=True)
        (self.folder / "jupyter-token").write_text(f"{TOKEN}\n")
        (self.folder / "ssh/ssh_host_ed25519_key.pub").write_text(f"{KEY} dev@alice\n")
        for place in (self.folder / "jupyter-token", self.folder / "ssh/ssh_host_ed25519_key.pub"):
            home = environment("alice", 0)["home"]
            os.chown(place, home["uid"], home["gid"])

    def publish(self) -> list[str]:
        accepted = self.host.store.accepted()
        assert accepted is not None
        return publish(self.config, accepted, self.host.aws)

    def test_secure_strings_below_the_hosts_own_path(self) -> None:
        self.assertEqual(self.publish(), [])
        self.assertEqual(
            self.aws.parameters,
            {
                f"/gpudev/7f3k2m/host-0/alice/{name}": {
                    "Name": f"/gpudev/7f3k2m/host-0/alice/{name}",
                    "Value": value,
                    "Type": "SecureString",
                    "Overwrite": True,
                }
                for name, value in (("token", TOKEN), ("host-key", KEY))
            },
        )

    def values(self, user: str) -> dict[str, str]:
        folder = f"/gpudev/7f3k2m/host-0/{user}/"
        return {
            name.removeprefix(folder): one["Value"]
            for name, one in self.aws.parameters.items()
            if name.startswith(folder)
        }

    def test_everybody_is_told_the_instance_and_of_another_one_that_took_its_place(self) -> None:
        self.aws.metadata["meta-data/instance-id"] = "i-0123456789abcdef0"
        self.publish()
        self.assertEqual(self.values("bob"), {"instance": "i-0123456789abcdef0"})
        self.aws.metadata["meta-data/instance-id"] = "i-0fedcba9876543210"
        self.publish()
        self.assertEqual(self.values("alice")["instance"], "i-0fedcba9876543210")
        self.assertEqual(self.values("bob"), {"instance": "i-0fedcba9876543210"})

    def test_direct_access_without_a_domain_comes_with_address_and_root_certificate(self) -> None:
        self.aws.metadata["meta-data/public-ipv4"] = "203.0.113.7"
        self.publish()
        self.assertEqual(self.values("bob"), {})
        root = self.root / "var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"
        root.parent.mkdir(parents=True)
        root.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        sites = [{"user": "bob", "listen": 10443, "upstream": 8889}]
        users = [environment("alice", 0), environment("bob", 1)]
        self.host.store.accept(canonical(document(users, direct={"sites": sites})))
        self.publish()
        self.assertEqual(self.values("bob"), {"address": "203.0.113.7", "ca": root.read_text()})

    def test_what_metadata_does_not_say_is_not_made_up(self) -> None:
        self.aws.metadata["meta-data/instance-id"] = "<html>"
        self.publish()
        self.assertNotIn("instance", self.values("alice"))

    def test_what_is_published_is_not_sent_again(self) -> None:
        def puts() -> int:
            return len([line for line in self.aws.requests if line.startswith("POST ")])

        self.publish()
        before = puts()
        self.publish()
        self.assertEqual(puts(), before)
        (self.folder / "jupyter-token").write_text("f" * 32)
        self.publish()
        self.assertEqual(self.aws.parameters["/gpudev/7f3k2m/host-0/alice/token"]["Value"], "f" * 32)

    def test_no_token_lies_on_the_host_in_clear(self) -> None:
        self.publish()
        for file in (self.root / "var/lib/gpudev").glob("*"):
            if file.is_file():
                self.assertNotIn(TOKEN, file.read_text())

    def test_a_user_cannot_make_the_host_publish_something_else(self) -> None:
        secret = self.folder / "secret"
        secret.write_text("s" * 32)
        for trick in (
            lambda: os.symlink(secret, self.folder / "jupyter-token"),
            lambda: os.link(secret, self.folder / "jupyter-token"),
            lambda: os.mkfifo(self.folder / "jupyter-token"),
            lambda: (self.folder / "jupyter-token").write_text("root:*:19000:0:99999:7:::\n"),
        ):
            (self.folder / "jupyter-token").unlink()
            trick()
            self.publish()
            self.assertNotIn("/gpudev/7f3k2m/host-0/alice/token", self.aws.parameters)

    def test_what_cannot_be_put_is_said_and_tried_again(self) -> None:
        self.aws.refuse_parameters = True
        problems = self.publish()
        self.assertEqual(len(problems), 2)
        self.assertIn("PutParameter failed: HTTP 400 AccessDeniedException", problems[0])
        self.aws.refuse_parameters = False
        self.assertEqual(self.publish(), [])
        self.assertEqual(len(self.aws.parameters), 2)
