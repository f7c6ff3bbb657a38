"""Publishes what users need to get in: public host keys, each one's Jupyter token for that user alone, and the
instance that serves them now, so that a replaced machine is found without asking EC2.

Keys and tokens are born in the environment and lie in its home. All go into SecureString parameters below the
host's own path, by user; who may read them is the account's policy.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from . import direct
from .aws.client import Aws
from .aws.sigv4 import sha256
from .config import Config, Paths
from .document import Document, Environment
from .errors import HostError
from .files import read_json, read_untrusted, write_json

# Forms, so that a user who puts something else in these places publishes nothing.
TOKEN = re.compile(r"[A-Za-z0-9_-]{16,200}")
HOST_KEY = re.compile(r"(ssh-ed25519 [A-Za-z0-9+/]{60,80}={0,2})( .*)?")

INSTANCE = re.compile(r"i-[0-9a-f]{8,32}")
ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")


def read_token(home: Path, owner: int) -> str | None:
    text = _read(home, ".config/gpudev/jupyter-token", owner)
    return text if TOKEN.fullmatch(text) else None


def read_host_key(home: Path, owner: int) -> str | None:
    found = HOST_KEY.fullmatch(_read(home, ".config/gpudev/ssh/ssh_host_ed25519_key.pub", owner))
    return found.group(1) if found else None


def _read(home: Path, name: str, owner: int) -> str:
    content = read_untrusted(home, name, 1024, owner)
    return content.decode(errors="replace").strip() if content is not None else ""


def machine(paths: Paths, document: Document, aws: Aws) -> dict[str, str | None]:
    """What is the same for everybody on this host: where it is, and how a direct connection knows it."""
    values = {"instance": instance(aws)}
    if document.direct is not None and document.direct.name is None:
        values["address"] = _metadata(aws, "public-ipv4", ADDRESS)
        values["ca"] = direct.root_certificate(paths)
    return values


def instance(aws: Aws) -> str | None:
    """This instance's id. Raises HostError where its metadata cannot be asked."""
    return _metadata(aws, "instance-id", INSTANCE)


def _metadata(aws: Aws, name: str, form: re.Pattern[str]) -> str | None:
    text = (aws.imds.get(f"meta-data/{name}") or "").strip()
    return text if form.fullmatch(text) else None


def wanted(
    config: Config, document: Document, one: Environment, common: Mapping[str, str | None]
) -> dict[str, str]:
    """Parameter name to value, as far as the environment has made them."""
    home = config.paths.at(one.home.path)
    values = {
        **common,
        "token": read_token(home, one.home.uid) if one.jupyter is not None else None,
        "host-key": read_host_key(home, one.home.uid) if one.ssh is not None else None,
    }
    return {f"{document.parameters}/{one.user}/{name}": value for name, value in values.items() if value is not None}


def publish(config: Config, document: Document, aws: Aws) -> list[str]:
    """Puts what has changed since the last time; returns what could not be put."""
    memory = config.paths.state / "published.json"
    known: dict[str, str] = read_json(memory) or {}
    problems = []
    common: Mapping[str, str | None] = {}
    try:
        common = machine(config.paths, document, aws)
    except HostError as error:
        problems.append(f"the instance could not be published: {error}")
    everything = [
        (one.user, name, value, aws.put_secret)
        for one in document.environments
        for name, value in wanted(config, document, one, common).items()
    ]
    root = common.get("ca")
    if root is not None:
        # For whoever deploys the stack, whose outputs it becomes: it is no secret, and nobody's own.
        everything.append((config.host, f"{document.parameters}/ca/root", root, aws.put_text))
    for whose, name, value, put in everything:
        digest = sha256(f"{name}\n{value}".encode())
        if known.get(name) == digest:
            continue
        try:
            put(name, value)
        except HostError as error:
            problems.append(f"{whose}: {name} could not be published: {error}")
            continue
        known[name] = digest
        write_json(memory, known, 0o600)
    return problems
