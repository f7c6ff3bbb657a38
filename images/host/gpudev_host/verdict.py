"""The host's verdict on itself: JSON for machines, and words that `gpudev up` prints as they are."""
from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from .config import Config
from .document import Document
from .files import write_json
from .gate import Check, Health, complaints
from .log import stamp

SCHEMA = "gpudev.verdict/1"


def make(
    config: Config,
    document: Document | None,
    checks: Sequence[Check],
    health: Mapping[str, Health],
    problems: Sequence[str],
    facts: Mapping[str, Any],
    refused: Sequence[str] = (),
    now: float | None = None,
) -> dict[str, Any]:
    """The verdict. `facts` are what it says besides: bundle, boot, a private CA's root. Pure but for the clock."""
    unwell = [
        f"{user}: the environment is {one.state}{': ' + one.reason if one.reason else ''}"
        for user, one in health.items()
        if not one.ok
    ]
    ready = document is not None and not (refused or problems or unwell or complaints(checks))
    words: list[str] = []
    if refused:
        words.append("The document was refused, and the host stays as it was. " + _list(refused))
    words += [_sentence(one) for one in [*problems, *complaints(checks), *unwell]]
    if ready:
        words.append(_good(config.host, health))
    return {
        "schema": SCHEMA,
        "host": config.host,
        "stack": document.stack if document else None,
        "id": document.id if document else None,
        "document": document.version if document else None,
        "at": stamp(time.time() if now is None else now),
        "ready": ready,
        "state": "refused" if refused else "ready" if ready else "not-ready",
        "words": words,
        "checks": {check.name: {"ok": check.ok, "found": check.found} for check in checks},
        "environments": {user: {"state": one.state, "reason": one.reason} for user, one in health.items()},
        **facts,
    }


def renewed(
    config: Config, before: Mapping[str, Any], health: Mapping[str, Health], facts: Mapping[str, Any], now: float
) -> dict[str, Any]:
    """The last verdict with how environments are now, after one was stopped: nothing was checked anew. Pure."""
    return {
        **before,
        "at": stamp(now),
        "words": [_good(config.host, health)] if before["ready"] else before["words"],
        "environments": {user: {"state": one.state, "reason": one.reason} for user, one in health.items()},
        **facts,
    }


def _list(problems: Sequence[str]) -> str:
    return " ".join(_sentence(problem) for problem in problems)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _good(host: str, health: Mapping[str, Health]) -> str:
    healthy = [user for user, one in health.items() if one.state == "healthy"]
    stopped = [f"{user} ({one.reason})" for user, one in health.items() if one.state == "stopped"]
    text = f"{host} is ready: {', '.join(healthy) if healthy else 'nobody'} can log in"
    return text + (f"; stopped: {', '.join(stopped)}." if stopped else ".")


def keep(config: Config, verdict: Mapping[str, Any]) -> bytes:
    """Keeps the verdict on the host; returns what goes to the bucket."""
    write_json(config.paths.state / "verdict.json", verdict)
    return (json.dumps(verdict, indent=1, sort_keys=True) + "\n").encode()
