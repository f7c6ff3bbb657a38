"""The watcher on a host: ticks over time, with what it does and what it writes down."""
import json
import os
import time
from typing import Any
from unittest import mock

from support import HostCase, document, environment
from gpudev_host import unready
from gpudev_host.idle import watch
from gpudev_host.idle.decide import Known
from gpudev_host.idle.memory import recall
from gpudev_host.store import pauses

REAL_UPTIME = watch.uptime
MINUTE = 60.0
LIFETIME = {"idleStop": 1800, "graceSeconds": 30, "maxLease": 7200}


class Watch(HostCase):
    def setUp(self) -> None:
        super().setUp()
        # No Jupyter and no SSH to ask: this process's own CPU and terminals stand for the containers'.
        users = [environment(user, slot, ports={}) for slot, user in enumerate(("alice", "bob"))]
        self.put_document(document(users, lifetime=LIFETIME))
        self.first = self.sync()
        self.assertTrue(self.first["ready"])
        self.now = time.time()
        self.readings: dict[str, "float | None"] = {}
        for name, value in (
            ("time.time", lambda: self.now),
            ("read_counters", lambda container, *_: watch.Counters(container, self.now, self.readings.get(container, 0.0), None)),
            ("read_terminals", lambda _pid: watch.Evidence("ssh terminals")),
            ("uptime", lambda: self.now - self.booted),
        ):
            patch = mock.patch(f"gpudev_host.idle.watch.{name}", value)
            patch.start()
            self.addCleanup(patch.stop)
        self.booted = self.now

    def minutes(self, count: int, busy: str = "") -> None:
        for _ in range(count):
            if (self.fake / "poweroff").exists():
                return
            self.now += MINUTE
            if busy:
                container = f"id-gpudev-team-{busy}"
                self.readings[container] = (self.readings.get(container) or 0.0) + MINUTE
            watch.tick(self.config, self.host.store)

    def decisions(self) -> list[dict[str, Any]]:
        lines = (self.root / "var/lib/gpudev/decisions.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def test_one_is_idle_then_the_other_then_the_machine(self) -> None:
        self.minutes(29, busy="bob")
        self.assertEqual(len(self.running()), 2)
        self.minutes(4, busy="bob")
        self.assertEqual(self.running(), ["gpudev-team-bob"])
        self.assertEqual(list(pauses(self.config.paths)), ["alice"])
        self.assertFalse((self.fake / "poweroff").exists())
        self.minutes(45)
        self.assertEqual(self.running(), [])
        self.assertTrue((self.fake / "poweroff").exists())
        told = [(one.get("user"), one["action"], one["kind"]) for one in self.decisions() if one["action"] != "none"]
        self.assertEqual(
            told,
            [
                ("alice", "warn", "idle soon"),
                ("alice", "stop", "idle"),
                ("bob", "warn", "idle soon"),
                ("bob", "stop", "idle"),
                (None, "power-off", "all idle"),
            ],
        )
        self.assertTrue(all(one["reason"] for one in self.decisions()))

    def test_the_bucket_is_told_what_was_stopped_and_why_before_the_machine_is_off(self) -> None:
        said: list[dict[str, Any]] = []
        plain_tick = watch.tick
        tick = lambda config, store: plain_tick(config, store, report)  # noqa: E731

        def report() -> None:
            self.host.report()
            said.append(self.verdict())

        with mock.patch("gpudev_host.idle.watch.tick", tick):
            self.minutes(34, busy="bob")
            self.assertEqual(len(said), 1)
            self.minutes(45)
        first, last = said[0], said[-1]
        self.assertEqual((first["ready"], first["environments"]["bob"]["state"]), (True, "healthy"))
        self.assertEqual(first["environments"]["alice"]["state"], "stopped")
        self.assertIn("idle for", first["environments"]["alice"]["reason"])
        self.assertEqual(first["idle"]["environments"]["alice"]["action"], "stop")
        self.assertEqual(first["idle"]["host"], {"action": "none", "kind": "in use", "reason": "in use by bob"})
        self.assertEqual(first["checks"], self.first["checks"])
        self.assertEqual([one["state"] for one in last["environments"].values()], ["stopped", "stopped"])
        self.assertEqual(last["idle"]["host"]["action"], "power-off")

    def test_the_warning_is_told_in_the_container_and_taken_back(self) -> None:
        self.minutes(22)
        told = [line for line in self.calls("docker") if "exec --interactive gpudev-team-alice" in line]
        self.assertEqual(len(told), 1)
        self.minutes(2, busy="alice")
        taken = [line for line in self.calls("docker") if "exec gpudev-team-alice" in line]
        self.assertEqual(len(taken), 1)
        self.minutes(15, busy="alice")
        self.assertIn("gpudev-team-alice", self.running())

    def test_a_lease_keeps_within_its_bound(self) -> None:
        file = self.home("alice") / ".config/gpudev/keep-awake"
        file.parent.mkdir(parents=True)
        file.write_text("2099-01-01T00:00:00Z")
        self.minutes(110)
        self.assertEqual(self.running(), ["gpudev-team-alice"])
        self.minutes(60)
        self.assertEqual(self.running(), [])

    def test_docker_that_does_not_answer_stops_nobody(self) -> None:
        (self.fake / "docker-hangs").touch()
        self.minutes(100)
        self.assertFalse((self.fake / "poweroff").exists())
        self.assertEqual(pauses(self.config.paths), {})

    def test_a_change_under_way_is_left_alone(self) -> None:
        from gpudev_host.lock import change_lock

        with change_lock(self.config.paths):
            self.minutes(100)
        self.assertEqual(len(self.running()), 2)

    def test_a_change_that_hangs_is_left_alone_for_six_hours(self) -> None:
        from gpudev_host.lock import change_lock

        with change_lock(self.config.paths):
            self.minutes(180)
        self.minutes(1, busy="alice")  # another change counts from its own begin
        with change_lock(self.config.paths):
            self.minutes(360)
            self.assertEqual(len(self.running()), 2)
            self.minutes(12)
        self.assertEqual(self.running(), [])
        self.assertTrue((self.fake / "poweroff").exists())

    def test_a_person_who_is_started_again_has_time(self) -> None:
        self.minutes(40, busy="bob")
        self.assertEqual(self.running(), ["gpudev-team-bob"])
        from gpudev_host.store import unpause

        unpause(self.config.paths, "alice")
        with mock.patch("gpudev_host.apply.time.time", lambda: self.now):
            self.assertTrue(self.sync()["ready"])
        self.minutes(25, busy="bob")
        self.assertEqual(len(self.running()), 2)
        self.minutes(10, busy="bob")
        self.assertEqual(self.running(), ["gpudev-team-bob"])

    def test_the_end_date_stops_even_those_at_work(self) -> None:
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now + 3600))
        users = [environment(user, slot, ports={}) for slot, user in enumerate(("alice", "bob"))]
        self.put_document(document(users, lifetime={**LIFETIME, "until": until}))
        self.sync()
        self.minutes(59, busy="alice")
        self.assertIn("gpudev-team-alice", self.running())
        self.minutes(2, busy="alice")
        self.assertEqual(self.running(), [])
        self.assertTrue((self.fake / "poweroff").exists())
        kinds = [(one["action"], one["kind"]) for one in self.decisions() if one["event"] == "host" and one["action"] != "none"]
        self.assertEqual(kinds, [("end-warn", "end date"), ("power-off", "end date")])

    def test_a_host_whose_users_have_left_ends(self) -> None:
        self.put_document(document([], lifetime=LIFETIME))
        self.sync()
        self.minutes(29)
        self.assertFalse((self.fake / "poweroff").exists())
        self.minutes(3)
        self.assertTrue((self.fake / "poweroff").exists())

    def lose_document(self) -> dict[str, bytes]:
        """As a release that cannot read what is here finds the host; returns what was taken away."""
        state = self.root / "var/lib/gpudev"
        files = {name: (state / name).read_bytes() for name in ("document.json", "last-good.json")}
        for name in files:
            (state / name).unlink()
        return files

    def test_a_host_without_a_document_ends_two_hours_after_its_boot(self) -> None:
        self.lose_document()
        self.minutes(119)
        self.assertFalse((self.fake / "poweroff").exists())
        self.minutes(1)
        self.assertTrue((self.fake / "poweroff").exists())
        self.assertEqual(
            [(one["action"], one["kind"], one["reason"]) for one in self.decisions() if one["event"] == "host"],
            [
                ("none", "no document", "no document that this host can follow for 1 min"),
                ("power-off", "no document", "no document that this host can follow for 2 h 0 min"),
            ],
        )

    def test_a_change_that_waits_for_a_document_for_ever_does_not_keep_the_host(self) -> None:
        from gpudev_host.lock import change_lock

        self.lose_document()
        with change_lock(self.config.paths):
            self.minutes(120)
        self.assertTrue((self.fake / "poweroff").exists())

    def test_who_loses_the_document_at_work_has_two_hours_from_then(self) -> None:
        self.booted -= 300 * MINUTE
        self.minutes(2, busy="alice")
        files = self.lose_document()
        self.minutes(120, busy="alice")
        for name, content in files.items():
            (self.root / "var/lib/gpudev" / name).write_bytes(content)
        self.minutes(1, busy="alice")
        self.lose_document()
        self.minutes(120, busy="alice")
        self.assertFalse((self.fake / "poweroff").exists())
        self.minutes(1)
        self.assertTrue((self.fake / "poweroff").exists())

    def test_memory_that_does_not_fit_is_unknown_and_ends_nothing(self) -> None:
        file = self.root / "run/gpudev/idle.json"
        self.minutes(2)
        right = json.loads(file.read_text())
        for name, wrong in (
            ("counters of another release", {"counters": {"alice": {"container": "id", "at": 1.0, "watts": 3}}}),
            ("counters of another type", {"counters": {"alice": {**right["counters"]["alice"], "cpu_seconds": "many"}}}),
            ("counters that are none", {"counters": [1]}),
            ("known of another release", {"known": {"alice": {"active": 1.0}}}),
            ("known of another type", {"known": {"alice": {**right["known"]["alice"], "active": "today"}}}),
            ("no objects", {"known": 1, "kinds": 2, "counters": "3", "decided": []}),
            ("a change of no time", {"applied": None}),
        ):
            with self.subTest(name):
                file.write_text(json.dumps({**right, **wrong}))
                self.minutes(1)
                now = json.loads(file.read_text())
                self.assertEqual(now["counters"]["alice"]["at"], self.now)
                self.assertEqual(set(now["known"]), {"alice", "bob"})
        file.write_text("[]")
        self.minutes(60)
        self.assertTrue((self.fake / "poweroff").exists())

    def test_what_is_remembered_is_remembered(self) -> None:
        for one in (Known(1.0, "boot"), Known(1, "boot", 2.5, None, 3, None), watch.Counters("id", 1.0, None, 2.0)):
            self.assertEqual(recall(type(one), json.loads(json.dumps(vars(one)))), one)

    def test_the_end_comes_even_where_nobody_can_be_told(self) -> None:
        def report() -> None:
            raise ValueError("the metadata service says something else than JSON")

        self.put_document(document([], lifetime=LIFETIME))
        self.sync()
        self.minutes(1)
        self.now += 60 * MINUTE
        with self.assertRaises(ValueError):
            watch.tick(self.config, self.host.store, report)
        self.assertTrue((self.fake / "poweroff").exists())

    def test_a_warning_is_remembered_before_it_is_told(self) -> None:
        def killed(*_arguments: object) -> bool:
            raise SystemExit("the tick took longer than systemd lets it")

        with mock.patch("gpudev_host.idle.notice.tell", killed), self.assertRaises(SystemExit):
            self.minutes(22)
        known = json.loads((self.root / "run/gpudev/idle.json").read_text())["known"]
        self.assertEqual(known["alice"]["warned"], self.now)

    def test_user_datas_timer_is_removed_by_the_first_document_alone(self) -> None:
        for step in ("by the change that accepts it", "by the watcher, where that one was killed"):
            with self.subTest(step):
                files = [self.config.paths.units / name for name in (unready.TIMER, unready.SERVICE)]
                for file in files:
                    file.write_text("[Unit]\n")
                lost = self.lose_document()
                self.minutes(1)
                self.assertTrue(all(file.exists() for file in files))
                if step.startswith("by the change"):
                    self.sync()
                else:
                    for name, content in lost.items():
                        (self.root / "var/lib/gpudev" / name).write_bytes(content)
                    self.minutes(1)
                self.assertEqual([file.exists() for file in files], [False, False])
        self.assertEqual(self.calls("systemctl").count("systemctl disable --now gpudevunready.timer"), 2)

    def test_a_timer_that_cannot_be_stopped_is_tried_again(self) -> None:
        file = self.config.paths.units / unready.TIMER
        file.write_text("[Unit]\n")
        path = os.environ["PATH"]
        os.environ["PATH"] = ""
        unready.disarm(self.config.paths)
        os.environ["PATH"] = path
        self.assertTrue(file.exists())
        unready.disarm(self.config.paths)
        self.assertFalse(file.exists())

    def test_the_systems_age(self) -> None:
        proc = self.root / "proc"
        (proc / "1").mkdir()
        (proc / "uptime").write_text("1000.50 2000.00\n")
        ticks = 400 * os.sysconf("SC_CLK_TCK")
        (proc / "1/stat").write_text(f"1 (system (d)) S 0 1 1 0 -1 {' '.join('0' * 13)} {ticks} 0 0\n")
        self.assertEqual(REAL_UPTIME(proc), 600.5)

    def test_decisions_do_not_fill_the_disk(self) -> None:
        file = self.root / "var/lib/gpudev/decisions.jsonl"
        file.write_text("x" * (4 * 2**20 + 1))
        self.minutes(1)
        self.assertLess(os.path.getsize(file), 10_000)
        self.assertTrue(file.with_suffix(".jsonl.1").exists())
