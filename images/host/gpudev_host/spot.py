"""Two minutes before EC2 takes a Spot instance back: tell the work, save homes."""
from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import docker, systemd
from .aws.imds import Imds, parse_time
from .commands import run
from .config import Config, Paths
from .document import Document
from .errors import HostError
from .idle import notice
from .log import decision, say
from .store import Store

# How often AWS advises to ask.
POLL_SECONDS = 5.0
# Of the time left, what is kept for writing homes to disk.
FLUSH_SECONDS = 20.0
LEAST_STOP_SECONDS = 5.0
TELL_SECONDS = 4.0
# Where a notice names no time that can be read.
NOTICE_SECONDS = 120.0


@dataclass(frozen=True)
class Notice:
    action: str
    at: float


def parse_notice(text: str, now: float) -> Notice:
    """Reads `spot/instance-action`. One that cannot be read is still a notice: the text is only there when it counts."""
    try:
        value = json.loads(text)
        return Notice(str(value["action"]), parse_time(value["time"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Notice("unknown", now + NOTICE_SECONDS)


def stop_seconds(notice_at: float, now: float) -> int:
    """How long containers may take to end. Pure."""
    return int(max(LEAST_STOP_SECONDS, notice_at - now - FLUSH_SECONDS))


def is_spot(imds: Imds) -> bool:
    return imds.get("meta-data/instance-life-cycle") == "spot"


def watch(config: Config, store: Store, imds: Imds, sleep: Callable[[float], None] = time.sleep) -> Notice:
    """Waits for the notice and acts on it. Returns it when everything is saved."""
    failing = False
    while True:
        asked = time.monotonic()
        try:
            text = imds.get("meta-data/spot/instance-action")
            failing = False
        except HostError as error:
            if not failing:
                say("spot", unknown=str(error))
            failing = True
            text = None
        if text is not None:
            break
        sleep(max(0.0, POLL_SECONDS - (time.monotonic() - asked)))
    found = parse_notice(text, time.time())
    decision(config.paths, "spot", action=found.action, seconds=round(found.at - time.time()))
    document = store.accepted()
    if document is not None:
        save(config.paths, document, found)
    return found


def save(paths: Paths, document: Document, found: Notice) -> None:
    """SIGTERM to every environment with the time that is left, then homes to disk."""
    names = [one.container for one in document.environments]
    try:
        running = [name for name, one in docker.containers(names).items() if one.running]
    except HostError as error:
        say("spot", unknown=str(error))
        running = names
    text = "gpudev: EC2 takes this Spot instance back within two minutes; your work is told to save."
    if running:
        with ThreadPoolExecutor(len(running)) as pool:  # together, for every second is the work's
            list(pool.map(lambda name: notice.tell(name, text, TELL_SECONDS), running))
    left = stop_seconds(found.at, time.time())
    for one in document.environments:
        stay_down(paths, one.unit_name, left)
    systemd.reload()
    if running:
        done = run(["docker", "stop", "--time", str(left), *running], left + 30)
        decision(paths, "spot", action="stopped", ok=done.ok, seconds=left, why="" if done.ok else done.why)
    run(["sync"], 60)
    decision(paths, "spot", action="saved", secondsLeft=round(found.at - time.time()))


def stay_down(paths: Paths, unit: str, seconds: int) -> None:
    """Keeps systemd from starting again what ends now. Below /run, so that the next boot knows nothing of it."""
    folder = paths.at(f"/run/systemd/system/{unit}.d")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spot.conf").write_text(f"[Service]\nRestart=no\nTimeoutStopSec={seconds + 10}\n")
