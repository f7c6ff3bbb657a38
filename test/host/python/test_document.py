"""What a host accepts, and what it refuses with every reason at once."""
import json
import unittest
from typing import Any

from support import HostCase, document, environment
from gpudev_host.document import canonical, parse, version_of
from gpudev_host.errors import Refused


def again(value: dict[str, Any]) -> bytes:
    """A changed document with the hash that belongs to it."""
    return canonical({**value, "version": version_of(value)})


def problems(content: bytes, host: str = "host-0") -> list[str]:
    try:
        parse(content, host)
    except Refused as error:
        return error.problems
    return []


class Accepted(unittest.TestCase):
    def test_everything_is_read(self) -> None:
        value = document(
            [environment("alice", 0), environment("bob", 1, devices=["0:1", "MIG-0a1b"], ports={"ssh": 2223})],
            registry="123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            lifetime={"idleStop": 60, "graceSeconds": 30, "maxLease": 0, "until": "2026-12-24T18:00:00+01:00"},
            gpu={"sharing": "mig", "mig": {"profile": "3g.20gb", "slices": 2}, "modules": "open", "fabricManager": True},
            data=[{"bucket": "sets", "prefix": "dt=2024/", "path": "/var/lib/gpudev/data/sets-dt=2024"}],
            direct={"name": "host-0.example.com", "sites": [{"user": "alice", "listen": 8443, "upstream": 8888}]},
        )
        found = parse(canonical(value), "host-0")
        self.assertEqual(found.version, value["version"])
        self.assertEqual(found.lifetime.until, 1798131600.0)
        self.assertEqual([one.user for one in found.environments], ["alice", "bob"])
        self.assertEqual(found.environments[1].devices, ("0:1", "MIG-0a1b"))
        self.assertIsNone(found.environments[1].jupyter)
        assert found.gpu.mig and found.direct
        self.assertEqual((found.gpu.mig.profile, found.gpu.mig.slices), ("3g.20gb", 2))
        self.assertEqual(found.direct.sites[0].listen, 8443)

    def test_a_host_without_users(self) -> None:
        self.assertEqual(parse(canonical(document([])), "host-0").environments, ())

    def test_the_hash_is_that_of_canonical_text(self) -> None:
        value = {"b": 1, "a": "ü\u2028\x7f\x1f\"\\/", "version": "left out"}
        self.assertEqual(canonical(value).decode(), '{"a":"ü\u2028\x7f\\u001f\\"\\\\/","b":1,"version":"left out"}')
        self.assertEqual(version_of(value), version_of({"a": value["a"], "b": 1}))


class RefusedDocuments(unittest.TestCase):
    good = document([environment("alice", 0), environment("bob", 1)])

    def test_corrupt(self) -> None:
        text = canonical(self.good)
        flipped = text.replace(b"ssh-ed25519", b"ssh-ed25518")
        for name, content, word in (
            ("empty", b"", "no JSON"),
            ("half", text[: len(text) // 2], "no JSON"),
            ("a list", b"[]", "no JSON object"),
            ("one letter changed", flipped, "does not match its own version hash"),
            ("no version", canonical({k: v for k, v in self.good.items() if k != "version"}), "does not match"),
            ("another schema", again({**self.good, "schema": "gpudev.host/2"}), "update its bundle"),
            ("no text at all", b"\xff\xfe\x00", "no JSON"),
            ("very deep", b"[" * 100_000, "no JSON"),
        ):
            with self.subTest(name):
                found = problems(content)
                self.assertEqual(len(found), 1)
                self.assertIn(word, found[0])

    def test_another_hosts(self) -> None:
        self.assertEqual(problems(canonical(self.good), "host-1"), ["host: is 'host-0', but this is 'host-1'"])

    def test_wrong_values_are_named_by_path(self) -> None:
        def first(**changes: Any) -> dict[str, Any]:
            return {**self.good, "environments": [environment("alice", 0, **changes)]}

        home = environment("alice", 0)["home"]
        for value, path in (
            ({**self.good, "image": "x; rm -rf /"}, "image"),
            ({**self.good, "lifetime": {**self.good["lifetime"], "idleStop": 0}}, "lifetime.idleStop"),
            ({**self.good, "lifetime": {**self.good["lifetime"], "until": "soon"}}, "lifetime.until"),
            ({**self.good, "lifetime": {**self.good["lifetime"], "idleStop": 1.5}}, "lifetime.idleStop"),
            ({**self.good, "checks": {**self.good["checks"], "gpus": True}}, "checks.gpus"),
            ({**self.good, "checks": 7}, "checks"),
            ({**self.good, "gpu": {**self.good["gpu"], "sharing": "mps"}}, "gpu.sharing"),
            ({**self.good, "environments": {}}, "environments"),
            ({**self.good, "parameters": "gpudev"}, "parameters"),
            (first(user="../etc"), "environments[0].user"),
            (first(unitName="gpudev-bob.service"), "environments[0].unitName"),
            (first(unitName="docker.service"), "environments[0].unitName"),
            (first(container="-v"), "environments[0].container"),
            (first(home={**home, "path": "/var/lib/gpudev/homes/../../../etc"}), "environments[0].home.path"),
            (first(home={**home, "path": "homes/alice"}), "environments[0].home.path"),
            (first(home={**home, "path": "/etc/alice"}), "environments"),
            (first(home={**home, "uid": 0}), "environments[0].home.uid"),
            (first(devices=["all"]), "environments[0].devices[0]"),
            (first(unit="[Service]\0"), "environments[0].unit"),
            (first(authorizedKeys=None), "environments[0].authorizedKeys"),
            (first(ports={"ssh": 70000}), "environments[0].ports.ssh"),
            (first(unit="x" * 70_000), "environments[0].unit"),
        ):
            with self.subTest(path):
                found = problems(again(value))
                self.assertTrue(any(one.startswith(f"{path}: ") for one in found), found)

    def test_names_twice(self) -> None:
        twin = environment("alice", 0)
        found = problems(again({**self.good, "environments": [twin, {**twin, "slot": 1}]}))
        self.assertEqual(
            [one.split(":")[0] for one in found],
            [f"environments[1].{what}" for what in ("user", "container", "home.path", "ports", "ports")],
        )

    def test_all_problems_at_once(self) -> None:
        value = {**self.good, "image": "", "region": "", "environments": [environment("alice", 0, user="A")]}
        self.assertGreaterEqual(len(problems(again(value))), 4)


class OldStateStays(HostCase):
    def test_every_refused_document_leaves_everything_as_it_was(self) -> None:
        good = document([environment("alice", 0), environment("bob", 1)])
        self.put_document(good)
        self.assertTrue(self.sync()["ready"])
        before, calls = self.running(), len(self.calls("systemctl start"))
        for content in (b"{", canonical(good)[:-20], again({**good, "environments": [environment("alice", 0, user="A")]})):
            self.put_raw(content)
            made = self.sync()
            self.assertEqual((made["ready"], made["state"], made["document"]), (False, "refused", good["version"]))
            self.assertIn("was refused, and the host stays as it was", made["words"][0])
            self.assertEqual(self.verdict()["state"], "refused")
            self.assertEqual(self.running(), before)
            self.assertEqual(len(self.calls("systemctl start")), calls)
        accepted = self.host.store.accepted()
        assert accepted is not None
        self.assertEqual(accepted.version, good["version"])

    def test_a_corrupt_file_of_its_own_falls_back_to_the_last_good_one(self) -> None:
        good = document([environment("alice", 0)])
        self.put_document(good)
        self.sync()
        (self.root / "var/lib/gpudev/document.json").write_bytes(b"\0" * 100)
        accepted = self.host.store.accepted()
        assert accepted is not None
        self.assertEqual(accepted.version, good["version"])

    def test_a_boot_without_the_bucket_goes_on_with_the_accepted_one(self) -> None:
        self.put_document(document([environment("alice", 0)]))
        self.sync()
        (self.fake / "containers/gpudev-team-alice").unlink()
        (self.fake / "units/gpudev-alice.service").unlink()
        self.put_raw(json.dumps({"schema": "none"}).encode())
        made = self.host.boot()
        self.assertEqual(made["state"], "refused")
        self.assertEqual(self.running(), ["gpudev-team-alice"])
