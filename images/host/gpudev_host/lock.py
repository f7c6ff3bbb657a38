"""One change of the host at a time: a boot, the association and a person may all want to apply at once."""
from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .config import Paths
from .errors import HostError, RebootNeeded


@contextmanager
def change_lock(paths: Paths, limit: float = 3000) -> Iterator[None]:
    """Waits for its turn. The kernel drops the lock of a killed holder.

    Raises HostError after `limit` seconds, RebootNeeded where the holder is about to reboot.
    """
    paths.run.mkdir(parents=True, exist_ok=True)
    with open(paths.run / "change.lock", "w") as file:
        end = time.monotonic() + limit
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if (paths.run / "reboot-pending").exists():
                    raise RebootNeeded("the host is about to reboot") from None
                if time.monotonic() > end:
                    raise HostError(f"another change of this host has not ended within {limit:g} seconds") from None
                time.sleep(0.2)
        yield


def changing(paths: Paths) -> bool:
    """Whether a change is under way."""
    try:
        with open(paths.run / "change.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
