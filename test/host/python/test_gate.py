"""The ready gate and the words of its verdict."""
import json
import os
import unittest
from typing import Any
from unittest import mock

from support import HostCase, document, environment
from gpudev_host import guard
from gpudev_host.document import canonical, parse
from gpudev_host.gate import at_least, devices_of, gpu_check, version


class Versions(unittest.TestCase):
    def test_reading(self) -> None:
        self.assertEqual(version("NVIDIA Container Toolkit CLI version 1.20.1\ncommit: 1234"), (1, 20, 1))
        self.assertEqual(version("none"), ())

    def test_comparing(self) -> None:
        for found, least, expected in (
            ("580.173.02", "525.60.13", True),
            ("580.65.06", "580", True),
            ("470.82.01", "525.60.13", False),
            ("1.19.1", "1.19.1", True),
            ("1.9.9", "1.19.1", False),
            ("", "1", False),
        ):
            with self.subTest(found=found, least=least):
                self.assertEqual(at_least(found, least), expected)


class Devices(unittest.TestCase):
    def devices(self, sharing: str, gpus: int, mig: "dict[str, Any] | None" = None) -> list[str]:
        gpu: dict[str, Any] = {"sharing": sharing, "modules": "open", "fabricManager": False}
        if mig is not None:
            gpu["mig"] = mig
        checks = {"driverMin": "525.60.13", "toolkitMin": "1.19.1", "gpus": gpus}
        return devices_of(parse(canonical(document([environment("alice", 0)], gpu=gpu, checks=checks)), "host-0"))

    def test_every_device_is_checked_taken_or_not(self) -> None:
        self.assertEqual(self.devices("devices", 4), ["0", "1", "2", "3"])
        self.assertEqual(self.devices("time-slicing", 1), ["0"])
        slices = self.devices("mig", 2, {"profile": "3g.20gb", "slices": 2})
        self.assertEqual(slices, ["0", "0:0", "0:1", "1:0", "1:1"])


class Gate(HostCase):
    def setUp(self) -> None:
        super().setUp()
        (self.fake / "smi-driver").write_text("580.173.02, NVIDIA L4\n580.173.02, NVIDIA L4\n")
        (self.fake / "toolkit").write_text("1.20.1")
        (self.root / "etc/apt/apt.conf.d").mkdir(parents=True)
        (self.root / "etc/apt/apt.conf.d/52gpudev").write_text("held")
        (self.root / "opt/dlami").mkdir(parents=True)

    def judge(self, **changes: Any) -> dict[str, Any]:
        checks = {"driverMin": "525.60.13", "toolkitMin": "1.19.1", "gpus": 2}
        self.put_document(document([environment("alice", 0)], checks=checks, **changes))
        return self.sync()

    def test_a_good_host(self) -> None:
        self.aws.metadata["meta-data/instance-id"] = "i-0123456789abcdef0"
        made = self.judge()
        self.assertEqual(made["words"], ["host-0 is ready: alice can log in."])
        self.assertEqual(
            {name: check["found"] for name, check in made["checks"].items()},
            {
                "metadata": "closed to containers",
                "seccomp": "on",
                "driver": "580.173.02",
                "gpus": "2 (NVIDIA L4)",
                "toolkit": "1.20.1",
                "docker": "28.2.2",
                "gpu-check 0": "passed",
                "gpu-check 1": "passed",
            },
        )
        stored = json.loads((self.root / "var/lib/gpudev/verdict.json").read_text())
        self.assertEqual(stored, self.verdict())
        self.assertEqual(stored["instance"], "i-0123456789abcdef0")

    def test_gpu_checks_are_hardened_and_run_once_for_a_boot(self) -> None:
        self.judge()
        runs = self.calls("docker run")
        self.assertEqual(len(runs), 2)
        for option in ("--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"):
            self.assertIn(option, runs[0])
        # What a killed run has left goes first.
        self.assertIn("docker rm --force gpudevcheck-0", self.calls("docker rm"))
        self.judge()
        self.assertEqual(len(self.calls("docker run")), 2)
        self.judge(image="example.com/image@sha256:2")
        self.assertEqual(len(self.calls("docker run")), 4)

    def test_a_gpu_check_that_hangs_is_removed(self) -> None:
        pipe = self.fake / "gpu-check"
        os.mkfifo(pipe)
        with mock.patch("gpudev_host.gate.CHECK_SECONDS", 0.5):
            self.assertEqual(gpu_check("image", "1:0"), ("docker did not answer within 0.5 seconds",))
        os.close(os.open(pipe, os.O_WRONLY))  # lets go of the reader that was left behind
        named = [line.split(" --network")[0] for line in self.calls("docker")]
        remove = "docker rm --force gpudevcheck-1-0"
        self.assertEqual(named, [remove, "docker run --rm --name=gpudevcheck-1-0", remove])

    def test_what_is_wrong_is_said(self) -> None:
        for name, file, text, words in (
            ("driver", "smi-driver", "470.82.01, NVIDIA L4\n470.82.01, NVIDIA L4\n", "the NVIDIA driver is 470.82.01, the image needs 525.60.13 or newer"),
            ("gpus", "smi-driver", "580.1.1, NVIDIA L4\n", "the driver shows 1 GPUs, this instance type has 2"),
            ("toolkit", "toolkit", "1.17.8", "the container toolkit has to be 1.19.1 or newer"),
        ):
            with self.subTest(name):
                before = (self.fake / file).read_text()
                (self.fake / file).write_text(text)
                made = self.judge()
                self.assertFalse(made["ready"])
                self.assertIn(words, " ".join(made["words"]))
                self.assertFalse(made["checks"][name]["ok"])
                (self.fake / file).write_text(before)

    def test_a_gpu_that_does_not_fit(self) -> None:
        report = {"fits": False, "problems": ["GPU 0 (NVIDIA B200, compute capability 10.0): torch has code for sm_90 only"]}
        (self.fake / "gpu-check").write_text(json.dumps(report))
        made = self.judge()
        self.assertEqual(made["state"], "not-ready")
        self.assertIn("GPU 1 does not work in the image: GPU 0 (NVIDIA B200", " ".join(made["words"]))
        (self.fake / "gpu-check").unlink()
        self.assertTrue(self.judge()["ready"], "it is checked again until it passes")

    def test_an_unhealthy_environment(self) -> None:
        (self.fake / "health/gpudev-team-alice").write_text("unhealthy")
        made = self.judge()
        self.assertEqual(made["words"], ["alice: the environment is unhealthy: jupyter does not answer."])

    def test_open_metadata(self) -> None:
        (self.fake / "iptables.rules").write_text("")
        self.assertTrue(self.judge()["ready"], "it is closed again")
        self.assertIn("DOCKER-USER -d 169.254.169.254/32 -j DROP", (self.fake / "iptables.rules").read_text())

    def test_nobody_starts_where_metadata_cannot_be_closed(self) -> None:
        (self.fake / "fail-iptables").touch()
        made = self.judge()
        self.assertFalse(made["ready"])
        self.assertIn("iptables", made["words"][0])
        self.assertEqual(self.running(), [])

    def test_a_verdict_that_cannot_be_sent_is_kept(self) -> None:
        self.put_document(document([environment("alice", 0)]))
        self.aws.metadata["meta-data/iam/security-credentials/host-role"] = "{}"
        self.host.boot()
        self.assertEqual(json.loads((self.root / "var/lib/gpudev/verdict.json").read_text())["ready"], False)


class Guard(HostCase):
    def test_rules_stand_in_front_and_once(self) -> None:
        guard.close()
        rules = (self.fake / "iptables.rules").read_text().splitlines()
        self.assertEqual(
            sorted(rules),
            ["DOCKER-USER -d 169.254.169.254/32 -j DROP", "DOCKER-USER -d 169.254.170.0/24 -j DROP", "FORWARD -j DOCKER-USER"],
        )
        self.assertIn("DOCKER-USER -d fd00:ec2::254/128 -j DROP", (self.fake / "ip6tables.rules").read_text())
