"""One tick of the idle watcher: look, decide, act, remember."""
from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import docker, systemd, unready
from ..config import Config, Paths
from ..document import Document, Environment
from ..errors import HostError
from ..lock import changing
from ..log import decision, say, stamp
from ..store import Store, begun, pause, pauses
from . import notice
from .decide import (
    Decision,
    Evidence,
    HostDecision,
    Known,
    Observation,
    Rules,
    decide,
    decide_host,
    decide_without_document,
)
from .gpu import GpuUse, judge_gpu, read_gpu_use, runs_on_gpu
from .jupyter import read_jupyter
from .lease import read_lease
from .memory import mapping, number, read_memory, recall, to_plain, write_memory
from .processes import Counters, judge_cpu, judge_traffic, read_counters, read_terminals

STOP_SLACK = 60
# Drivers, an image and quotas of many homes take an hour or two at the most. What takes longer hangs, on homes of
# EFS that do not answer for one, and must hold off neither idle stops nor the end date.
LONGEST_CHANGE = 6 * 3600.0


def tick(config: Config, store: Store, report: Callable[[], None] = lambda: None) -> None:
    """Looks once at everybody. A host that is being changed is left alone, for some hours: that is activity.

    `report` sends word to the bucket when something was stopped: a machine that is off can tell nobody.
    """
    document = store.accepted()
    if document is None:
        without_document(config)
        return
    unready.disarm(config.paths)
    paths, now = config.paths, time.time()
    memory = read_memory(paths)
    memory.pop("without", None)
    if waits_for_change(paths, memory):
        return
    if memory.get("document") != document.version:
        # Somebody changed this host: its owner is at work on it, and a new roster deserves its time.
        memory = {**memory, "document": document.version, "applied": now}
    lifetime = document.lifetime
    rules = Rules(lifetime.idle_stop, lifetime.max_lease, lifetime.until, config.end_grace)
    boot = now - uptime()

    seen, counters = observe(paths, document, mapping(memory.get("counters")), now)
    states: dict[str, Known] = {}
    decisions: dict[str, Decision] = {}
    kinds, known = mapping(memory.get("kinds")), mapping(memory.get("known"))
    for one in document.environments:
        before = recall(Known, known.get(one.user))
        states[one.user], decisions[one.user] = decide(now, boot, rules, before, seen[one.user])

    warned = memory.get("endWarned") == document.lifetime.until and document.lifetime.until is not None
    applied = number(memory.get("applied"))
    whole = decide_host(now, boot, boot if applied is None else applied, rules, decisions, warned)
    memory.update(
        known=to_plain(states),
        counters=to_plain(counters),
        kinds={**{user: one.kind for user, one in decisions.items()}, "/host": whole.kind},
        decided={**{user: _words(one) for user, one in decisions.items()}, "/host": _words(whole)},
        at=stamp(now),
    )
    if whole.action == "end-warn":
        memory["endWarned"] = document.lifetime.until
    # Before anything is done: containers that answer slowly may take a tick beyond its time, and a warning that
    # nobody remembers would be given again and again instead of the stop.
    write_memory(paths, memory)
    try:
        for one in document.environments:
            carry_out(paths, document, one, decisions[one.user], kinds.get(one.user))
        note_host(paths, whole, kinds)
        if whole.action == "end-warn":
            for one in document.environments:
                notice.tell(one.container, f"gpudev: {whole.reason}; this environment then stops.")
        if whole.action == "power-off" or any(one.action == "stop" for one in decisions.values()):
            report()
    finally:
        # Whatever goes wrong with telling somebody, the machine does not go on for it.
        if whole.action == "power-off":
            end(document)


def waits_for_change(paths: Paths, memory: dict[str, Any]) -> bool:
    """Whether the host is left alone for being changed; `memory` notes since when, in seconds of uptime."""
    if not changing(paths):
        memory.pop("changing", None)
        return False
    since, now = number(memory.get("changing")), uptime()
    if since is None:
        since = memory["changing"] = now
        write_memory(paths, memory)
    return now - since < LONGEST_CHANGE


def without_document(config: Config) -> None:
    """Bounds how long a host runs that nothing tells what to be: its boot found no document, or a newer release
    cannot read the one that is here. Also beside a change, which may be waiting for a document for ever."""
    paths, since_boot = config.paths, uptime()
    memory = read_memory(paths)
    if number(memory.get("without")) is None:
        # Who followed one in this boot counts from its loss: people may be at work.
        memory["without"] = since_boot if "document" in memory else 0.0
    whole = decide_without_document(since_boot - memory["without"])
    kinds = mapping(memory.get("kinds"))
    write_memory(paths, {**memory, "kinds": {"/host": whole.kind}})
    try:
        note_host(paths, whole, kinds)
    finally:
        if whole.action == "power-off":
            end(None)


def note_host(paths: Paths, whole: HostDecision, kinds: dict[str, Any]) -> None:
    if whole.action != "none" or whole.kind != kinds.get("/host"):
        decision(paths, "host", action=whole.action, kind=whole.kind, reason=whole.reason)


def _words(one: Decision | HostDecision) -> dict[str, str]:
    return {"action": one.action, "kind": one.kind, "reason": one.reason}


def last_decisions(paths: Paths, document: Document) -> dict[str, Any]:
    """For the verdict: what the watcher decided last, and why; nothing before its first look after a boot."""
    memory = read_memory(paths)
    decided = mapping(memory.get("decided"))
    if "/host" not in decided or "at" not in memory:
        return {}
    users = {one.user: decided[one.user] for one in document.environments if one.user in decided}
    return {"idle": {"at": memory["at"], "host": decided["/host"], "environments": users}}


def observe(
    paths: Paths, document: Document, before: dict[str, Any], now: float
) -> tuple[dict[str, Observation], dict[str, Counters]]:
    """Reads every signal of every environment. One that fails is unknown, never an error."""
    try:
        found = docker.containers([one.container for one in document.environments])
    except HostError as error:
        say("unknown", reason=str(error))
        return {one.user: Observation(None) for one in document.environments}, {}
    use: GpuUse | None = None
    if document.checks.gpus > 0 and any(container.running for container in found.values()):
        use = read_gpu_use()
    paused, starts = pauses(paths), begun(paths)
    seen, counters = {}, {}
    for one in document.environments:
        container = found.get(one.container)
        if container is None or not container.running:
            seen[one.user] = Observation(False, paused=one.user in paused)
            continue
        counters[one.user] = read_counters(container.id, container.pid, one.ssh is not None, now)
        earlier = recall(Counters, before.get(one.user))
        seen[one.user] = Observation(
            running=True,
            started=starts.get(one.user),
            evidence=read_evidence(
                paths, document, one, container, use, earlier, counters[one.user]
            ),
            lease=read_lease(paths.at(one.home.path)),
        )
    return seen, counters


def read_evidence(
    paths: Paths,
    document: Document,
    one: Environment,
    container: docker.Container,
    use: GpuUse | None,
    earlier: Counters | None,
    counters: Counters,
) -> tuple[Evidence, ...]:
    """Every signal of one running environment."""
    now = counters.at
    on_gpu = use is not None and runs_on_gpu(container.id, use.processes)
    evidence = [
        judge_gpu(document, one.devices, on_gpu, use, now),
        judge_cpu(earlier, counters, on_gpu),
        judge_traffic(earlier, counters, one.ssh is not None),
        read_terminals(container.pid),
    ]
    if one.jupyter is not None:
        evidence += read_jupyter(paths.at(one.home.path), one.jupyter, now)
    return tuple(evidence)


def carry_out(paths: Paths, document: Document, one: Environment, what: Decision, before: str | None) -> None:
    """Does what was decided, and writes it down with its reason: each action, and each change of the reason."""
    if what.action != "none" or what.kind != before:
        decision(paths, "environment", user=one.user, action=what.action, kind=what.kind, reason=what.reason)
    if what.action == "warn":
        notice.tell(one.container, f"gpudev: {what.reason}.")
    elif what.action == "unwarn":
        notice.take_back(one.container)
    elif what.action == "stop":
        notice.take_back(one.container)
        pause(paths, one.user, what.reason)
        done = systemd.act("stop", [one.unit_name], document.lifetime.grace + STOP_SLACK)
        if not done.ok:
            decision(paths, "environment", user=one.user, action="failed", kind="stop", reason=done.why)


def end(document: Document | None) -> None:
    """Stops everybody in order, writes everything to disk and shuts the machine down."""
    units = [one.unit_name for one in document.environments] if document is not None else []
    if document is not None and units:
        systemd.act("stop", units, document.lifetime.grace + STOP_SLACK)
    systemd.run(["sync"], 300)
    done = systemd.power_off()
    if not done.ok:
        say("power-off", failed=done.why)


def uptime(proc: Path = Path("/proc")) -> float:
    """Seconds since this system's first process began: also right where the kernel is older than the system."""
    begun_ticks = int((proc / "1/stat").read_text().rsplit(")", 1)[1].split()[19])
    return float((proc / "uptime").read_text().split()[0]) - begun_ticks / os.sysconf("SC_CLK_TCK")
