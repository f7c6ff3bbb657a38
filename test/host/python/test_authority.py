"""The private CA of direct access: born in Caddy, kept with the homes."""
import shutil
import stat
import unittest
from typing import Any

from support import HostCase, document, environment
from gpudev_host import authority, direct
from gpudev_host.document import Document, canonical, parse
from gpudev_host.errors import HostError

SITES = {"sites": [{"user": "alice", "listen": 10443, "upstream": 8888}]}


def asked(**changes: Any) -> Document:
    return parse(canonical(document([environment("alice", 0)], **{"direct": SITES, **changes})), "host-0")


class PrivateAuthority(HostCase):
    def setUp(self) -> None:
        super().setUp()
        self.aws.metadata["meta-data/public-ipv4"] = "203.0.113.7"
        self.kept = self.root / "var/lib/gpudev/homes/.gpudev/ca"
        self.caddy = self.root / authority.CA.lstrip("/")

    def configure(self, **changes: Any) -> None:
        direct.configure(self.config.paths, asked(**changes), self.host.aws)

    def another_machine(self) -> None:
        """Everything but the homes volume is new; a Caddy that was started already has made another CA."""
        shutil.rmtree(self.root / "var/lib/caddy")
        shutil.rmtree(self.root / "etc/caddy")
        self.caddy_makes("second")

    def test_it_is_kept_with_the_homes_for_root_alone(self) -> None:
        self.configure()
        for name in ("root.crt", "root.key"):
            self.assertEqual((self.kept / name).read_bytes(), (self.caddy / name).read_bytes())
            self.assertEqual(stat.S_IMODE((self.kept / name).stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.kept.parent.stat().st_mode), 0o700)

    def test_it_outlives_the_machine(self) -> None:
        self.configure()
        before = direct.root_certificate(self.config.paths)
        self.another_machine()
        (self.root / "var/lib/caddy").mkdir()
        self.configure()
        self.assertEqual(direct.root_certificate(self.config.paths), before)
        self.assertEqual((self.caddy / "root.key").read_text(), "key of first\n")
        self.assertEqual(stat.S_IMODE((self.caddy / "root.key").stat().st_mode), 0o600)

    def test_a_ca_that_caddy_made_meanwhile_gives_way_with_all_that_it_signed(self) -> None:
        self.configure()
        self.another_machine()
        self.caddy.mkdir(parents=True)
        leaves = self.root / authority.DATA.lstrip("/") / "certificates/local/203.0.113.7"
        leaves.mkdir(parents=True)
        for name in ("root.crt", "root.key", "intermediate.crt", "intermediate.key"):
            (self.caddy / name).write_text("another\n")
        (self.fake / "calls").write_text("")
        self.configure()
        self.assertEqual((self.caddy / "root.key").read_text(), "key of first\n")
        self.assertFalse((self.caddy / "intermediate.crt").exists())
        self.assertFalse(leaves.exists())
        self.assertIn("systemctl restart caddy", self.calls("systemctl"))

    def test_what_is_right_is_left_alone(self) -> None:
        self.configure()
        (self.fake / "calls").write_text("")
        self.configure()
        self.assertEqual(self.calls("systemctl")[-1], "systemctl start caddy")

    def test_a_domain_needs_none(self) -> None:
        self.configure(direct={"name": "host-0.example.com", **SITES})
        self.assertFalse(self.kept.exists())

    def test_homes_on_efs_keep_none(self) -> None:
        document = asked(homes={"kind": "efs", "fileSystem": "fs-1", "accessPoints": {"alice": "fsap-1"}})
        self.assertIsNone(authority.kept_folder(self.config.paths, document))

    def test_a_caddy_that_makes_none_is_told(self) -> None:
        with self.assertRaisesRegex(HostError, "Caddy has made no CA"):
            authority.keep(self.config.paths, asked(), 0.0)

    def test_it_is_published_once_for_whoever_deploys(self) -> None:
        self.put_document(document([environment("alice", 0), environment("bob", 1)], direct=SITES))
        self.assertTrue(self.sync()["ready"])
        found = self.aws.parameters["/gpudev/7f3k2m/host-0/ca/root"]
        self.assertEqual((found["Type"], found["Value"]), ("String", (self.caddy / "root.crt").read_text()))
        self.assertNotIn("key of first", str(self.aws.parameters))


if __name__ == "__main__":
    unittest.main()
