"""Failures that a person can act upon."""
from __future__ import annotations


class HostError(Exception):
    """Something that keeps the host from its work, in words for the verdict: what, and what mends it."""


class NotFound(HostError):
    """The thing asked for is not there (yet)."""


class Refused(HostError):
    """A document that must not be applied. `problems` holds everything that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class RebootNeeded(HostError):
    """The host can go on only after a reboot, for example to load a kernel's driver modules."""
