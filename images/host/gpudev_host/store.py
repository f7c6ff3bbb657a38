"""What the host remembers: the accepted document, the last good one, and what it installed for whom."""
from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from .config import Paths
from .document import USER, Document, parse
from .errors import Refused
from .files import read_json, write_atomic, write_json


@dataclass(frozen=True)
class Record:
    """An environment on this host. Written before the first file of it and removed after the last, so
    that nothing of a user is ever left without a record, wherever a change was killed."""

    user: str
    container: str
    unit_name: str
    # Hash of the unit that its container was last started from; None: not started yet, or a restart was begun.
    started: str | None


class Store:
    """The state folder. Every file in it is replaced whole."""

    def __init__(self, paths: Paths, host: str) -> None:
        self._paths = paths
        self._host = host
        self._records = paths.state / "environments"

    def accept(self, content: bytes) -> Document:
        """Checks a document and makes it the host's. A wrong one changes nothing. Raises Refused."""
        document = parse(content, self._host)
        write_atomic(self._paths.state / "document.json", content, 0o600)
        return document

    def accepted(self) -> Document | None:
        """The document that the host follows now."""
        return self._read("document.json") or self._read("last-good.json")

    def keep_good(self) -> None:
        """Remembers the accepted document as one that made the host ready."""
        write_atomic(self._paths.state / "last-good.json", (self._paths.state / "document.json").read_bytes(), 0o600)

    def _read(self, name: str) -> Document | None:
        try:
            return parse((self._paths.state / name).read_bytes(), self._host)
        except (OSError, Refused):
            return None

    def records(self) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for file in sorted(self._records.glob("*.json")):
            value = read_json(file)
            user = file.stem
            if USER.fullmatch(user) is None:
                continue
            known = value if isinstance(value, dict) else {}
            found[user] = Record(
                user,
                str(known.get("container") or ""),
                f"gpudev-{user}.service",
                known.get("started"),
            )
        return found

    def write_record(self, record: Record) -> None:
        write_json(self._records / f"{record.user}.json", asdict(record), 0o600)

    def drop_record(self, user: str) -> None:
        (self._records / f"{user}.json").unlink(missing_ok=True)


def pauses(paths: Paths) -> dict[str, str]:
    """Users whose environment is stopped on purpose, and why. A reboot forgets them, and so starts them."""
    folder = paths.run / "paused"
    found = {file.name: read_json(file) for file in folder.glob("*")} if folder.is_dir() else {}
    return {user: str((value or {}).get("reason", "stopped")) for user, value in found.items() if USER.fullmatch(user)}


def begun(paths: Paths) -> dict[str, float]:
    """When each environment was last started on purpose. systemd's own restarts of one that fails do not
    count, or a crash loop would look like work."""
    folder = paths.run / "begun"
    found = {file.name: read_json(file) for file in folder.glob("*")} if folder.is_dir() else {}
    return {user: float(at) for user, at in found.items() if USER.fullmatch(user) and isinstance(at, (int, float))}


def note_begun(paths: Paths, user: str, at: float) -> None:
    write_json(paths.run / "begun" / user, at)


def pause(paths: Paths, user: str, reason: str) -> None:
    write_json(paths.run / "paused" / user, {"reason": reason})


def unpause(paths: Paths, user: str) -> None:
    Path(paths.run / "paused" / user).unlink(missing_ok=True)
