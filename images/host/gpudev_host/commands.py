"""Runs other programs: always with a time limit, never through a shell."""
from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import HostError

# What is killed ends at once, unless a driver or a file system holds it: nvidia-smi on a GPU that has hung, sync
# on a volume that does not answer. Nobody may wait for such a one.
KILLED_SECONDS = 5.0


@dataclass(frozen=True)
class Ended:
    """How a program ended. `code` is None where it could not be run or did not end in time."""

    code: int | None
    out: str
    err: str

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def why(self) -> str:
        """What a person should read: the last thing that the program said."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        return lines[-1] if lines else f"exit status {self.code}"


def run(argv: Sequence[str], timeout: float = 60, text: str | None = None, env: dict[str, str] | None = None) -> Ended:
    """Runs a program; every failure is a value."""
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=env,
        )
    except FileNotFoundError:
        return Ended(None, "", f"{argv[0]} is not installed")
    except OSError as error:
        return Ended(None, "", f"{argv[0]}: {error}")
    try:
        out, err = process.communicate(text, timeout)
    except subprocess.TimeoutExpired:
        _give_up(process)
        return Ended(None, "", f"{argv[0]} did not answer within {timeout:g} seconds")
    except BaseException:
        _give_up(process)
        raise
    return Ended(process.returncode, out, err)


def _give_up(process: subprocess.Popen[str]) -> None:
    """Kills a program, and leaves it behind where that does not end it."""
    process.kill()
    try:
        process.wait(KILLED_SECONDS)
    except subprocess.TimeoutExpired:
        pass  # the kernel ends it when it lets go of it
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                pass  # what it has not taken of its input is of no use any more


def must(argv: Sequence[str], timeout: float = 60, text: str | None = None, env: dict[str, str] | None = None) -> str:
    """Runs a program that has to succeed; returns what it printed.

    Raises HostError with the program's own last words.
    """
    ended = run(argv, timeout, text, env)
    if not ended.ok:
        raise HostError(f"`{' '.join(argv[:4])}` failed: {ended.why}")
    return ended.out
