"""stop.py STATUS: ends every process of this PID namespace in an order that lets work be saved.

The entry point becomes this program on SIGTERM. First SIGTERM goes to the work: training in tmux, in
SSH sessions and in notebook kernels. What carries it (tmux, sshd, Jupyter, interactive shells) stays
until the work has ended, because its end would hang up on the work. Then the carriers are told, and
what is left after GPUDEV_GRACE seconds (default 25, of which the last 5 are for the carriers) is killed.
"""
import os
import signal
import sys
import time
from typing import Dict, List, NamedTuple, Set

CARRIERS = ("tmux", "sshd")
SHELLS = {"bash", "sh", "dash", "zsh", "fish", "ksh"}
TERM_BIT = 1 << (signal.SIGTERM - 1)


class Process(NamedTuple):
    pid: int
    parent: int
    name: str
    state: str
    program: str
    ignores_term: bool
    catches_term: bool


def read_process(pid: int) -> Process:
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    try:
        program = os.readlink(f"/proc/{pid}/exe")
    except OSError:  # sshd, for one, hides itself
        program = fields["Name"]
    return Process(
        pid=pid,
        parent=int(fields["PPid"]),
        name=fields["Name"],
        state=fields["State"][0],
        program=program,
        ignores_term=bool(int(fields["SigIgn"], 16) & TERM_BIT),
        catches_term=bool(int(fields["SigCgt"], 16) & TERM_BIT),
    )


def others(spared: Set[int]) -> Dict[int, Process]:
    """Every living process but the spared ones."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in spared:
            try:
                process = read_process(int(name))
            except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
                continue
            if process.state not in "ZX":
                found[process.pid] = process
    return found


def carries(process: Process, services: Set[int]) -> bool:
    """Whether work may depend on this process: it is told last."""
    interactive = process.name in SHELLS and process.ignores_term
    return process.pid in services or process.name.startswith(CARRIERS) or interactive


def told_by_parent(process: Process, work: Dict[int, Process]) -> bool:
    """Whether this is a worker (a DataLoader's, torchrun's) of a parent that handles SIGTERM.

    Such a parent ends its workers itself, after it has saved; without them it would fail instead.
    """
    parent = work.get(process.parent)
    return parent is not None and parent.catches_term and parent.program == process.program


def send(process: Process, *numbers: int) -> None:
    for number in numbers:
        try:
            os.kill(process.pid, number)
        except (ProcessLookupError, PermissionError):  # gone, or another user's and not ours to end
            return


def end_work(spared: Set[int], services: Set[int], seconds: float) -> None:
    start = time.monotonic()
    told: Set[int] = set()
    while True:
        elapsed = time.monotonic() - start
        work = {pid: p for pid, p in others(spared).items() if not carries(p, services)}
        if not work or elapsed > seconds:
            return
        for process in work.values():
            if process.pid in told or (told_by_parent(process, work) and elapsed < seconds / 2):
                continue
            told.add(process.pid)
            send(process, signal.SIGTERM, signal.SIGCONT)
        time.sleep(0.05)


def end_all(spared: Set[int], seconds: float) -> List[Process]:
    start = time.monotonic()
    told: Set[int] = set()
    while True:
        left = others(spared)
        if not left or time.monotonic() - start > seconds:
            return list(left.values())
        for process in left.values():
            if process.pid not in told:
                told.add(process.pid)
                # An interactive shell ignores SIGTERM; hanging up is how a terminal ends it.
                last = signal.SIGHUP if process.name in SHELLS else signal.SIGTERM
                send(process, last, signal.SIGCONT)
        time.sleep(0.02)


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    grace = float(os.environ.get("GPUDEV_GRACE") or 25)
    carriers_share = min(5.0, grace / 4)
    spared = {1, os.getpid(), os.getppid()}
    # The services are this process's children: the entry point started them before it became this.
    services = {p.pid for p in others(spared).values() if p.parent == os.getpid()}
    end_work(spared, services, grace - carriers_share)
    for process in end_all(spared, carriers_share):
        print(f"gpudev: {process.name} ({process.pid}) did not end in time and is killed", file=sys.stderr)
        send(process, signal.SIGKILL)
    os._exit(int(sys.argv[1]))


main()
