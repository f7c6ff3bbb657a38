"""MIG, direct access, data sets, the bundle, the command."""
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import unittest
from typing import Any

from support import REPOSITORY, HostCase, document, environment
from gpudev_host import bundle, datasets, direct, mig
from gpudev_host.document import DataSet, Direct, Document, Mig, Site, canonical, parse
from gpudev_host.errors import HostError

LISTED = """GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77)
  MIG 3g.20gb     Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)
  MIG 3g.20gb     Device  1: (UUID: MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-8d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77)
"""


def parsed(**changes: Any) -> Document:
    return parse(canonical(document([environment("alice", 0)], **changes)), "host-0")


class Slices(HostCase):
    def test_reading(self) -> None:
        found = mig.parse_slices(LISTED)
        self.assertEqual([(one.gpu, one.profiles) for one in found], [(0, ("3g.20gb", "3g.20gb")), (1, ())])
        self.assertEqual(mig.to_cut(found, Mig("3g.20gb", 2)), [1])
        self.assertEqual(mig.to_cut(found, Mig("1g.5gb", 7)), [0, 1])

    def test_only_what_is_cut_otherwise_is_cut(self) -> None:
        (self.fake / "smi-list").write_text(LISTED)
        value = parsed(gpu={"sharing": "mig", "mig": {"profile": "3g.20gb", "slices": 2}, "modules": "open", "fabricManager": True})
        with self.assertRaisesRegex(HostError, "GPU 1 did not take 2 slices of 3g.20gb"):
            mig.cut(value)
        cuts = [line for line in self.calls("nvidia-smi") if "-L" not in line]
        self.assertEqual(
            cuts,
            [
                "nvidia-smi -i 1 -mig 1",
                "nvidia-smi mig -i 1 -dci",
                "nvidia-smi mig -i 1 -dgi",
                "nvidia-smi mig -i 1 -cgi 3g.20gb,3g.20gb -C",
            ],
        )
        self.assertIn("systemctl restart nvidia-cdi-refresh.service", self.calls("systemctl"))

    def test_nobody_is_stopped_where_all_is_cut(self) -> None:
        (self.fake / "smi-list").write_text(LISTED.split("GPU 1")[0])
        mig.cut(parsed(gpu={"sharing": "mig", "mig": {"profile": "3g.20gb", "slices": 2}, "modules": "open", "fabricManager": True}))
        self.assertEqual(self.calls("systemctl"), [])


class DirectAccess(HostCase):
    sites = (Site("bob", 8444, 8889), Site("alice", 8443, 8888))

    def test_a_domain_by_acme(self) -> None:
        text = direct.caddyfile(Direct("host-0.example.com", self.sites), "host-0.example.com")
        self.assertIn("https://host-0.example.com:8443 {\n\treverse_proxy 127.0.0.1:8888\n}", text)
        self.assertNotIn("tls internal", text)
        self.assertLess(text.index("8443"), text.index("8444"))

    def test_an_address_by_a_private_ca(self) -> None:
        text = direct.caddyfile(Direct(None, self.sites), "203.0.113.7")
        self.assertIn("default_sni 203.0.113.7", text)
        self.assertEqual(text.count("https://203.0.113.7:"), 2)
        self.assertEqual(text.count("\ttls internal"), 2)

    def test_it_comes_and_goes_with_the_document(self) -> None:
        self.aws.metadata["meta-data/public-ipv4"] = "203.0.113.7"
        asked = {"sites": [{"user": "alice", "listen": 8443, "upstream": 8888}]}
        direct.configure(self.config.paths, parsed(direct=asked), self.host.aws)
        file = self.root / "etc/caddy/Caddyfile"
        self.assertIn("203.0.113.7", file.read_text())
        direct.configure(self.config.paths, parsed(), self.host.aws)
        self.assertFalse(file.exists())
        self.assertIn("systemctl disable --now caddy", self.calls("systemctl"))

    def test_somebody_elses_caddy_is_left_alone(self) -> None:
        file = self.root / "etc/caddy/Caddyfile"
        file.parent.mkdir(parents=True)
        file.write_text(":80 {\n}\n")
        direct.configure(self.config.paths, parsed(), self.host.aws)
        self.assertTrue(file.exists())

    def test_no_public_address(self) -> None:
        with self.assertRaisesRegex(HostError, "no public IPv4 address"):
            direct.configure(self.config.paths, parsed(direct={"sites": []}), self.host.aws)

    def test_the_root_certificate_is_in_the_verdict(self) -> None:
        pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        file = self.root / direct.ROOT.lstrip("/")
        file.parent.mkdir(parents=True)
        file.write_text(pem)
        found = direct.facts(self.config.paths, parsed(direct={"sites": []}))
        self.assertEqual(found["direct"]["sha256"], hashlib.sha256(b"\0\0\0").hexdigest())


class DataSets(HostCase):
    def test_a_unit(self) -> None:
        text = datasets.unit(DataSet("sets", "a b/100%/$x/", "/var/lib/gpudev/data/sets"), "eu-west-1")
        self.assertIn('mount-s3 --read-only --allow-other --region=eu-west-1 "--prefix=a b/100%%/$$x/" sets', text)

    def test_they_come_and_go(self) -> None:
        sets = [{"bucket": "sets", "prefix": "", "path": "/var/lib/gpudev/data/sets"}]
        self.assertEqual(len(datasets.mount(self.config.paths, parsed(data=sets))), 0)
        names = [file.name for file in (self.root / "etc/systemd/system").iterdir()]
        self.assertEqual(names, ["gpudevdata-var-lib-gpudev-data-sets.service"])
        self.assertEqual(datasets.mount(self.config.paths, parsed()), [])
        self.assertEqual(list((self.root / "etc/systemd/system").iterdir()), [])


def archive(files: dict[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(raw.getvalue(), mtime=0)


class Bundle(HostCase):
    def put(self, content: bytes, name: "str | None" = None) -> str:
        digest = name or hashlib.sha256(content).hexdigest()
        self.aws.objects[f"bucket/team/7f3k2m/bundle/{digest}.tar.gz"] = content
        return digest

    def test_a_release_comes_into_use(self) -> None:
        first = self.put(archive({"bin/gpudev-host": b"1", "systemd/gpudevhost-idle.timer": b"1", "systemd/gpudevhost-old.service": b"1"}))
        second = self.put(archive({"bin/gpudev-host": b"2", "systemd/gpudevhost-idle.timer": b"2"}))
        paths, units = self.config.paths, self.root / "etc/systemd/system"
        self.assertTrue(bundle.update(paths, self.host.aws, first))
        self.assertFalse(bundle.update(paths, self.host.aws, first))
        self.assertTrue((units / "gpudevhost-old.service").exists())
        self.assertTrue(bundle.update(paths, self.host.aws, second))
        self.assertEqual(bundle.current(paths), second)
        self.assertEqual((self.root / "opt/gpudev/current/bin/gpudev-host").read_bytes(), b"2")
        self.assertEqual([file.name for file in units.iterdir()], ["gpudevhost-idle.timer"])
        self.assertEqual((units / "gpudevhost-idle.timer").read_bytes(), b"2")

    def test_what_is_not_what_its_name_says_is_not_used(self) -> None:
        digest = self.put(archive({"bin/gpudev-host": b"1"}), "0" * 64)
        with self.assertRaisesRegex(HostError, "something else than its name says"):
            bundle.update(self.config.paths, self.host.aws, digest)
        self.assertIsNone(bundle.current(self.config.paths))

    def test_nothing_is_unpacked_elsewhere(self) -> None:
        for name in ("../outside", "/etc/outside", "a/../../outside"):
            with self.subTest(name), self.assertRaisesRegex(HostError, "no plain file"):
                bundle.unpack(self.config.paths, archive({name: b"x"}), "1" * 64)

    def test_sync_hands_over_to_the_new_release(self) -> None:
        digest = self.put(archive({"bin/gpudev-host": b"1", "systemd/gpudevhost-idle.timer": b"1"}))
        handed: list[bool] = []
        self.put_document(document([environment("alice", 0)]))
        self.host.sync(digest, None, lambda: handed.append(True))
        self.host.sync(digest, None, lambda: handed.append(True))
        self.assertEqual(handed, [True])


class Command(HostCase):
    def call(self, *words: str) -> "tuple[int, str]":
        file = self.folder / "host.json"
        config = {"bucket": "bucket", "region": "eu-west-1", "host": "host-0", "prefix": "team/7f3k2m"}
        file.write_text(json.dumps({**config, "root": str(self.root), "localHomes": True, "endpoints": self.aws.endpoints()}))
        program = str(REPOSITORY / "images/host/bin/gpudev-host")
        done = subprocess.run(
            [sys.executable, "-I", program, *words],
            env={**os.environ, "GPUDEV_HOST_CONFIG": str(file)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + "".join(line for line in done.stderr.splitlines(True) if not line.startswith("{"))

    def test_the_association(self) -> None:
        value = document([environment("alice", 0), environment("bob", 1)])
        self.put_document(value)
        self.assertEqual(self.call("sync", "--version", value["version"]), (0, "host-0 is ready: alice, bob can log in.\n"))
        code, text = self.call("status")
        self.assertEqual((code, text.splitlines()[1]), (0, "host-0 is ready: alice, bob can log in."))
        self.assertEqual(json.loads(self.call("status", "--json")[1])["document"], value["version"])

    def test_one_is_stopped_and_started(self) -> None:
        self.put_document(document([environment("alice", 0), environment("bob", 1)]))
        self.call("sync")
        self.assertEqual(self.call("stop", "alice"), (0, "stopped: alice\n"))
        self.assertEqual(self.running(), ["gpudev-team-bob"])
        code, text = self.call("sync")
        self.assertEqual((code, text), (0, "host-0 is ready: bob can log in; stopped: alice (stopped by request).\n"))
        self.assertEqual(self.call("start", "alice")[0], 0)
        self.assertEqual(self.starts().count("gpudev-bob.service"), 1)
        self.assertEqual(len(self.running()), 2)

    def test_a_stranger(self) -> None:
        self.put_document(document([environment("alice", 0)]))
        self.call("sync")
        self.assertEqual(self.call("start", "bob"), (1, "bob: no such user on host-0; there are alice\n"))

    def test_a_refused_document_fails_the_association(self) -> None:
        self.put_raw(b"{}")
        code, text = self.call("sync")
        self.assertEqual(code, 1)
        self.assertIn("this host reads gpudev.host/1", text)

    def test_a_host_without_config(self) -> None:
        program = str(REPOSITORY / "images/host/bin/gpudev-host")
        environ = {**os.environ, "GPUDEV_HOST_CONFIG": str(self.folder / "none.json")}
        done = subprocess.run([sys.executable, "-I", program, "status"], env=environ, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("user data writes it at first boot", done.stderr)
        self.assertNotIn("Traceback", done.stderr)


