"""Kernels and terminals, as Jupyter tells them. Asking this way counts as no activity of the server."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..aws.http import ask_loopback
from ..aws.imds import parse_time
from ..errors import HostError
from ..files import read_untrusted
from .decide import Evidence

TOKEN_FILE = ".config/gpudev/jupyter-token"
MOST_BYTES = 2**20
ANSWER_SECONDS = 5.0
MOST_WORDS = 200


def read_jupyter(home: Path, port: int, now: float) -> list[Evidence]:
    """What kernels and terminals say."""
    token = read_untrusted(home, TOKEN_FILE, 512)
    if token is None:
        return [Evidence("jupyter", unknown="its token cannot be read")]
    header = {"Authorization": f"token {token.decode(errors='replace').strip()}"}

    def ask(what: str) -> Any:
        answer = ask_loopback(port, f"/api/{what}?no_track_activity=1", header, ANSWER_SECONDS, MOST_BYTES)
        if answer.status == 404:
            return []  # terminals are switched off
        if answer.status != 200:
            raise HostError(f"HTTP {answer.status}")
        return json.loads(answer.body)

    return [_evidence("kernels", ask, now, judge_kernels), _evidence("terminals", ask, now, judge_terminals)]


def _evidence(what: str, ask: Callable[[str], Any], now: float, judge: Callable[[Any, float], Evidence]) -> Evidence:
    try:
        return judge(ask(what), now)
    except (HostError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        # Whatever a user's server sends, also JSON too deep to read: it must not end the watcher.
        # Nor may its words fill the log of decisions and the verdict.
        return Evidence(what, unknown=f"Jupyter does not tell: {str(error)[:MOST_WORDS]}")


def judge_kernels(kernels: Any, now: float) -> Evidence:
    """Busy is active now; otherwise the last message to or from a kernel counts. Pure."""
    last: float | None = None
    for kernel in kernels:
        state = kernel["execution_state"]
        if state == "busy":
            return Evidence("kernels", at=now)
        at = parse_time(kernel["last_activity"])
        last = at if last is None else max(last, at)
    return Evidence("kernels", at=last)


def judge_terminals(terminals: Any, now: float) -> Evidence:
    """The last thing typed into or printed by a terminal. Pure."""
    times = [parse_time(one["last_activity"]) for one in terminals if one.get("last_activity")]
    return Evidence("terminals", at=max(times) if times else None)
