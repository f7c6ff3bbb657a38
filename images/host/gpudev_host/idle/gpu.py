"""GPU utilisation of each user, from nvidia-smi."""
from __future__ import annotations

import csv
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..commands import Ended, run
from ..document import Document
from .decide import Evidence

# nvidia-smi tells of the last fraction of a second only, so one tick looks several times.
LOOKS = 3
PAUSE_SECONDS = 1.0
BUSY_PERCENT = 5


@dataclass(frozen=True)
class GpuUse:
    """By index: utilisation in percent, None where the GPU reports none (MIG). `processes`: pids on any GPU."""

    percent: Mapping[str, int | None]
    processes: frozenset[int]
    unknown: str | None = None


def parse_percent(text: str) -> dict[str, int | None]:
    """Reads `index, utilization.gpu` rows. Pure."""
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if len(row) == 2]
    return {index: int(value) if value.isdigit() else None for index, value in rows}


def read_gpu_use(wait: Callable[[float], None] = time.sleep, ask: Callable[..., Ended] = run) -> GpuUse:
    """The highest utilisation of a few looks."""
    most: dict[str, int | None] = {}
    for look in range(LOOKS):
        if look > 0:
            wait(PAUSE_SECONDS)
        ended = ask(["nvidia-smi", "--query-gpu=index,utilization.gpu", "--format=csv,noheader,nounits"], 30)
        if not ended.ok:
            return GpuUse({}, frozenset(), ended.why)
        for index, percent in parse_percent(ended.out).items():
            before = most.get(index)
            most[index] = percent if before is None else max(before, percent or 0)
    apps = ask(["nvidia-smi", "--query-compute-apps=pid", "--format=csv,noheader"], 30)
    if not apps.ok:
        return GpuUse(most, frozenset(), apps.why)
    return GpuUse(most, frozenset(int(word) for word in apps.out.split() if word.isdigit()))


def judge_gpu(document: Document, devices: Sequence[str], on_gpu: bool, use: GpuUse | None, now: float) -> Evidence:
    """What one user's GPUs say. Pure.

    Whole devices speak for themselves. Where GPUs are shared, utilisation is somebody's: it counts for those
    with a process on a GPU. A MIG slice reports none; there the CPU that feeds it is judged instead.
    """
    if not devices or document.checks.gpus == 0 or document.gpu.sharing == "mig":
        return Evidence("gpu")
    if use is None or use.unknown is not None:
        return Evidence("gpu", unknown=f"nvidia-smi: {use.unknown if use else 'not asked'}")
    seen = [use.percent.get(device.split(":")[0]) for device in devices]
    if any(percent is None for percent in seen):
        return Evidence("gpu", unknown="the GPU reports no utilisation")
    busy = max(percent or 0 for percent in seen) >= BUSY_PERCENT
    if document.gpu.sharing == "time-slicing":
        busy = busy and on_gpu
    return Evidence("gpu", at=now if busy else None)


def runs_on_gpu(container: str, processes: frozenset[int], proc: Path = Path("/proc")) -> bool:
    """Whether one of the processes is in the container: its control group carries the container's id."""
    for pid in processes:
        try:
            if container and container in (proc / str(pid) / "cgroup").read_text():
                return True
        except OSError:
            continue
    return False
