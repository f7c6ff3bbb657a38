"""A user's wish to be kept awake: the time until when, in a file of the home.

`date --iso-8601=seconds -d '+3 hours' > ~/.config/gpudev/keep-awake` takes a lease; removing the file ends it.
"""
from __future__ import annotations

from pathlib import Path

from ..aws.imds import parse_time
from ..files import read_untrusted

FILE = ".config/gpudev/keep-awake"


def read_lease(home: Path) -> float | None:
    """Until when the user asks to be kept; None: no lease. A file that says nothing readable is none."""
    content = read_untrusted(home, FILE, 128)
    if content is None:
        return None
    text = content.decode(errors="replace").strip()
    try:
        return float(text) if text.isdigit() else parse_time(text)
    except (ValueError, OverflowError):
        return None
