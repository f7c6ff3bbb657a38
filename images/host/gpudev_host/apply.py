"""Makes the host what its document says.

What is to be done is decided from the document, the host's records and what lies on disk, never from
what an earlier run meant to do. So it may be run again at any time: a second run does nothing, and a
run that was killed is finished by the next.
"""
from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import docker, lending, systemd
from .aws.client import Aws
from .config import Config, Paths
from .document import Document, Environment
from .errors import HostError
from .files import write_atomic
from .homes import prepare_homes
from .log import say
from .store import Record, Store, note_begun, pauses

START_SECONDS = 300


@dataclass(frozen=True)
class Seen:
    """What is on disk and in systemd for one user."""

    unit_hash: str | None
    active: bool
    paused: bool


@dataclass(frozen=True)
class Changes:
    """Users by what is to be done for them. Nobody stands in two of the last three."""

    remove: tuple[str, ...]
    write_unit: tuple[str, ...]
    start: tuple[str, ...]
    restart: tuple[str, ...]

    @property
    def starts_any(self) -> bool:
        return bool(self.start or self.restart)


def decide(document: Document, records: Mapping[str, Record], seen: Mapping[str, Seen]) -> Changes:
    """What makes the host right. Pure."""
    wanted = {one.user: one for one in document.environments}
    write, start, restart = [], [], []
    for user, one in wanted.items():
        now = seen.get(user, Seen(None, False, False))
        record = records.get(user)
        if now.unit_hash != one.unit_hash:
            write.append(user)
        if now.active and (record is None or record.started != one.unit_hash):
            # Also where a change was killed between writing the unit and restarting it. One that is paused
            # but still active is on its way down, and will start from the new unit.
            if not now.paused:
                restart.append(user)
        elif not now.active and not now.paused:
            start.append(user)
    return Changes(
        remove=tuple(sorted(set(records) - set(wanted))),
        write_unit=tuple(write),
        start=tuple(start),
        restart=tuple(restart),
    )


def look(paths: Paths, document: Document, records: Mapping[str, Record]) -> dict[str, Seen]:
    """What there is for everybody who is or was here."""
    users = sorted({one.user for one in document.environments} | set(records))
    states = systemd.states([f"gpudev-{user}.service" for user in users])
    paused = pauses(paths)
    return {
        user: Seen(
            unit_hash=_hash(paths.units / f"gpudev-{user}.service"),
            active=states[f"gpudev-{user}.service"] in ("active", "activating", "reloading"),
            paused=user in paused,
        )
        for user in users
    }


def _hash(file: Path) -> str | None:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None


def apply(config: Config, store: Store, document: Document, aws: Aws) -> list[str]:
    """Brings the host to the document; returns what did not come about, in words, user by user.

    Raises HostError where nothing could be begun; then everything runs on as it was.
    """
    paths = config.paths
    records = store.records()
    changes = decide(document, records, look(paths, document, records))
    say("changes", remove=changes.remove, start=changes.start, restart=changes.restart, unit=changes.write_unit)
    wanted = {one.user: one for one in document.environments}

    # First what may fail and touches nobody.
    if changes.starts_any or not docker.has_image(document.image):
        ensure_image(paths, document, aws)
    prepare_homes(paths, document, config.local_homes)
    lending.prepare(paths, document)
    for one in document.environments:
        write_keys(paths, one)

    problems: list[str] = []
    for user in changes.remove:
        try:
            remove(paths, store, records[user])
        except HostError as error:
            problems.append(f"{user} could not be removed: {error}")

    for user in changes.write_unit:
        one, old = wanted[user], records.get(user)
        store.write_record(Record(user, one.container, one.unit_name, old.started if old else None))
        write_atomic(paths.units / one.unit_name, one.unit.encode())
    if changes.write_unit or changes.remove or changes.starts_any:
        # Also after a run that was killed between writing a unit and telling systemd.
        systemd.reload()

    problems += _begin(paths, "restart", [wanted[user] for user in changes.restart], store)
    problems += _begin(paths, "start", [wanted[user] for user in changes.start], store)
    return problems


def _begin(paths: Paths, verb: str, environments: list[Environment], store: Store) -> list[str]:
    if not environments:
        return []
    for one in environments:
        # What is down can only be started from the unit on disk, so that a run killed here need not start it
        # twice. What is up still runs from the old one until the restart has ended.
        started = one.unit_hash if verb == "start" else None
        store.write_record(Record(one.user, one.container, one.unit_name, started))
    units = [one.unit_name for one in environments]
    systemd.act("reset-failed", units, 60)
    systemd.act(verb, units, START_SECONDS)
    states = systemd.states(units)
    problems = []
    for one in environments:
        note_begun(paths, one.user, time.time())
        state = states[one.unit_name]
        if state in ("active", "activating"):
            store.write_record(Record(one.user, one.container, one.unit_name, one.unit_hash))
        else:
            words = systemd.last_words(one.unit_name)
            problems.append(f"{one.user}: {one.unit_name} is {state}{': ' + words if words else ''}")
    return problems


def ensure_image(paths: Paths, document: Document, aws: Aws) -> None:
    """The image is pulled before any unit is touched: one that cannot be had stops nobody."""
    if docker.has_image(document.image):
        return
    login = None
    if document.registry is not None:
        user, password = aws.registry_login()
        login = (document.registry, user, password)
    docker.pull(paths, document.image, login)
    docker.prune_images(document.image)


def write_keys(paths: Paths, one: Environment) -> None:
    """The folder is mounted into the container; its file is replaced in place, and nothing restarts."""
    folder = paths.keys / one.user
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    write_atomic(folder / "dev", one.authorized_keys.encode())


def remove(paths: Paths, store: Store, record: Record) -> None:
    """Ends one environment and removes all of it but the home. The record goes last."""
    stopped = systemd.act("stop", [record.unit_name], START_SECONDS)
    state = systemd.states([record.unit_name])[record.unit_name]
    if state in ("active", "activating", "deactivating", "reloading"):
        raise HostError(f"{record.unit_name} does not stop: {stopped.why}")
    (paths.units / record.unit_name).unlink(missing_ok=True)
    shutil.rmtree(paths.keys / record.user, ignore_errors=True)
    if record.container:
        docker.run(["docker", "rm", "--force", record.container])
        docker.remove_network(record.container)
    (paths.run / "paused" / record.user).unlink(missing_ok=True)
    store.drop_record(record.user)
