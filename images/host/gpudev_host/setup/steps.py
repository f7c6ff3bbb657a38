"""Which commands make a host ready for its document, in the order that works. Pure: facts in, steps out.

Driver packages are Ubuntu's own with modules built for AWS's kernel: they stay in step with the kernel
and are signed, where DKMS may fail on the next one. The branch is NVIDIA's long-term one.
"""
from __future__ import annotations

from dataclasses import dataclass

from ..document import Document
from ..errors import HostError
from ..gate import DOCKER_MIN, at_least
from .facts import HOLD_FILE, Facts

BRANCH = "580"
TOOLKIT = "1.20.1-1"
TOOLKIT_PACKAGES = (
    "nvidia-container-toolkit",
    "nvidia-container-toolkit-base",
    "libnvidia-container-tools",
    "libnvidia-container1",
)
KEYRING = "/usr/share/keyrings/nvidia-container-toolkit-keyring.gpg"
REPOSITORY = "https://nvidia.github.io/libnvidia-container"
MOUNT_S3 = "https://s3.amazonaws.com/mountpoint-s3-release/latest/x86_64/mount-s3.deb"
EFS_INSTALLER = "https://amazon-efs-utils.aws.com/efs-utils-installer.sh"

APT = ("apt-get", "-y", "-o", "DPkg::Lock::Timeout=600", "-o", "Dpkg::Options::=--force-confold")
# What moves the driver away from its module, or the kernel away from both, while nobody looks.
QUIET_APT = """Unattended-Upgrade::Package-Blacklist {
  "nvidia"; "libnvidia"; "linux-"; "docker"; "containerd"; "cuda";
};
"""


@dataclass(frozen=True)
class Step:
    """One command, or one file with its text. `why` is for the log. `optional`: it may fail."""

    why: str
    argv: tuple[str, ...] = ()
    file: str | None = None
    text: str = ""
    optional: bool = False
    seconds: int = 1800


def steps(facts: Facts, document: Document, local_homes: bool = False) -> list[Step]:
    """Everything that is still to be done; empty on a host that is as it should be.

    Raises HostError where the AMI cannot be brought there.
    """
    gpus = document.checks.gpus > 0
    driver = _driver(facts, document) if gpus else []
    toolkit = _toolkit(facts, document) if gpus else []
    work = [*driver, *_docker(facts), *toolkit, *_extras(facts, document, local_homes)]
    fabric = _fabric(facts, document) if gpus else []
    found = [*_quiet(), *work, *fabric] if work or fabric else []
    if gpus and (found or not facts.held):
        found += _hold()
    return found


def _apt(why: str, *packages: str) -> Step:
    return Step(why, (*APT, "--no-install-recommends", "install", *packages))


def _quiet() -> list[Step]:
    """apt's own timers take the lock at just this time of a first boot."""
    timers = ("apt-daily.timer", "apt-daily-upgrade.timer")
    return [
        Step("no upgrades beside this one", ("systemctl", "stop", *timers), optional=True),
        Step("package lists", (*APT, "update")),
    ]


def _driver(facts: Facts, document: Document) -> list[Step]:
    flavour = "" if document.gpu.modules == "proprietary" else "-open"
    if facts.deep_learning:
        if document.gpu.modules == "proprietary" and facts.modules == "open":
            raise HostError(
                "this AMI brings open kernel modules, which cannot run with GSP off: set `hosts.ami.kind: ubuntu` "
                "for `driverModules: proprietary`"
            )
        return []  # one that does not answer is the gate's to judge: installing another over it would mend nothing
    if facts.driver is not None and facts.modules == document.gpu.modules:
        return []
    if facts.distribution != "ubuntu":
        raise HostError(f"gpudev installs drivers on Ubuntu, this AMI is {facts.distribution}: set `hosts.ami.kind`")
    server = f"{BRANCH}-server{flavour}"
    found = []
    if document.gpu.modules == "proprietary":
        # GPUs of g4dn and g5 were seen to hang with GSP firmware; only proprietary modules run without.
        text = "options nvidia NVreg_EnableGpuFirmware=0\n"
        found.append(Step("GSP firmware off", file="/etc/modprobe.d/gpudev-nvidia.conf", text=text))
    return [
        *found,
        _apt(
            "driver with modules built for this kernel, and for those to come",
            f"linux-modules-nvidia-{server}-{facts.kernel}",
            f"linux-modules-nvidia-{server}-aws",
            f"nvidia-headless-no-dkms-{server}",
            f"nvidia-utils-{BRANCH}-server",
            f"nvidia-compute-utils-{BRANCH}-server",
        ),
        Step("load the driver", ("modprobe", "nvidia")),
        Step("keep the driver loaded", ("systemctl", "enable", "--now", "nvidia-persistenced"), optional=True),
    ]


def _docker(facts: Facts) -> list[Step]:
    if facts.docker is not None and (facts.deep_learning or at_least(facts.docker, DOCKER_MIN)):
        return []
    if facts.docker is not None and not facts.nvidia_on_bus:
        return []  # without GPUs there is no CDI for which it would be too old
    return [_apt("Docker", "docker.io"), Step("Docker at boot", ("systemctl", "enable", "--now", "docker"))]


def _toolkit(facts: Facts, document: Document) -> list[Step]:
    if facts.toolkit is not None and at_least(facts.toolkit, document.checks.toolkit_min):
        return []
    source = f"deb [signed-by={KEYRING}] {REPOSITORY}/stable/deb/$(ARCH) /\n"
    key = "/run/gpudev-nvidia.key"
    lists = "/etc/apt/sources.list.d/nvidia-container-toolkit.list"
    return [
        # Lists of older tools name the same repository with another key, and apt then refuses both.
        Step(
            "no older list of the same repository",
            ("rm", "-f", "/etc/apt/sources.list.d/nvidia-docker.list", "/etc/apt/sources.list.d/libnvidia-container.list"),
        ),
        _apt("what fetches keys", "curl", "gnupg", "ca-certificates"),
        Step("NVIDIA's key", ("curl", "-fsSL", "--retry", "5", "-o", key, f"{REPOSITORY}/gpgkey")),
        Step("NVIDIA's key for apt", ("gpg", "--batch", "--yes", "--dearmor", "-o", KEYRING, key)),
        Step("NVIDIA's repository", file=lists, text=source),
        Step("package lists", (*APT, "update")),
        Step(
            "container toolkit, all parts in one version",
            (*APT, "--allow-change-held-packages", "install", *(f"{name}={TOOLKIT}" for name in TOOLKIT_PACKAGES)),
        ),
        Step("device names for containers", ("systemctl", "restart", "nvidia-cdi-refresh.service")),
        Step("Docker with CDI", ("systemctl", "restart", "docker")),
    ]


def _fabric(facts: Facts, document: Document) -> list[Step]:
    """NVSwitch: exactly the driver's version, or CUDA does not start."""
    if not document.gpu.fabric_manager:
        return []
    enable = Step("fabric manager at boot", ("systemctl", "enable", "--now", "nvidia-fabricmanager"))
    if facts.fabric_manager is not None and facts.fabric_manager == facts.driver:
        return []
    if facts.deep_learning:
        return [enable]
    name = f"nvidia-fabricmanager-{BRANCH}"
    driver = "$(dpkg-query -W -f '${Version}' " + f"nvidia-utils-{BRANCH}-server | cut -d- -f1)"
    install = f"{' '.join(APT)} --allow-change-held-packages install \"{name}={driver}*\""
    return [Step("fabric manager of the driver's version", ("sh", "-c", install)), enable]


def _extras(facts: Facts, document: Document, local_homes: bool) -> list[Step]:
    found = []
    if document.homes.kind == "volume" and not facts.xfs and not local_homes:
        found.append(_apt("file system of homes", "xfsprogs", "mdadm"))
    if document.direct is not None and not facts.caddy:
        found.append(_apt("TLS for direct access", "caddy"))
    if document.data and not facts.mount_s3:
        file = "/run/gpudev-mount-s3.deb"
        found.append(Step("S3 as a folder", ("curl", "-fsSL", "--retry", "5", "-o", file, MOUNT_S3)))
        found.append(_apt("S3 as a folder", file))
    if document.homes.kind == "efs" and not facts.efs:
        script = "/run/gpudev-efs-utils.sh"
        found.append(Step("EFS's installer", ("curl", "-fsSL", "--retry", "5", "-o", script, EFS_INSTALLER)))
        found.append(Step("EFS with TLS and access points", ("sh", script, "--install")))
    return found


def _hold() -> list[Step]:
    """What has been installed moves only with a new AMI."""
    pattern = "^(nvidia-|libnvidia-|linux-modules-nvidia-|linux-(image|headers)?-?aws|docker|containerd|cuda-drivers)"
    script = f"dpkg-query -W -f '${{Package}}\\n' | grep -E '{pattern}' | xargs -r apt-mark hold"
    return [
        Step("driver, kernel, Docker and toolkit stay as they are", ("sh", "-c", script)),
        Step("unattended upgrades leave them alone", file=HOLD_FILE, text=QUIET_APT),
    ]
