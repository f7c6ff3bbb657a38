"""Who is idle, and what follows. Pure: observations, what was known before and the time go in, decisions come out."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Action = Literal["none", "warn", "unwarn", "stop"]


@dataclass(frozen=True)
class Rules:
    """From the document. Times in seconds."""

    idle_stop: float
    # Longest that a lease, or an unknown signal, may hold off the stop: neither may do so for ever, or a user
    # who breaks a signal would never be stopped.
    max_lease: float
    until: float | None = None
    # After a boot past the end date there is this much time for a document with a later one to arrive.
    end_grace: float = 300.0

    @property
    def warn_before(self) -> float:
        """Ten minutes, or a third of a short limit."""
        return min(600.0, self.idle_stop / 3)


@dataclass(frozen=True)
class Evidence:
    """What one signal says. `at`: the last activity it knows of; None: none at all. `unknown`: why it cannot say."""

    source: str
    at: float | None = None
    unknown: str | None = None


@dataclass(frozen=True)
class Observation:
    """One environment, now. `running` None: Docker does not say. `lease` is until when its user asks to be kept."""

    running: bool | None
    started: float | None = None
    evidence: tuple[Evidence, ...] = ()
    lease: float | None = None
    paused: bool = False


@dataclass(frozen=True)
class Known:
    """What is remembered of one environment from tick to tick; a reboot forgets it."""

    active: float
    because: str
    unknown_since: float | None = None
    warned: float | None = None
    # The lease's end as its user wrote it, and when the host first saw it: the bound counts from there.
    lease: float | None = None
    lease_seen: float | None = None


@dataclass(frozen=True)
class Decision:
    action: Action
    kind: str
    reason: str
    idle: bool


def decide(now: float, boot: float, rules: Rules, known: Known | None, seen: Observation) -> tuple[Known, Decision]:
    """One environment's next state, and what to do about it."""
    state = known or Known(active=boot, because="boot")
    # A clock that was set back must not keep anybody for ever.
    state = replace(state, active=min(state.active, now))
    if not _asks_as_before(state, seen):
        state = replace(state, lease=seen.lease, lease_seen=now if seen.lease is not None else None)
    state = _take_evidence(now, rules, state, seen)

    if seen.running is False:
        idle = now - state.active >= rules.idle_stop or seen.paused
        why = "stopped" if seen.paused else "not running"
        return replace(state, warned=None), Decision("none", why, f"{why}, {_ago(now, state)}", idle)

    kept = _kept(now, rules, state)
    if kept is not None:
        action: Action = "unwarn" if state.warned is not None else "none"
        return replace(state, warned=None), Decision(action, kept[0], kept[1], False)

    quiet = now - state.active
    if quiet < rules.idle_stop - rules.warn_before:
        action = "unwarn" if state.warned is not None else "none"
        return replace(state, warned=None), Decision(action, f"active: {state.because}", _ago(now, state), False)
    if state.warned is None:
        left = max(rules.idle_stop - quiet, rules.warn_before)
        reason = f"{_ago(now, state)}; stops in {_span(left)}"
        return replace(state, warned=now), Decision("warn", "idle soon", reason, False)
    if quiet >= rules.idle_stop and now - state.warned >= rules.warn_before - 5:
        return state, Decision("stop", "idle", f"idle for {_span(quiet)}, {_ago(now, state)}", True)
    return state, Decision("none", "idle soon", _ago(now, state), False)


def _asks_as_before(state: Known, seen: Observation) -> bool:
    return state.lease == seen.lease


def _take_evidence(now: float, rules: Rules, state: Known, seen: Observation) -> Known:
    """Moves the last activity forward by what the signals say."""
    candidates = [(state.active, state.because)]
    if seen.running is not False and seen.started is not None:
        candidates.append((min(seen.started, now), "started"))
    unknown = [one for one in seen.evidence if one.unknown is not None]
    if seen.running is None:
        unknown.append(Evidence("docker", unknown="Docker does not say whether it runs"))
    candidates += [(min(one.at, now), one.source) for one in seen.evidence if one.at is not None]
    since = None
    if unknown:
        since = now if state.unknown_since is None else state.unknown_since
        if now - since < rules.max_lease:
            names = ", ".join(one.source for one in unknown)
            candidates.append((now, f"unknown: {names} ({unknown[0].unknown})"))
    active, because = max(candidates, key=lambda pair: pair[0])
    return replace(state, active=active, because=because, unknown_since=since)


def _kept(now: float, rules: Rules, state: Known) -> tuple[str, str] | None:
    if state.lease is None or state.lease_seen is None:
        return None
    end = min(state.lease, state.lease_seen + rules.max_lease)
    if now >= end:
        return None
    bound = "" if end == state.lease else f" (asked for {_span(state.lease - now)}, the most is {_span(rules.max_lease)})"
    return "keep-awake", f"kept awake by its user for another {_span(end - now)}{bound}"


@dataclass(frozen=True)
class HostDecision:
    """`power-off` ends the instance; `end-warn` tells everybody once that the end date is near."""

    action: Literal["none", "power-off", "end-warn"]
    kind: str
    reason: str


END_WARN = 1800.0
# A first boot may wait a quarter of an hour for its bundle, twenty minutes for its disks and half an hour for its
# document; the rest is for the person who looks why there is none. User data's own timer has the same bound.
WITHOUT_DOCUMENT = 7200.0


def decide_without_document(seconds: float) -> HostDecision:
    """Whether a machine goes on that has had nothing to follow for so long: no idle limit, no end date, no user. Pure."""
    reason = f"no document that this host can follow for {_span(seconds)}"
    return HostDecision("power-off" if seconds >= WITHOUT_DOCUMENT else "none", "no document", reason)


def decide_host(
    now: float, boot: float, applied: float, rules: Rules, decisions: Mapping[str, Decision], end_warned: bool
) -> HostDecision:
    """Whether the machine goes on. `applied`: when its last change ended; a host without users counts from there."""
    if rules.until is not None:
        if now >= rules.until and now - boot >= rules.end_grace:
            return HostDecision("power-off", "end date", f"the stack's end date passed {_span(now - rules.until)} ago")
        if now >= rules.until - END_WARN and not end_warned and now < rules.until:
            return HostDecision("end-warn", "end date", f"the stack ends in {_span(rules.until - now)}")
    if not decisions:
        quiet = now - max(boot, applied)
        if quiet >= rules.idle_stop:
            return HostDecision("power-off", "nobody here", f"no environment on this host for {_span(quiet)}")
        return HostDecision("none", "nobody here", f"no environment on this host for {_span(quiet)}")
    working = sorted(user for user, one in decisions.items() if not one.idle)
    if working:
        return HostDecision("none", "in use", f"in use by {', '.join(working)}")
    return HostDecision("power-off", "all idle", f"every environment is stopped or idle: {', '.join(sorted(decisions))}")


def _ago(now: float, state: Known) -> str:
    return f"last activity {_span(now - state.active)} ago ({state.because})"


def _span(seconds: float) -> str:
    whole = int(max(0, seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
