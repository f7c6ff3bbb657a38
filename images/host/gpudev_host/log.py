"""One JSON object a line: the journal keeps them, and a file keeps the decisions."""
from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from .config import Paths

# With the one before it this bounds what decisions may take of the disk.
MOST_BYTES = 4 * 2**20


def say(event: str, **fields: Any) -> None:
    """A line for the journal."""
    print(json.dumps({"event": event, **fields}, sort_keys=True, default=str), file=sys.stderr, flush=True)


def decision(paths: Paths, event: str, **fields: Any) -> None:
    """Something that was decided on a user's behalf, with its reason: journal, and `decisions.jsonl`."""
    say(event, **fields)
    file = paths.state / "decisions.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    rotate(file)
    line = {"at": stamp(time.time()), "event": event, **fields}
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(handle, (json.dumps(line, sort_keys=True, default=str) + "\n").encode())
    finally:
        os.close(handle)


def rotate(file: Path) -> None:
    try:
        if file.stat().st_size > MOST_BYTES:
            os.replace(file, file.with_suffix(".jsonl.1"))
    except FileNotFoundError:
        pass


def stamp(seconds: float) -> str:
    """ISO 8601 in UTC, for people and machines alike."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
