"""Short-lived S3 credentials for users, since containers reach no metadata and so not the host's role.

Each user's lie in a folder of their own in memory, which is mounted read-only into that user's container alone.
The AWS SDKs and the AWS CLI find them by `AWS_CONFIG_FILE` and ask again before they end.
"""
from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable

from .aws.client import Aws
from .aws.imds import parse_time
from .config import Paths
from .document import Document, Home
from .errors import HostError
from .files import read_json, write_atomic, write_json

# The most that STS grants where a role is taken by a role.
SECONDS = 3600
# SDKs ask again 15 minutes before the end, and must find what holds for longer by then.
RENEW_BELOW = 1800
# A role and its policies may take a while to hold once they are made.
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 5.0

# As the container sees it; `cat` is in every image.
INSIDE = "/etc/gpudev/aws"
FILE = "credentials.json"


def config_text(region: str) -> str:
    """What the SDKs read: where credentials come from, and the region. Nothing secret. Pure."""
    return (
        "# Written by gpudev. Your own keys in ~/.aws/credentials go before it.\n"
        f"[default]\nregion = {region}\ncredential_process = /bin/cat {INSIDE}/{FILE}\n"
    )


def prepare(paths: Paths, document: Document) -> None:
    """Makes each user's folder, which has to be there before the container is, and removes those of others."""
    wanted = {one.user: one.home for one in document.environments} if document.credentials else {}
    present = {folder.name for folder in paths.credentials.iterdir()} if paths.credentials.is_dir() else set()
    for user in sorted(present - set(wanted)):
        shutil.rmtree(paths.credentials / user, ignore_errors=True)
    for user, home in wanted.items():
        _folder(paths, user, home)
        write_atomic(paths.credentials / user / "config", config_text(document.region).encode())


def _folder(paths: Paths, user: str, home: Home) -> None:
    """Open to the user and to root alone; what is in it is root's."""
    paths.credentials.mkdir(parents=True, exist_ok=True)
    paths.credentials.chmod(0o711)
    place = paths.credentials / user
    place.mkdir(exist_ok=True)
    place.chmod(0o700)
    os.chown(place, home.uid, home.gid)


def lend(
    paths: Paths,
    document: Document,
    aws: Aws,
    patience: float = 0.0,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Renews what holds no longer for half an hour; returns what could not be lent, in words."""
    role = document.credentials
    if role is None:
        return []
    prepare(paths, document)
    problems = []
    end = clock() + patience
    for one in document.environments:
        file = paths.credentials / one.user / FILE
        if _holds(read_json(file)) > clock() + RENEW_BELOW:
            continue
        while True:
            try:
                write_json(file, {"Version": 1, **aws.lend(role, one.user, SECONDS)}, 0o444)
            except HostError as error:
                if clock() < end:
                    sleep(PAUSE_SECONDS)
                    continue
                problems.append(f"{one.user} could not be lent S3 credentials: {error}")
            break
    return problems


def _holds(known: object) -> float:
    """Until when credentials hold, in seconds since the epoch; 0 where there are none."""
    try:
        return parse_time(known["Expiration"]) if isinstance(known, dict) else 0.0
    except (KeyError, ValueError, AttributeError):
        return 0.0
