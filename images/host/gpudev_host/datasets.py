"""Data sets from S3, mounted read-only by Mountpoint for Amazon S3 with the host's role."""
from __future__ import annotations

from .commands import run
from .config import Paths
from .document import DataSet, Document
from .files import write_atomic
from . import systemd

PREFIX = "gpudevdata-"


def unit(one: DataSet, region: str) -> str:
    """A unit that keeps one data set mounted. Pure."""
    prefix = f' "--prefix={one.prefix.replace("%", "%%").replace("$", "$$")}"' if one.prefix else ""
    return f"""[Unit]
Description=gpudev: data set {one.bucket} at {one.path}
After=network-online.target
Wants=network-online.target

[Service]
Type=forking
ExecStartPre=/usr/bin/mkdir -p "{one.path}"
ExecStart=/usr/bin/mount-s3 --read-only --allow-other --region={region}{prefix} {one.bucket} "{one.path}"
ExecStop=/usr/bin/umount "{one.path}"
Restart=on-failure
RestartSec=5
"""


def mount(paths: Paths, document: Document) -> list[str]:
    """Mounts what the document names and unmounts what it no longer does; returns what did not work."""
    wanted = {f"{PREFIX}{one.path.strip('/').replace('/', '-')}.service": one for one in document.data}
    gone = [file.name for file in paths.units.glob(f"{PREFIX}*.service") if file.name not in wanted]
    changed = [
        name
        for name, one in wanted.items()
        if write_atomic(paths.units / name, unit(one, document.region).encode())
    ]
    for name in gone:
        run(["systemctl", "stop", name], 60)
        (paths.units / name).unlink()
    if changed or gone:
        systemd.reload()
    problems = []
    for name, one in wanted.items():
        done = run(["systemctl", "restart" if name in changed else "start", name], 60)
        if not done.ok:
            problems.append(f"the data set {one.bucket} cannot be mounted at {one.path}: {systemd.last_words(name) or done.why}")
    return problems
