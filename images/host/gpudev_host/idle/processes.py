"""What a container's processes tell: typing into terminals, traffic of SSH, CPU."""
from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from ..commands import run
from .decide import Evidence

SSH_PORT = 2222
# Editors over SSH exchange some bytes while nobody works; files and forwarded pages are far above this.
TRAFFIC_PER_SECOND = 512.0
# Jupyter, sshd and health checks at rest stay below a twentieth of a core.
BUSY_CORES = 0.15
# A process that keeps a GPU busy through a MIG slice, which reports no utilisation, still feeds it from the CPU.
BUSY_CORES_ON_GPU = 0.05


@dataclass(frozen=True)
class Counters:
    """Totals of one container at one time; only differences mean something."""

    container: str
    at: float
    cpu_seconds: float | None
    ssh_bytes: float | None


def read_terminals(pid: int, proc: Path = Path("/proc")) -> Evidence:
    """The last input into any terminal of the container: a tty's access time, as `w` reads it."""
    folder = proc / str(pid) / "root/dev/pts"
    try:
        names = [name for name in os.listdir(folder) if name.isdigit()]
        times = []
        for name in names:
            found = os.stat(folder / name, follow_symlinks=False)
            if stat.S_ISCHR(found.st_mode):
                times.append(found.st_atime)
    except OSError as error:
        return Evidence("ssh terminals", unknown=f"{folder}: {error.strerror}")
    return Evidence("ssh terminals", at=max(times) if times else None)


def parse_traffic(ss: str) -> float:
    """Bytes of all established connections in `ss --tcp --info` text. Pure."""
    return float(sum(int(number) for number in re.findall(r"bytes_(?:received|sent):(\d+)", ss)))


def read_counters(container: str, pid: int, ssh: bool, now: float, proc: Path = Path("/proc")) -> Counters:
    traffic: float | None = None
    if ssh:
        query = ["ss", "--tcp", "--info", "--numeric", "--no-header", "state", "established", f"( sport = :{SSH_PORT} )"]
        ended = run(["nsenter", f"--net={proc / str(pid) / 'ns/net'}", *query], 15)
        traffic = parse_traffic(ended.out) if ended.ok else None
    return Counters(container, now, read_cpu(pid, proc), traffic)


def read_cpu(pid: int, proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> float | None:
    """CPU seconds that the container's control group has used; both generations of cgroups."""
    try:
        lines = (proc / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        try:
            if controllers == "":
                usage = (cgroups / path.lstrip("/") / "cpu.stat").read_text().split()
                return int(usage[usage.index("usage_usec") + 1]) / 1e6
            if "cpuacct" in controllers.split(","):
                for mount in (controllers, "cpuacct"):
                    file = cgroups / mount / path.lstrip("/") / "cpuacct.usage"
                    if file.exists():
                        return int(file.read_text()) / 1e9
        except (OSError, ValueError):
            continue
    return None


def judge_cpu(before: Counters | None, now: Counters, on_gpu: bool) -> Evidence:
    """CPU load since the last tick. Pure."""
    if now.cpu_seconds is None:
        return Evidence("cpu", unknown="its control group cannot be read")
    if before is None or before.container != now.container or before.cpu_seconds is None or now.at <= before.at:
        return Evidence("cpu")  # the first look at it; its start is activity enough
    cores = (now.cpu_seconds - before.cpu_seconds) / (now.at - before.at)
    return Evidence("cpu", at=now.at if cores >= (BUSY_CORES_ON_GPU if on_gpu else BUSY_CORES) else None)


def judge_traffic(before: Counters | None, now: Counters, ssh: bool) -> Evidence:
    """Bytes through SSH since the last tick: copies, forwarded pages, an editor at work. Pure."""
    if not ssh:
        return Evidence("ssh traffic")
    if now.ssh_bytes is None:
        return Evidence("ssh traffic", unknown="connections cannot be read")
    if before is None or before.container != now.container or before.ssh_bytes is None or now.at <= before.at:
        return Evidence("ssh traffic")
    rate = (now.ssh_bytes - before.ssh_bytes) / (now.at - before.at)
    return Evidence("ssh traffic", at=now.at if rate >= TRAFFIC_PER_SECOND else None)
