"""The idle decision, row by row and over whole days."""
import random
import unittest

import support
from gpudev_host.idle.decide import (
    Decision,
    Evidence,
    HostDecision,
    Known,
    Observation,
    Rules,
    WITHOUT_DOCUMENT,
    decide,
    decide_host,
    decide_without_document,
)

MINUTE = 60.0
HOUR = 3600.0
RULES = Rules(idle_stop=45 * MINUTE, max_lease=12 * HOUR)
NOW = 1_000_000.0
LONG_AGO = NOW - 100 * HOUR


def quiet(minutes: float, **changes: object) -> Known:
    """A user whose last activity is so long ago."""
    return Known(**{"active": NOW - minutes * MINUTE, "because": "kernels", **changes})  # type: ignore[arg-type]


def seen(*evidence: Evidence, **changes: object) -> Observation:
    return Observation(**{"running": True, "started": LONG_AGO, "evidence": evidence, **changes})  # type: ignore[arg-type]


class Table(unittest.TestCase):
    def test_one_environment(self) -> None:
        warned = NOW - 11 * MINUTE
        unknown = Evidence("kernels", unknown="HTTP 500")
        for name, known, look, action, kind in (
            ("nothing known: since boot", None, seen(), "warn", "idle soon"),
            ("worked a minute ago", quiet(1), seen(), "none", "active: kernels"),
            ("a busy kernel", quiet(600), seen(Evidence("kernels", at=NOW)), "none", "active: kernels"),
            ("a kernel of half an hour ago", quiet(600), seen(Evidence("kernels", at=NOW - 30 * MINUTE)), "none", "active: kernels"),
            ("typing over SSH", quiet(600), seen(Evidence("ssh terminals", at=NOW - 60)), "none", "active: ssh terminals"),
            ("a GPU at work", quiet(600), seen(Evidence("gpu", at=NOW)), "none", "active: gpu"),
            ("CPU at work in a detached tmux", quiet(600), seen(Evidence("cpu", at=NOW)), "none", "active: cpu"),
            ("just started", quiet(600), seen(started=NOW - 5 * MINUTE), "none", "active: started"),
            ("35 minutes: warned first", quiet(35), seen(), "warn", "idle soon"),
            ("34 minutes: not yet", quiet(34), seen(), "none", "active: kernels"),
            ("warned and waiting", quiet(40, warned=NOW - 5 * MINUTE), seen(), "none", "idle soon"),
            ("45 minutes and warned", quiet(46, warned=warned), seen(), "stop", "idle"),
            ("hours, but never warned", quiet(600), seen(), "warn", "idle soon"),
            ("hours, but warned just now", quiet(600, warned=NOW - MINUTE), seen(), "none", "idle soon"),
            ("back after the warning", quiet(46, warned=warned), seen(Evidence("cpu", at=NOW)), "unwarn", "active: cpu"),
            ("a signal is unknown", quiet(46, warned=warned), seen(unknown), "unwarn", "active: unknown: kernels (HTTP 500)"),
            ("unknown for eleven hours", quiet(1, unknown_since=NOW - 11 * HOUR), seen(unknown), "none", "active: unknown: kernels (HTTP 500)"),
            ("unknown for more than a lease may last", quiet(46, unknown_since=NOW - 13 * HOUR, warned=warned), seen(unknown), "stop", "idle"),
            ("Docker does not say", quiet(600), Observation(None), "none", "active: unknown: docker (Docker does not say whether it runs)"),
            ("a lease", quiet(600), seen(lease=NOW + HOUR), "none", "keep-awake"),
            ("a lease after the warning", quiet(46, warned=warned), seen(lease=NOW + HOUR), "unwarn", "keep-awake"),
            ("a lease that has ended", quiet(46, warned=warned, lease=NOW - 1, lease_seen=NOW - HOUR), seen(lease=NOW - 1), "stop", "idle"),
            ("a lease for a year, within the bound", quiet(600, lease=NOW + 9e6, lease_seen=NOW - 11 * HOUR), seen(lease=NOW + 9e6), "none", "keep-awake"),
            ("a lease for a year, beyond the bound", quiet(600, lease=NOW + 9e6, lease_seen=NOW - 13 * HOUR, warned=warned), seen(lease=NOW + 9e6), "stop", "idle"),
            ("evidence from the future counts as now", quiet(600), seen(Evidence("kernels", at=NOW + 9e6)), "none", "active: kernels"),
            ("not running", quiet(10), Observation(False), "none", "not running"),
            ("stopped on purpose", quiet(10), Observation(False, paused=True), "none", "stopped"),
        ):
            with self.subTest(name):
                _, decision = decide(NOW, LONG_AGO, RULES, known, look)
                self.assertEqual((decision.action, decision.kind), (action, kind), decision.reason)

    def test_reasons_are_for_people(self) -> None:
        _, stop = decide(NOW, LONG_AGO, RULES, quiet(46, warned=NOW - 11 * MINUTE), seen())
        self.assertEqual(stop.reason, "idle for 46 min, last activity 46 min ago (kernels)")
        _, warn = decide(NOW, LONG_AGO, RULES, quiet(35), seen())
        self.assertEqual(warn.reason, "last activity 35 min ago (kernels); stops in 10 min")
        _, kept = decide(NOW, LONG_AGO, RULES, quiet(600), seen(lease=NOW + 24 * HOUR))
        self.assertEqual(kept.reason, "kept awake by its user for another 12 h 0 min (asked for 24 h 0 min, the most is 12 h 0 min)")

    def test_a_lease_that_is_written_again_in_other_words_counts_anew(self) -> None:
        known = quiet(600, lease=NOW + 9e6, lease_seen=NOW - 13 * HOUR)
        state, decision = decide(NOW, LONG_AGO, RULES, known, seen(lease=NOW + HOUR))
        self.assertEqual((decision.kind, state.lease_seen), ("keep-awake", NOW))

    def test_a_clock_that_is_set_back_keeps_nobody(self) -> None:
        state, _ = decide(NOW, LONG_AGO, RULES, Known(active=NOW + 9e6, because="kernels"), seen())
        self.assertEqual(state.active, NOW)

    def test_the_machine(self) -> None:
        idle, busy = Decision("none", "stopped", "", True), Decision("none", "active: cpu", "", False)
        ending = Rules(RULES.idle_stop, RULES.max_lease, until=NOW + 20 * MINUTE)
        ended = Rules(RULES.idle_stop, RULES.max_lease, until=NOW - MINUTE)
        hasty = Rules(RULES.idle_stop, RULES.max_lease, until=NOW - MINUTE, end_grace=30)
        for name, rules, boot, decisions, warned, expected in (
            ("somebody works", RULES, LONG_AGO, {"a": idle, "b": busy}, False, ("none", "in use")),
            ("all idle", RULES, LONG_AGO, {"a": idle, "b": idle}, False, ("power-off", "all idle")),
            ("nobody here since boot", RULES, NOW - HOUR, {}, False, ("power-off", "nobody here")),
            ("nobody here yet", RULES, NOW - 20 * MINUTE, {}, False, ("none", "nobody here")),
            ("the end is near", ending, LONG_AGO, {"a": busy}, False, ("end-warn", "end date")),
            ("the end is near, and said so", ending, LONG_AGO, {"a": busy}, True, ("none", "in use")),
            ("the end", ended, LONG_AGO, {"a": busy}, True, ("power-off", "end date")),
            ("the end, just booted", ended, NOW - MINUTE, {"a": busy}, True, ("none", "in use")),
            ("the end, booted longer ago than its grace", hasty, NOW - MINUTE, {"a": busy}, True, ("power-off", "end date")),
        ):
            with self.subTest(name):
                found: HostDecision = decide_host(NOW, boot, boot, rules, decisions, warned)
                self.assertEqual((found.action, found.kind), expected, found.reason)

    def test_a_host_that_was_changed_waits_for_its_newcomers(self) -> None:
        self.assertEqual(decide_host(NOW, LONG_AGO, NOW - MINUTE, RULES, {}, False).action, "none")

    def test_a_machine_without_a_document(self) -> None:
        for seconds, action in ((0, "none"), (WITHOUT_DOCUMENT - 1, "none"), (WITHOUT_DOCUMENT, "power-off"), (9e6, "power-off")):
            with self.subTest(seconds=seconds):
                found = decide_without_document(seconds)
                self.assertEqual((found.action, found.kind), (action, "no document"))

    def test_user_data_has_the_same_bound(self) -> None:
        text = (support.REPOSITORY / "images/host/user-data.sh").read_text()
        self.assertIn(f"OnActiveSec={WITHOUT_DOCUMENT / HOUR:g}h", text)
        from gpudev_host.unready import SERVICE, TIMER

        self.assertIn(f"enable --now {TIMER} ", text)
        self.assertIn(f"/{TIMER.removesuffix('.timer')}\n", text)
        self.assertEqual(SERVICE, TIMER.replace(".timer", ".service"))


class OverTime(unittest.TestCase):
    """Ticks of a minute over random days: what must hold whatever a user does."""

    def test_nobody_is_stopped_within_the_limit_or_unwarned(self) -> None:
        chance = random.Random(20261123)
        for _ in range(200):
            rules = Rules(chance.choice([10, 45, 120]) * MINUTE, 12 * HOUR)
            now, known, active, warned = 0.0, None, 0.0, None
            rate = chance.choice([0.0, 0.002, 0.02, 0.2])
            for _ in range(600):
                now += MINUTE * chance.uniform(0.9, 1.2)
                works = chance.random() < rate
                active = now if works else active
                look = Observation(True, 0.0, (Evidence("cpu", at=now if works else None),))
                known, decision = decide(now, 0.0, rules, known, look)
                if decision.action == "warn":
                    warned = now
                elif decision.action == "unwarn":
                    warned = None
                elif decision.action == "stop":
                    self.assertGreaterEqual(now - active, rules.idle_stop)
                    assert warned is not None
                    self.assertGreaterEqual(now - warned, rules.warn_before - 5)
                    break
            else:
                self.assertGreater(rate, 0.0, "an environment without activity has to stop")

    def test_a_user_without_activity_is_stopped_whatever_lease_or_fault_there_is(self) -> None:
        for lease in (None, 9e9):
            for fault in (None, "HTTP 500"):
                now, known, stopped = 0.0, None, None
                while stopped is None and now < 3 * 24 * HOUR:
                    now += MINUTE
                    look = Observation(True, 0.0, (Evidence("kernels", unknown=fault),), lease)
                    known, decision = decide(now, 0.0, RULES, known, look)
                    stopped = now if decision.action == "stop" else None
                assert stopped is not None
                bound = RULES.idle_stop + (RULES.max_lease if lease or fault else 0)
                self.assertLessEqual(stopped, bound + 12 * MINUTE)
