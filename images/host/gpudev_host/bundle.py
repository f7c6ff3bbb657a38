"""Replaces this software by another release of it: a bundle from the stack's bucket, held to its hash."""
from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
from pathlib import Path

from . import systemd
from .aws.client import Aws
from .config import Paths
from .errors import HostError
from .files import link_atomic, write_atomic
from .log import say

PREFIX = "gpudevhost-"
# Started at every boot. The others are started by these, or by their timers.
ENABLED = ("storage.service", "guard.service", "apply.service", "spot.service", "idle.timer", "lend.timer", "publish.timer")
KEPT = 2


def current(paths: Paths) -> str | None:
    """Hash of the release in use."""
    link = paths.at("/opt/gpudev/current")
    return Path(os.readlink(link)).name if link.is_symlink() else None


def update(paths: Paths, aws: Aws, digest: str) -> bool:
    """Brings release `digest` into use. False: it is in use already. The caller then runs the new one.

    Raises HostError where the bundle is not there or is not what the hash says; then nothing changes.
    """
    if current(paths) == digest:
        return False
    content = aws.get_object(f"bundle/{digest}.tar.gz")
    if hashlib.sha256(content).hexdigest() != digest:
        raise HostError(f"bundle/{digest}.tar.gz in the bucket is something else than its name says: not used")
    unpack(paths, content, digest)
    activate(paths, digest)
    say("bundle", now=digest)
    return True


def unpack(paths: Paths, content: bytes, digest: str) -> None:
    target = paths.releases / digest
    if target.is_dir():
        return
    temporary = paths.releases / f".{digest}.new"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member in archive.getmembers():
            parts = Path(member.name).parts
            if not (member.isfile() or member.isdir()) or member.name.startswith("/") or ".." in parts:
                raise HostError(f"the bundle holds {member.name!r}, which is no plain file below its folder")
        archive.extractall(temporary)
    os.replace(temporary, target)


def activate(paths: Paths, digest: str) -> None:
    """Links the release, installs its units, and removes units and releases that are no more."""
    release = paths.releases / digest
    units = {file.name: file.read_bytes() for file in sorted((release / "systemd").iterdir())}
    for name, text in units.items():
        write_atomic(paths.units / name, text)
    for old in paths.units.glob(f"{PREFIX}*"):
        if old.name not in units and old.is_file() and not old.is_symlink():
            systemd.run(["systemctl", "disable", "--now", old.name])
            old.unlink()
    link_atomic(paths.at("/opt/gpudev/current"), f"releases/{digest}")
    command = paths.at("/usr/local/sbin/gpudev-host")
    command.parent.mkdir(parents=True, exist_ok=True)
    link_atomic(command, "/opt/gpudev/current/bin/gpudev-host")
    systemd.reload()
    enable = systemd.run(["systemctl", "enable", *(f"{PREFIX}{name}" for name in ENABLED)], 60)
    if not enable.ok:
        raise HostError(f"the host's units cannot be enabled: {enable.why}")
    # Timers and the watcher go on with the new release; `apply` is what the caller is about to do itself.
    for name in ("idle.timer", "lend.timer", "publish.timer", "spot.service"):
        systemd.run(["systemctl", "restart", "--no-block", f"{PREFIX}{name}"])
    forget_old(paths, digest)


def forget_old(paths: Paths, digest: str) -> None:
    others = [folder for folder in paths.releases.iterdir() if folder.is_dir() and folder.name != digest]
    others.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in others[KEPT - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
