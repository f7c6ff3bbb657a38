"""What the watcher remembers from tick to tick, as JSON. A newer release, or a reboot, may find something else there.

What does not fit is unknown: a watcher that fails over its own memory would stop nobody until the next boot.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from ..config import Paths
from ..files import read_json, write_json

Remembered = TypeVar("Remembered")
FILE = "idle.json"


def read_memory(paths: Paths) -> dict[str, Any]:
    return mapping(read_json(paths.run / FILE))


def write_memory(paths: Paths, memory: Mapping[str, Any]) -> None:
    write_json(paths.run / FILE, memory, 0o600)


def mapping(value: Any) -> dict[str, Any]:
    """An object; an empty one where it is something else."""
    return value if isinstance(value, dict) else {}


def number(value: Any) -> float | None:
    """A number; None where it is something else."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def recall(kind: type[Remembered], value: Any) -> Remembered | None:
    """What `to_plain` wrote for a dataclass of texts and numbers; None where the value is of other fields or types."""
    try:
        made = kind(**mapping(value))
    except TypeError:
        return None
    return made if all(_fits(str(one.type), getattr(made, one.name)) for one in fields(made)) else None  # type: ignore[arg-type]


def _fits(wanted: str, value: Any) -> bool:
    if value is None:
        return wanted.endswith("| None")
    return isinstance(value, str) if wanted.startswith("str") else number(value) is not None


def to_plain(states: Mapping[str, Any]) -> dict[str, Any]:
    return {user: asdict(state) for user, state in states.items()}
