"""The timer by which user data bounds what a host costs that never gets as far as a document.

It stands outside this software, since what failed may be how this software comes here.
"""
from __future__ import annotations

from . import systemd
from .config import Paths
from .log import say

TIMER = "gpudevunready.timer"
SERVICE = "gpudevunready.service"


def disarm(paths: Paths) -> None:
    """Removes it, once a document was accepted. Where systemd refuses, the file stays, and the next caller tries again."""
    file = paths.units / TIMER
    if not file.exists():
        return
    done = systemd.run(["systemctl", "disable", "--now", TIMER], 60)
    if not done.ok:
        say("unready", failed=done.why)
        return
    (paths.units / SERVICE).unlink(missing_ok=True)
    file.unlink(missing_ok=True)
    say("unready", disarmed=True)
