"""What the machine is and has, before anything is installed."""
from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from ..commands import run

# Keeps unattended upgrades from driver and kernel; its presence says that packages are held as well.
HOLD_FILE = "/etc/apt/apt.conf.d/52gpudev"
NVIDIA_VENDOR = "0x10de"


@dataclass(frozen=True)
class Facts:
    """As found on the host. Versions are None where a program is missing or does not answer."""

    distribution: str
    kernel: str
    # NVIDIA functions on the PCI bus; one GPU or NVSwitch may show several.
    nvidia_on_bus: bool
    driver: str | None
    # "open" or "proprietary"; None where no module is loaded.
    modules: str | None
    docker: str | None
    toolkit: str | None
    fabric_manager: str | None
    # The AMI brought driver and toolkit: nothing of Ubuntu's driver packages is put over them.
    deep_learning: bool
    caddy: bool
    mount_s3: bool
    efs: bool
    xfs: bool
    # gpudev has held driver and kernel already.
    held: bool


def _version(argv: list[str]) -> str | None:
    from ..gate import version

    ended = run(argv, 60)
    return ".".join(map(str, version(ended.out))) or None if ended.ok else None


def parse_modules(text: str) -> str:
    """Reads /proc/driver/nvidia/version. Pure."""
    return "open" if "Open Kernel Module" in text else "proprietary"


def read_facts(root: Path = Path("/")) -> Facts:
    vendors = root.glob("sys/bus/pci/devices/*/vendor")
    release = root / "etc/os-release"
    fields = dict(line.split("=", 1) for line in release.read_text().splitlines() if "=" in line)
    proc = root / "proc/driver/nvidia/version"
    return Facts(
        distribution=fields.get("ID", "").strip('"'),
        kernel=platform.release(),
        nvidia_on_bus=any(file.read_text().strip() == NVIDIA_VENDOR for file in vendors),
        driver=_version(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]),
        modules=parse_modules(proc.read_text()) if proc.exists() else None,
        docker=_version(["docker", "--version"]),
        toolkit=_version(["nvidia-ctk", "--version"]),
        fabric_manager=_version(["nv-fabricmanager", "--version"]),
        deep_learning=(root / "opt/dlami").exists() or (root / "etc/dlami-release").exists(),
        caddy=run(["caddy", "version"]).ok,
        mount_s3=run(["mount-s3", "--version"]).ok,
        efs=(root / "sbin/mount.efs").exists() or (root / "usr/sbin/mount.efs").exists(),
        xfs=run(["mkfs.xfs", "-V"]).ok,
        held=(root / HOLD_FILE.lstrip("/")).exists(),
    )
