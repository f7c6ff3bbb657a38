"""Publishes what users need to get in: public host keys, and each one's Jupyter token for that user alone.

Both are born in the environment and lie in its home. They go into SecureString parameters below the
host's own path; who may read a token is the account's policy.
"""
from __future__ import annotations

import re
from pathlib import Path

from .aws.client import Aws
from .aws.sigv4 import sha256
from .config import Config
from .document import Document, Environment
from .errors import HostError
from .files import read_json, read_untrusted, write_json

# Forms, so that a user who puts something else in these places publishes nothing.
TOKEN = re.compile(r"[A-Za-z0-9_-]{16,200}")
HOST_KEY = re.compile(r"(ssh-ed25519 [A-Za-z0-9+/]{60,80}={0,2})( .*)?")


def read_token(home: Path, owner: int) -> str | None:
    text = _read(home, ".config/gpudev/jupyter-token", owner)
    return text if TOKEN.fullmatch(text) else None


def read_host_key(home: Path, owner: int) -> str | None:
    found = HOST_KEY.fullmatch(_read(home, ".config/gpudev/ssh/ssh_host_ed25519_key.pub", owner))
    return found.group(1) if found else None


def _read(home: Path, name: str, owner: int) -> str:
    content = read_untrusted(home, name, 1024, owner)
    return content.decode(errors="replace").strip() if content is not None else ""


def wanted(config: Config, document: Document, one: Environment) -> dict[str, str]:
    """Parameter name to value, as far as the environment has made them."""
    home = config.paths.at(one.home.path)
    values = {
        "token": read_token(home, one.home.uid) if one.jupyter is not None else None,
        "host-key": read_host_key(home, one.home.uid) if one.ssh is not None else None,
    }
    return {f"{document.parameters}/{one.user}/{name}": value for name, value in values.items() if value is not None}


def publish(config: Config, document: Document, aws: Aws) -> list[str]:
    """Puts what has changed since the last time; returns what could not be put."""
    memory = config.paths.state / "published.json"
    known: dict[str, str] = read_json(memory) or {}
    problems = []
    for one in document.environments:
        for name, value in wanted(config, document, one).items():
            digest = sha256(f"{name}\n{value}".encode())
            if known.get(name) == digest:
                continue
            try:
                aws.put_secret(name, value)
            except HostError as error:
                problems.append(f"{one.user}: {name} could not be published: {error}")
                continue
            known[name] = digest
            write_json(memory, known, 0o600)
    return problems
