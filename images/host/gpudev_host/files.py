"""Files that are whole or not there, and files of users, whom the host does not trust."""
from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any


def write_atomic(path: Path, content: bytes, mode: int = 0o644) -> bool:
    """Writes a file so that a power cut leaves the old one or the new one. False: it was the same already."""
    try:
        if path.read_bytes() == content and stat.S_IMODE(path.stat().st_mode) == mode:
            return False
    except OSError:
        pass  # not there, or unreadable: written anew
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        os.fchmod(handle, mode)
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(handle)
    finally:
        os.close(handle)
    os.replace(temporary, path)
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Makes renames in a folder last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: Any, mode: int = 0o644) -> bool:
    return write_atomic(path, (json.dumps(value, indent=1, sort_keys=True) + "\n").encode(), mode)


def read_json(path: Path) -> Any:
    """What `write_json` wrote; None where there is nothing, or nothing whole."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def link_atomic(path: Path, target: str) -> None:
    """Points a symbolic link elsewhere in one step."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    os.symlink(target, temporary)
    os.replace(temporary, path)
    sync_folder(path.parent)


def read_untrusted(base: Path, relative: str, limit: int, owner: int | None = None) -> bytes | None:
    """Reads a small regular file below a folder that its user controls; None where there is none such.

    No symbolic link is followed, whatever part of the path it is, and no pipe is waited for: as root
    the host could otherwise be made to read, and publish, what belongs to others.
    """
    folder_flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    file_flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    *folders, name = relative.split("/")
    handles: list[int] = []
    try:
        handles.append(os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        for folder in folders:
            handles.append(os.open(folder, folder_flags, dir_fd=handles[-1]))
        handles.append(os.open(name, file_flags, dir_fd=handles[-1]))
        found = os.fstat(handles[-1])
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_size > limit:
            return None
        if owner is not None and found.st_uid != owner:
            return None
        return os.read(handles[-1], limit)
    except OSError:
        return None
    finally:
        for handle in handles:
            os.close(handle)
