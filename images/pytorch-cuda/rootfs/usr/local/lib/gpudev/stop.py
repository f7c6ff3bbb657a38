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
    arguments: List[str]
    catches_term: bool


def read_process(pid: int) -> Process:
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    with open(f"/proc/{pid}/cmdline") as file:
        arguments = file.read().split("\0")[1:-1]
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
        arguments=arguments,
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


def is_interactive(process: Process) -> bool:
    """A shell without a script: it ignores SIGTERM and ends when its terminal hangs up."""
    if process.name not in SHELLS:
        return False
    expects_value = False
    for argument in process.arguments:
        if expects_value:
            expects_value = False
        elif argument in ("--init-file", "--rcfile"):  # VS Code's terminals
            expects_value = True
        elif argument == "-c" or not argument.startswith(("-", "+")):
            return False
    return True


def carries(process: Process, services: Set[int]) -> bool:
    """Whether work may depend on this process without being its own: it is told last."""
    return process.pid in services or process.name.startswith(CARRIERS) or is_interactive(process)


def waits_its_turn(process: Process, work: Dict[int, Process]) -> bool:
    """Whether a process is told only once others have ended.

    A script's end would hang up on what it runs, where it leads a terminal. A worker (a DataLoader's,
    torchrun's) of a parent that handles SIGTERM is ended by that parent, after it has saved; without its
    workers the parent would fail instead.
    """
    if process.name in SHELLS:
        return any(other.parent == process.pid for other in work.values())
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
        if not work:
            return
        if elapsed > seconds:
            names = ", ".join(f"{p.name} ({p.pid})" for p in work.values())
            print(f"gpudev: still at work after {seconds:.0f} s: {names}", file=sys.stderr, flush=True)
            return
        for process in work.values():
            if process.pid in told or (elapsed < seconds / 2 and waits_its_turn(process, work)):
                continue
            told.add(process.pid)
            send(process, signal.SIGTERM, signal.SIGCONT)
        time.sleep(0.02)


def end_all(spared: Set[int], services: Set[int], seconds: float) -> List[Process]:
    start = time.monotonic()
    told: Set[int] = set()
    while True:
        elapsed = time.monotonic() - start
        left = others(spared)
        if not left or elapsed > seconds:
            return list(left.values())
        for process in left.values():
            if process.pid not in told:
                told.add(process.pid)
                # An interactive shell ignores SIGTERM; hanging up is how a terminal ends it.
                last = signal.SIGHUP if process.name in SHELLS else signal.SIGTERM
                send(process, last, signal.SIGCONT)
            elif elapsed > seconds / 2 and process.pid not in services:
                # A notebook kernel, say, whose code handles SIGTERM without ending: Jupyter waits for it.
                send(process, signal.SIGKILL)
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
    for process in end_all(spared, services, carriers_share):
        print(f"gpudev: {process.name} ({process.pid}) did not end in time and is killed", file=sys.stderr)
        send(process, signal.SIGKILL)
    os._exit(int(sys.argv[1]))


main()
