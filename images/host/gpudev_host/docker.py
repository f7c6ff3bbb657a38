"""The Docker daemon, by its client."""
from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .commands import Ended, must, run
from .config import Paths
from .errors import HostError

PULL_SECONDS = 3600


@dataclass(frozen=True)
class Container:
    """A container as it is now; `health` as Docker says it."""

    id: str
    running: bool
    pid: int
    health: str | None
    complaint: str


def containers(names: Sequence[str]) -> dict[str, Container]:
    """The containers of these names that exist.

    Raises HostError where the daemon does not answer: then nobody knows what runs.
    """
    if not names:
        return {}
    ended = run(["docker", "container", "inspect", *names])
    if ended.code is None or (not ended.ok and "no such container" not in ended.err.lower()):
        raise HostError(f"Docker does not answer: {ended.why}")
    try:
        values: list[dict[str, Any]] = json.loads(ended.out or "[]")
    except ValueError as error:
        raise HostError(f"Docker's answer is no JSON: {error}") from error
    return {str(value["Name"]).lstrip("/"): _container(value) for value in values}


def _container(value: dict[str, Any]) -> Container:
    state = value.get("State") or {}
    health = state.get("Health") or {}
    log = health.get("Log") or []
    return Container(
        id=str(value.get("Id", "")),
        running=bool(state.get("Running")),
        pid=int(state.get("Pid") or 0),
        health=health.get("Status"),
        complaint=str(log[-1].get("Output", "")).strip()[-300:] if log else "",
    )


def has_image(image: str) -> bool:
    return run(["docker", "image", "inspect", "--format", "{{.Id}}", image]).ok


def pull(paths: Paths, image: str, login: tuple[str, str, str] | None) -> None:
    """Pulls an image. `login` is registry, user and password; it lies in a file of this call alone."""
    if login is None:
        must(["docker", "pull", "--quiet", image], PULL_SECONDS)
        return
    registry, user, password = login
    paths.run.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="docker-", dir=paths.run) as folder:
        done = run(["docker", "--config", folder, "login", "--username", user, "--password-stdin", registry], 60, password)
        if not done.ok:
            raise HostError(f"the registry {registry} refuses the host's login: {done.why}")
        must(["docker", "--config", folder, "pull", "--quiet", image], PULL_SECONDS)


def remove_network(name: str) -> Ended:
    return run(["docker", "network", "rm", name])


def prune_images(keep: str) -> None:
    """Frees the disk of images that no container uses and the document does not name."""
    listed = run(["docker", "image", "ls", "--no-trunc", "--format", "{{.ID}}"])
    kept = run(["docker", "image", "inspect", "--format", "{{.Id}}", keep])
    if listed.ok and kept.ok:
        for image in sorted(set(listed.out.split()) - {kept.out.strip()}):
            run(["docker", "image", "rm", image])  # one in use is refused, and stays
