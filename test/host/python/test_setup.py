"""What is installed on which AMI, and in which order."""
import unittest
from dataclasses import replace
from typing import Any

from support import HostCase, document, environment
from gpudev_host.document import Document, canonical, parse
from gpudev_host.errors import HostError, RebootNeeded
from gpudev_host.setup.facts import Facts, parse_modules
from gpudev_host.setup.perform import perform
from gpudev_host.setup.steps import BRANCH, TOOLKIT, Step, steps

UBUNTU = Facts(
    distribution="ubuntu",
    kernel="6.14.0-1011-aws",
    nvidia_on_bus=True,
    driver=None,
    modules=None,
    docker=None,
    toolkit=None,
    fabric_manager=None,
    deep_learning=False,
    caddy=False,
    mount_s3=False,
    efs=False,
    xfs=False,
    held=False,
)
DONE = replace(UBUNTU, driver="580.173.02", modules="open", docker="28.2.2", toolkit="1.20.1", xfs=True, held=True)
DEEP = replace(DONE, deep_learning=True, driver="595.91.07", docker="29.8.0")


def parsed(modules: str = "open", fabric: bool = False, gpus: int = 1, **changes: Any) -> Document:
    gpu = {"sharing": "devices", "modules": modules, "fabricManager": fabric}
    checks = {"driverMin": "525.60.13", "toolkitMin": "1.19.1", "gpus": gpus}
    return parse(canonical(document([environment("alice", 0)], gpu=gpu, checks=checks, **changes)), "host-0")


def words(found: list[Step]) -> list[str]:
    return [" ".join(step.argv) if step.argv else f"file {step.file}" for step in found]


class Steps(unittest.TestCase):
    def test_nothing_is_left_to_do(self) -> None:
        self.assertEqual(steps(DONE, parsed()), [])
        self.assertEqual(steps(DEEP, parsed()), [])
        self.assertEqual(steps(replace(DONE, nvidia_on_bus=False, driver=None), parsed(gpus=0)), [])

    def test_plain_ubuntu_in_the_order_that_works(self) -> None:
        found = words(steps(UBUNTU, parsed()))
        order = [
            "systemctl stop apt-daily.timer",
            "update",
            f"linux-modules-nvidia-{BRANCH}-server-open-6.14.0-1011-aws",
            "modprobe nvidia",
            "nvidia-persistenced",
            "docker.io",
            "nvidia-docker.list",
            "gpgkey",
            "gpg --batch",
            "file /etc/apt/sources.list.d/nvidia-container-toolkit.list",
            f"nvidia-container-toolkit={TOOLKIT}",
            "nvidia-cdi-refresh.service",
            "systemctl restart docker",
            "xfsprogs",
            "apt-mark hold",
            "file /etc/apt/apt.conf.d/52gpudev",
        ]
        at = [next(i for i, line in enumerate(found) if word in line) for word in order]
        self.assertEqual(at, sorted(at))

    def test_prebuilt_modules_and_never_dkms(self) -> None:
        install = next(line for line in words(steps(UBUNTU, parsed())) if "nvidia-headless" in line)
        self.assertIn("--no-install-recommends", install)
        self.assertIn(f"nvidia-headless-no-dkms-{BRANCH}-server-open", install)
        self.assertIn(f"linux-modules-nvidia-{BRANCH}-server-open-aws", install)

    def test_all_parts_of_the_toolkit_in_one_version(self) -> None:
        install = next(line for line in words(steps(UBUNTU, parsed())) if "nvidia-container-toolkit=" in line)
        self.assertEqual(install.count(f"={TOOLKIT}"), 4)

    def test_gsp_off_means_proprietary_modules(self) -> None:
        found = steps(UBUNTU, parsed("proprietary"))
        option = next(step for step in found if step.file == "/etc/modprobe.d/gpudev-nvidia.conf")
        self.assertEqual(option.text, "options nvidia NVreg_EnableGpuFirmware=0\n")
        text = " ".join(words(found))
        self.assertIn(f"nvidia-headless-no-dkms-{BRANCH}-server ", text)
        self.assertNotIn("-open", text)
        files = words(found)
        self.assertLess(files.index("file /etc/modprobe.d/gpudev-nvidia.conf"), files.index("modprobe nvidia"))

    def test_the_other_flavour_is_put_in_place_of_the_loaded_one(self) -> None:
        self.assertIn("modprobe nvidia", words(steps(DONE, parsed("proprietary"))))

    def test_a_deep_learning_ami_cannot_be_made_proprietary(self) -> None:
        with self.assertRaisesRegex(HostError, "set `hosts.ami.kind: ubuntu`"):
            steps(DEEP, parsed("proprietary"))

    def test_drivers_only_on_ubuntu(self) -> None:
        with self.assertRaisesRegex(HostError, "this AMI is amzn"):
            steps(replace(UBUNTU, distribution="amzn"), parsed())

    def test_an_old_toolkit_is_replaced_on_any_ami(self) -> None:
        found = words(steps(replace(DEEP, toolkit="1.17.8"), parsed()))
        self.assertTrue(any(f"nvidia-container-toolkit={TOOLKIT}" in line for line in found))
        self.assertFalse(any("nvidia-headless" in line for line in found))
        self.assertIn("apt-mark hold", " ".join(found))

    def test_what_an_ami_brings_is_held_too(self) -> None:
        found = words(steps(replace(DEEP, held=False), parsed()))
        self.assertEqual(len(found), 2)
        self.assertIn("apt-mark hold", found[0])
        self.assertEqual(found[1], "file /etc/apt/apt.conf.d/52gpudev")

    def test_nvswitch(self) -> None:
        found = words(steps(DONE, parsed(fabric=True)))
        self.assertTrue(any(f"nvidia-fabricmanager-{BRANCH}=" in line for line in found))
        self.assertEqual(steps(replace(DONE, fabric_manager="580.173.02"), parsed(fabric=True)), [])
        self.assertTrue(steps(replace(DONE, fabric_manager="580.65.06"), parsed(fabric=True)))
        self.assertIn("systemctl enable --now nvidia-fabricmanager", words(steps(DEEP, parsed(fabric=True))))

    def test_only_what_the_document_asks_for(self) -> None:
        self.assertIn("caddy", " ".join(words(steps(DONE, parsed(direct={"sites": []})))))
        sets = [{"bucket": "sets", "prefix": "", "path": "/var/lib/gpudev/data/sets"}]
        self.assertIn("mount-s3.deb", " ".join(words(steps(DONE, parsed(data=sets)))))
        self.assertIn("efs-utils", " ".join(words(steps(DONE, parsed(homes={"kind": "efs"})))))

    def test_no_step_needs_a_terminal(self) -> None:
        for line in words(steps(UBUNTU, parsed(fabric=True))):
            if line.startswith("apt-get"):
                self.assertIn(" -y ", line)
                self.assertIn("DPkg::Lock::Timeout", line)

    def test_flavour_of_loaded_modules(self) -> None:
        open_text = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.173.02  Release Build\n"
        self.assertEqual(parse_modules(open_text), "open")
        self.assertEqual(parse_modules("NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.173.02\n"), "proprietary")


class Perform(HostCase):
    def test_a_module_for_another_kernel_needs_a_reboot_and_only_one(self) -> None:
        (self.fake / "fail-modprobe").touch()
        with self.assertRaises(RebootNeeded):
            perform(self.config.paths, Step("load the driver", ("modprobe", "nvidia")))
        self.put_document(document([environment("alice", 0)]))
        self.sync()
        self.assertTrue(self.host.may_reboot())
        self.assertFalse(self.host.may_reboot())

    def test_a_failed_step_says_why(self) -> None:
        (self.fake / "fail-apt-get").touch()
        (self.fake / "say-apt-get").write_text("E: Unable to locate package linux-modules-nvidia\n")
        with self.assertRaisesRegex(HostError, "^driver: E: Unable to locate package"):
            perform(self.config.paths, Step("driver", ("apt-get", "install")))
        perform(self.config.paths, Step("may fail", ("apt-get", "install"), optional=True))

    def test_files(self) -> None:
        perform(self.config.paths, Step("list", file="/etc/apt/sources.list.d/x.list", text="deb x/$(ARCH) /\n"))
        text = (self.root / "etc/apt/sources.list.d/x.list").read_text()
        self.assertRegex(text, r"^deb x/(amd64|arm64) /\n$")
