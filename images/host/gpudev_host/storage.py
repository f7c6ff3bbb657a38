"""Where Docker keeps its data, settled before it starts."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .commands import run
from .config import Paths
from .disks import scratch_folder
from .files import write_json
from .log import say


def daemon_settings(existing: dict[str, Any], scratch: Path | None) -> dict[str, Any]:
    """Docker's settings: what stands there already stays, but for what gpudev has to be sure of. Pure."""
    settings = {**existing}
    settings["features"] = {**existing.get("features", {}), "cdi": True}
    # Containers are systemd's to start again; a log never fills the disk.
    settings["log-driver"] = "json-file"
    settings["log-opts"] = {"max-size": "20m", "max-file": "3"}
    settings.pop("data-root", None)
    if scratch is not None:
        settings["data-root"] = str(scratch / "docker")
    return settings


def prepare(paths: Paths) -> bool:
    """Puts Docker's data on instance-store NVMe where there is any. True: Docker has to be restarted."""
    file = paths.at("/etc/docker/daemon.json")
    try:
        existing = json.loads(file.read_text())
    except FileNotFoundError:
        existing = {}
    scratch = scratch_folder(paths)
    settings = daemon_settings(existing, scratch)
    say("storage", dataRoot=settings.get("data-root", "/var/lib/docker"))
    if not write_json(file, settings):
        return False
    return run(["systemctl", "is-active", "--quiet", "docker"]).ok
