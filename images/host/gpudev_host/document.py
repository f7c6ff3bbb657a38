"""The host's document: who has an environment here, and everything that follows from it.

It is checked in full before anything on the host changes, and all that is wrong with it is said at once.
The host runs as root what the document says, so names and paths are held to narrow forms here too.
"""
from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from .errors import Refused
from .reader import Reader, Value

SCHEMA = "gpudev.host/1"
USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
# Without `..`, empty parts or anything that a shell, a unit file or a mount option would read as more.
PATH = re.compile(r"(/(?!\.\.?(/|$))[A-Za-z0-9_.@=+,:-]+)+")
IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}")
VERSION = re.compile(r"\d+(\.\d+)*")
DEVICE = re.compile(r"\d{1,3}(:\d{1,3})?|(GPU|MIG)-[0-9a-f-]+")
PROFILE = re.compile(r"\dg\.\d+gb")
HASH = re.compile(r"[0-9a-f]{64}")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PREFIX = re.compile(r"[^\x00-\x1f\"'\\]{0,512}")
HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}")
PARAMETERS = re.compile(r"(/[A-Za-z0-9_.-]+)+")
UNIT_BYTES = 64 * 1024
KEYS_BYTES = 256 * 1024


@dataclass(frozen=True)
class Home:
    path: str
    quota_bytes: int
    uid: int
    gid: int


@dataclass(frozen=True)
class Environment:
    user: str
    container: str
    home: Home
    unit_name: str
    unit: str
    authorized_keys: str
    devices: tuple[str, ...]
    jupyter: int | None
    ssh: int | None

    @property
    def unit_hash(self) -> str:
        return hashlib.sha256(self.unit.encode()).hexdigest()


@dataclass(frozen=True)
class Checks:
    driver_min: str
    toolkit_min: str
    gpus: int


@dataclass(frozen=True)
class Mig:
    profile: str
    slices: int


@dataclass(frozen=True)
class Gpu:
    sharing: str
    mig: Mig | None
    modules: str
    fabric_manager: bool


@dataclass(frozen=True)
class Homes:
    kind: str
    file_system: str | None
    access_points: dict[str, str]


@dataclass(frozen=True)
class Lifetime:
    """Times in seconds; `until` since the epoch."""

    idle_stop: int
    until: float | None
    grace: int
    max_lease: int


@dataclass(frozen=True)
class DataSet:
    bucket: str
    prefix: str
    path: str


@dataclass(frozen=True)
class Site:
    user: str
    listen: int
    upstream: int


@dataclass(frozen=True)
class Direct:
    name: str | None
    sites: tuple[Site, ...]


@dataclass(frozen=True)
class Document:
    version: str
    stack: str
    id: str
    host: str
    region: str
    image: str
    registry: str | None
    checks: Checks
    gpu: Gpu
    homes: Homes
    parameters: str
    lifetime: Lifetime
    data: tuple[DataSet, ...]
    direct: Direct | None
    # ARN of the role whose S3 credentials are lent to users; None: nobody gets any.
    credentials: str | None
    environments: tuple[Environment, ...]


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: what the version is the hash of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def version_of(value: dict[str, Any]) -> str:
    """SHA-256 of everything in a document but the version itself."""
    return hashlib.sha256(canonical({k: v for k, v in value.items() if k != "version"})).hexdigest()


def parse(content: bytes, host: str) -> Document:
    """Reads a document and holds it to its schema, its hash and the host that it is for.

    Raises Refused with everything that is wrong.
    """
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refused([f"the document is no JSON: {error}"]) from error
    if not isinstance(raw, dict):
        raise Refused(["the document is no JSON object"])
    if raw.get("schema") != SCHEMA:
        raise Refused([f"the document's schema is {str(raw.get('schema'))[:80]!r}; this host reads {SCHEMA}: update its bundle"])
    if raw.get("version") != version_of(raw):
        raise Refused(["the document does not match its own version hash: it was changed or cut off on its way"])
    reader = Reader()
    document = _document(reader.root(raw))
    if document.host != host:
        reader.problem("host", f"is {document.host!r}, but this is {host!r}")
    _check_together(document, reader)
    if reader.problems:
        raise Refused(reader.problems)
    return document


def _document(value: Value) -> Document:
    return Document(
        version=value["version"].text(HASH),
        stack=value["stack"].text(NAME),
        id=value["id"].text(NAME),
        host=value["host"].text(NAME),
        region=value["region"].text(NAME),
        image=value["image"].text(IMAGE),
        registry=value["registry"].optional_text(IMAGE),
        checks=_checks(value["checks"]),
        gpu=_gpu(value["gpu"]),
        homes=_homes(value["homes"]),
        parameters=value["parameters"].text(PARAMETERS),
        lifetime=_lifetime(value["lifetime"]),
        data=tuple(
            DataSet(one["bucket"].text(BUCKET), one["prefix"].text(PREFIX), one["path"].text(PATH))
            for one in value["data"].items()
        ),
        direct=None if value["direct"].absent else _direct(value["direct"]),
        credentials=None if value["credentials"].absent else value["credentials"]["roleArn"].text(ROLE),
        environments=tuple(_environment(one) for one in value["environments"].items()),
    )


def _checks(value: Value) -> Checks:
    return Checks(value["driverMin"].text(VERSION), value["toolkitMin"].text(VERSION), value["gpus"].whole(0, 64))


def _gpu(value: Value) -> Gpu:
    mig = value["mig"]
    return Gpu(
        sharing=value["sharing"].one_of("devices", "mig", "time-slicing"),
        mig=None if mig.absent else Mig(mig["profile"].text(PROFILE), mig["slices"].whole(1, 16)),
        modules=value["modules"].one_of("open", "proprietary"),
        fabric_manager=value["fabricManager"].flag(),
    )


def _homes(value: Value) -> Homes:
    return Homes(
        kind=value["kind"].one_of("volume", "efs"),
        file_system=value["fileSystem"].optional_text(NAME),
        access_points=value["accessPoints"].texts_by(USER, NAME),
    )


def _lifetime(value: Value) -> Lifetime:
    return Lifetime(
        idle_stop=value["idleStop"].whole(1),
        until=value["until"].optional_time(),
        grace=value["graceSeconds"].whole(1),
        max_lease=value["maxLease"].whole(0),
    )


def _direct(value: Value) -> Direct:
    sites = tuple(
        Site(one["user"].text(USER), one["listen"].whole(1, 65535), one["upstream"].whole(1, 65535))
        for one in value["sites"].items()
    )
    return Direct(value["name"].optional_text(HOSTNAME), sites)


def _environment(value: Value) -> Environment:
    home, ports = value["home"], value["ports"]
    return Environment(
        user=value["user"].text(USER),
        container=value["container"].text(NAME),
        home=Home(
            path=home["path"].text(PATH),
            quota_bytes=home["quotaBytes"].whole(0),
            uid=home["uid"].whole(1),
            gid=home["gid"].whole(1),
        ),
        unit_name=value["unitName"].text(re.compile(r"gpudev-[a-z0-9_-]+\.service")),
        unit=value["unit"].long_text(UNIT_BYTES),
        authorized_keys=value["authorizedKeys"].long_text(KEYS_BYTES),
        devices=value["devices"].texts(DEVICE),
        jupyter=ports["jupyter"].optional_whole(1, 65535),
        ssh=ports["ssh"].optional_whole(1, 65535),
    )


def _check_together(document: Document, reader: Reader) -> None:
    """What no single value shows: names twice, a unit of another user, homes inside one another."""
    seen: dict[tuple[str, object], str] = {}
    for index, one in enumerate(document.environments):
        place = f"environments[{index}]"
        if one.unit_name != f"gpudev-{one.user}.service":
            reader.problem(f"{place}.unitName", f"is {one.unit_name!r}, but the user is {one.user!r}")
        unique: list[tuple[str, object]] = [
            ("user", one.user),
            ("container", one.container),
            ("home.path", one.home.path),
        ]
        unique += [("ports", port) for port in (one.jupyter, one.ssh) if port is not None]
        for what, value in unique:
            if (what, value) in seen:
                reader.problem(f"{place}.{what}", f"{value!r} is also that of {seen[what, value]}")
            seen[what, value] = place
    parents = {one.home.path.rsplit("/", 1)[0] for one in document.environments}
    if len(parents) > 1 or parents & {"", "/", "/home", "/root", "/etc", "/usr", "/var"}:
        reader.problem("environments", f"homes lie in {', '.join(sorted(parents))}; they need one folder of their own")
