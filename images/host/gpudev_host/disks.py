"""The host's disks: which one holds homes, and which ones are scratch that a stop empties."""
from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .commands import must, run
from .config import Paths
from .errors import HostError
from .log import say

# File system label of a homes volume. A label, since attached names and their order are EC2's to choose.
LABEL = "gpudev-homes"
EBS = "Amazon Elastic Block Store"
INSTANCE_STORE = "Amazon EC2 NVMe Instance Storage"
ATTACH_SECONDS = 300


@dataclass(frozen=True)
class Disk:
    """A whole disk. `blank`: no partition and no signature of anything."""

    path: str
    model: str
    label: str | None
    mounted: bool
    blank: bool


def parse_disks(lsblk: str) -> list[Disk]:
    """Reads `lsblk --json --paths --output NAME,TYPE,MODEL,LABEL,FSTYPE,PTTYPE,MOUNTPOINT`."""
    found = []
    for one in json.loads(lsblk).get("blockdevices", []):
        if one.get("type") != "disk":
            continue
        parts = one.get("children") or []
        found.append(
            Disk(
                path=one["name"],
                model=(one.get("model") or "").strip(),
                label=one.get("label"),
                mounted=any(each.get("mountpoint") for each in [one, *parts]),
                blank=not parts and not one.get("fstype") and not one.get("pttype"),
            )
        )
    return found


def read_disks() -> list[Disk]:
    columns = "NAME,TYPE,MODEL,LABEL,FSTYPE,PTTYPE,MOUNTPOINT"
    return parse_disks(must(["lsblk", "--json", "--paths", "--output", columns]))


def choose_homes_disk(disks: Sequence[Disk]) -> Disk | None:
    """The homes volume; None: not attached (yet).

    Raises HostError where it cannot be told: a wrong guess would format somebody's data.
    """
    labelled = [disk for disk in disks if disk.label == LABEL]
    if len(labelled) > 1:
        names = ", ".join(disk.path for disk in labelled)
        raise HostError(f"{names} both carry the label {LABEL}: detach the one that is not this host's")
    if labelled:
        return labelled[0]
    blank = [disk for disk in disks if disk.model == EBS and disk.blank and not disk.mounted]
    if len(blank) > 1:
        names = ", ".join(disk.path for disk in blank)
        raise HostError(f"{names} are all blank EBS volumes: which is for homes cannot be told; detach the others")
    return blank[0] if blank else None


def mount_homes_volume(paths: Paths, folder: str) -> None:
    """Mounts the homes volume at `folder`, formats it where it is blank, grows it to its disk.

    Raises HostError where the volume does not appear in time.
    """
    place = paths.at(folder)
    place.mkdir(parents=True, exist_ok=True)
    if not run(["mountpoint", "--quiet", str(place)]).ok:
        disk = _await_disk(read_disks)
        if disk.blank:
            say("format", disk=disk.path, label=LABEL)
            must(["mkfs.xfs", "-L", LABEL, disk.path], 600)
        must(["mount", "-t", "xfs", "-o", "prjquota,nosuid,nodev", disk.path, str(place)], 120)
        place.chmod(0o711)
    must(["xfs_growfs", str(place)], 600)


def _await_disk(look: Callable[[], list[Disk]], limit: float = ATTACH_SECONDS) -> Disk:
    end = time.monotonic() + limit
    while True:
        disk = choose_homes_disk(look())
        if disk is not None:
            return disk
        if time.monotonic() > end:
            raise HostError("the homes volume is not attached: look at its attachment in EC2, then `gpudev up`")
        time.sleep(2)


def scratch_folder(paths: Paths) -> Path | None:
    """A folder on instance-store NVMe, whose contents a stop empties; None where the type has no such disk."""
    prepared = paths.at("/opt/dlami/nvme")  # Deep Learning AMIs stripe and mount it themselves
    if run(["mountpoint", "--quiet", str(prepared)]).ok:
        return prepared
    place = paths.at("/var/lib/gpudev/scratch")
    if run(["mountpoint", "--quiet", str(place)]).ok:
        return place
    disks = sorted(disk.path for disk in read_disks() if disk.model == INSTANCE_STORE and not disk.mounted)
    if not disks:
        return None
    device = disks[0]
    if len(disks) > 1 and run(["mdadm", "--version"]).code is not None:
        device = "/dev/md/gpudev-scratch"
        if not Path(device).exists():
            count = f"--raid-devices={len(disks)}"
            must(["mdadm", "--create", device, "--run", "--level=0", "--homehost=any", count, *disks], 120)
    if not run(["blkid", "--probe", device]).ok:
        must(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,nodiscard", device], 600)
    place.mkdir(parents=True, exist_ok=True)
    must(["mount", "-o", "noatime,nosuid,nodev", device, str(place)], 120)
    return place
