"""Cuts GPUs into MIG slices. Slices do not outlive a reboot, so every boot cuts again."""
from __future__ import annotations

import re
from dataclasses import dataclass

from . import systemd
from .commands import must, run
from .document import Document, Mig
from .errors import HostError
from .log import say


@dataclass(frozen=True)
class Slices:
    """The slices of one GPU, by profile."""

    gpu: int
    profiles: tuple[str, ...]


def parse_slices(text: str) -> list[Slices]:
    """Reads `nvidia-smi -L`. Pure."""
    found: list[tuple[int, list[str]]] = []
    for line in text.splitlines():
        if gpu := re.match(r"GPU (\d+):", line):
            found.append((int(gpu.group(1)), []))
        elif (cut := re.match(r"\s+MIG (\S+)\s+Device", line)) and found:
            found[-1][1].append(cut.group(1))
    return [Slices(gpu, tuple(profiles)) for gpu, profiles in found]


def to_cut(slices: list[Slices], mig: Mig) -> list[int]:
    """GPUs that are not cut as wanted. Pure."""
    return [one.gpu for one in slices if one.profiles != (mig.profile,) * mig.slices]


def cut(document: Document) -> None:
    """Cuts what is not cut as the document says. Everybody's container stops for that: a GPU in use cannot be cut.

    Raises HostError with NVIDIA's own words.
    """
    mig = document.gpu.mig
    if document.gpu.sharing != "mig" or mig is None:
        return
    wrong = to_cut(parse_slices(must(["nvidia-smi", "-L"], 60)), mig)
    if not wrong:
        return
    say("mig", cut=wrong, profile=mig.profile, slices=mig.slices)
    units = [one.unit_name for one in document.environments]
    if units:
        systemd.act("stop", units, document.lifetime.grace + 60)
    for gpu in wrong:
        index = str(gpu)
        must(["nvidia-smi", "-i", index, "-mig", "1"], 120)
        run(["nvidia-smi", "mig", "-i", index, "-dci"], 60)  # there may be none yet
        run(["nvidia-smi", "mig", "-i", index, "-dgi"], 60)
        must(["nvidia-smi", "mig", "-i", index, "-cgi", ",".join([mig.profile] * mig.slices), "-C"], 120)
    # Device names of containers are made anew; the toolkit does not notice new slices by itself.
    must(["systemctl", "restart", "nvidia-cdi-refresh.service"], 120)
    left = to_cut(parse_slices(must(["nvidia-smi", "-L"], 60)), mig)
    if left:
        raise HostError(f"GPU {', '.join(map(str, left))} did not take {mig.slices} slices of {mig.profile}: `gpudev-host status`")
