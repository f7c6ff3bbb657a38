"""The private CA of direct access without a domain: Caddy makes it, and the homes volume keeps it.

So a host that is made anew still is whom its users' browsers trust. The key never leaves the host. Homes on EFS
have no place that is the host's own: there a new machine has a new CA.
"""
from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from .config import Paths
from .document import Document
from .errors import HostError
from .files import write_atomic
from .homes import homes_folder
from .log import say

CADDY = "/var/lib/caddy"
DATA = f"{CADDY}/.local/share/caddy"
CA = f"{DATA}/pki/authorities/local"
PARTS = ("root.crt", "root.key")
MADE_SECONDS = 30.0


def kept_folder(paths: Paths, document: Document) -> Path | None:
    """Where the CA is kept; root alone reads there. None: nowhere."""
    folder = homes_folder(document)
    if document.homes.kind != "volume" or folder is None:
        return None
    return paths.at(folder) / ".gpudev" / "ca"


def _read(folder: Path) -> dict[str, bytes] | None:
    try:
        return {name: (folder / name).read_bytes() for name in PARTS}
    except OSError:
        return None


def restore(paths: Paths, document: Document) -> bool:
    """Gives Caddy the CA that is kept. True: Caddy has to be started anew to use it."""
    kept = kept_folder(paths, document)
    parts = _read(kept) if kept is not None else None
    if parts is None or parts == _read(paths.at(CA)):
        return False
    # What another CA has signed: Caddy makes both anew.
    for old in ("intermediate.crt", "intermediate.key"):
        (paths.at(CA) / old).unlink(missing_ok=True)
    shutil.rmtree(paths.at(f"{DATA}/certificates/local"), ignore_errors=True)
    owner = paths.at(CADDY).stat()
    folder = paths.at(CADDY)
    for name in Path(CA).relative_to(CADDY).parts:
        folder = folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, owner.st_uid, owner.st_gid)
    for name, content in parts.items():
        write_atomic(folder / name, content, 0o600)
        os.chown(folder / name, owner.st_uid, owner.st_gid)
    say("authority", restored=True)
    return True


def keep(paths: Paths, document: Document, limit: float = MADE_SECONDS) -> None:
    """Waits for the CA that Caddy makes as it starts, and keeps it. Raises HostError where there is none."""
    end = time.monotonic() + limit
    while (parts := _read(paths.at(CA))) is None:
        if time.monotonic() > end:
            raise HostError(f"Caddy has made no CA of its own in {CA}: look at `journalctl --unit caddy`")
        time.sleep(0.2)
    kept = kept_folder(paths, document)
    if kept is None or _read(kept) is not None:
        return
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept.mkdir(mode=0o700, exist_ok=True)
    for name in reversed(PARTS):  # the certificate last: a key alone is no CA
        write_atomic(kept / name, parts[name], 0o600)
