"""Runs other programs: always with a time limit, never through a shell."""
from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import HostError


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
        done = subprocess.run(
            list(argv),
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env=env,
            check=False,
        )
    except FileNotFoundError:
        return Ended(None, "", f"{argv[0]} is not installed")
    except subprocess.TimeoutExpired:
        return Ended(None, "", f"{argv[0]} did not answer within {timeout:g} seconds")
    except OSError as error:
        return Ended(None, "", f"{argv[0]}: {error}")
    return Ended(done.returncode, done.stdout, done.stderr)


def must(argv: Sequence[str], timeout: float = 60, text: str | None = None, env: dict[str, str] | None = None) -> str:
    """Runs a program that has to succeed; returns what it printed.

    Raises HostError with the program's own last words.
    """
    ended = run(argv, timeout, text, env)
    if not ended.ok:
        raise HostError(f"`{' '.join(argv[:4])}` failed: {ended.why}")
    return ended.out
