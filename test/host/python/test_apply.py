"""Bringing documents into force: who is started, who is left alone, what a kill leaves."""
import os
import random
import signal
import sys
import unittest
from pathlib import Path
from typing import Any

from support import HostCase, document, environment
from gpudev_host.apply import Changes, Seen, decide
from gpudev_host.document import canonical, parse
from gpudev_host.store import Record, pause, pauses


def three() -> list[dict[str, Any]]:
    return [environment(user, slot) for slot, user in enumerate(("alice", "bob", "carol"))]


class Decide(unittest.TestCase):
    """The pure decision, one row a case."""

    document = parse(canonical(document([environment("alice", 0)])), "host-0")
    text = document.environments[0].unit_hash

    def test_table(self) -> None:
        def record(started: "str | None") -> dict[str, Record]:
            return {"alice": Record("alice", "gpudev-team-alice", "gpudev-alice.service", started)}

        nothing, start, restart = ((), ()), (("alice",), ()), ((), ("alice",))
        for name, records, seen, write, expected in (
            ("new", {}, Seen(None, False, False), True, start),
            ("as it should be", record(self.text), Seen(self.text, True, False), False, nothing),
            ("down", record(self.text), Seen(self.text, False, False), False, start),
            ("down on purpose", record(self.text), Seen(self.text, False, True), False, nothing),
            ("another unit", record("old"), Seen("old", True, False), True, restart),
            ("another unit while down on purpose", record("old"), Seen("old", False, True), True, nothing),
            ("killed between writing and restarting", record("old"), Seen(self.text, True, False), False, restart),
            ("killed within a restart", record(None), Seen(self.text, True, False), False, restart),
            ("killed before the unit was written", record(None), Seen(None, False, False), True, start),
            ("unit changed by hand", record(self.text), Seen("other", True, False), True, nothing),
        ):
            with self.subTest(name):
                found = decide(self.document, records, {"alice": seen})
                self.assertEqual(found, Changes((), ("alice",) if write else (), *expected))

    def test_who_is_not_named_is_removed(self) -> None:
        records = {user: Record(user, f"c-{user}", f"gpudev-{user}.service", self.text) for user in ("alice", "bob")}
        self.assertEqual(decide(self.document, records, {"alice": Seen(self.text, True, False)}).remove, ("bob",))


class Apply(HostCase):
    def test_two_users_come_up(self) -> None:
        self.put_document(document(three()[:2]))
        made = self.sync()
        self.assertEqual(made["words"], ["host-0 is ready: alice, bob can log in."])
        self.assertEqual(self.running(), ["gpudev-team-alice", "gpudev-team-bob"])
        self.assertEqual(self.verdict()["ready"], True)
        home = self.home("alice")
        self.assertEqual(home.stat().st_mode & 0o777, 0o700)
        keys = self.root / "var/lib/gpudev/authorized_keys/alice/dev"
        self.assertEqual(keys.read_text(), "ssh-ed25519 AAAAalice alice@laptop\n")

    def test_a_second_run_does_nothing(self) -> None:
        self.put_document(document(three()))
        self.sync()
        before = self.calls("systemctl")
        self.sync()
        self.assertEqual(len(self.starts()), 3)
        for line in self.calls("systemctl")[len(before) :]:
            self.assertIn(line.split()[1], ("show", "is-active"))

    def test_a_third_user_touches_nobody(self) -> None:
        self.put_document(document(three()[:2]))
        self.sync()
        self.put_document(document(three()))
        self.assertTrue(self.sync()["ready"])
        self.assertEqual(self.starts(), [f"gpudev-{user}.service" for user in ("alice", "bob", "carol")])

    def test_a_key_is_replaced_in_place(self) -> None:
        self.put_document(document(three()))
        self.sync()
        folder = self.root / "var/lib/gpudev/authorized_keys/bob"
        inode = folder.stat().st_ino
        changed = three()
        changed[1]["authorizedKeys"] = "ssh-ed25519 AAAAnew bob@laptop\n"
        self.put_document(document(changed))
        self.assertTrue(self.sync()["ready"])
        self.assertEqual((folder / "dev").read_text(), "ssh-ed25519 AAAAnew bob@laptop\n")
        self.assertEqual(folder.stat().st_ino, inode, "the folder is what the container has mounted")
        self.assertEqual(len(self.starts()), 3)

    def test_a_leaver_goes_alone_and_the_home_stays(self) -> None:
        self.put_document(document(three()))
        self.sync()
        (self.home("bob") / "work.py").write_text("x = 1\n")
        self.put_document(document([three()[0], three()[2]]))
        self.assertTrue(self.sync()["ready"])
        self.assertEqual(self.running(), ["gpudev-team-alice", "gpudev-team-carol"])
        self.assertEqual((self.home("bob") / "work.py").read_text(), "x = 1\n")
        self.assertFalse((self.root / "etc/systemd/system/gpudev-bob.service").exists())
        self.assertFalse((self.root / "var/lib/gpudev/authorized_keys/bob").exists())
        self.assertIn("docker network rm gpudev-team-bob", self.calls("docker"))
        self.assertEqual(len(self.starts()), 3)

    def test_who_comes_back_finds_the_home(self) -> None:
        self.put_document(document(three()))
        self.sync()
        (self.home("bob") / "work.py").write_text("x = 1\n")
        self.put_document(document(three()[:1]))
        self.sync()
        self.put_document(document(three()))
        self.assertTrue(self.sync()["ready"])
        self.assertTrue((self.home("bob") / "work.py").exists())

    def test_another_image_restarts_after_it_is_pulled(self) -> None:
        self.put_document(document(three()))
        self.sync()
        image = "example.com/image@sha256:2"
        self.put_document(document([environment(u["user"], u["slot"], image) for u in three()], image=image))
        (self.fake / "no-pull").touch()
        made = self.sync()
        self.assertFalse(made["ready"])
        self.assertIn("no basic auth credentials", made["words"][0])
        self.assertEqual(len(self.starts()), 3, "an image that cannot be had stops nobody")
        (self.fake / "no-pull").unlink()
        self.assertTrue(self.sync()["ready"])
        self.assertEqual(len(self.starts()), 6)

    def test_an_ecr_image_is_pulled_with_the_roles_login(self) -> None:
        self.put_document(document(three()[:1], registry="123456789012.dkr.ecr.eu-west-1.amazonaws.com"))
        self.assertTrue(self.sync()["ready"])
        self.assertEqual((self.fake / "password").read_text(), "registry-password")
        self.assertNotIn("registry-password", (self.fake / "calls").read_text())
        self.assertEqual(list((self.root / "run/gpudev").glob("docker-*")), [])

    def test_one_that_does_not_start_keeps_nobody_else(self) -> None:
        (self.fake / "broken/gpudev-bob.service").touch()
        self.put_document(document(three()))
        made = self.sync()
        self.assertEqual(self.running(), ["gpudev-team-alice", "gpudev-team-carol"])
        self.assertEqual(made["environments"]["bob"]["state"], "failed")
        self.assertFalse(made["ready"])
        self.assertTrue(any("bob" in word for word in made["words"]))
        (self.fake / "broken/gpudev-bob.service").unlink()
        self.assertTrue(self.sync()["ready"])
        self.assertEqual(len(self.starts()), 3)

    def test_one_that_is_stopped_on_purpose_stays_so(self) -> None:
        self.put_document(document(three()))
        self.sync()
        pause(self.config.paths, "alice", "idle for 45 min")
        os.system("systemctl stop gpudev-alice.service")
        made = self.sync()
        self.assertEqual(made["words"], ["host-0 is ready: bob, carol can log in; stopped: alice (idle for 45 min)."])
        self.assertEqual(pauses(self.config.paths), {"alice": "idle for 45 min"})

    def test_a_link_in_place_of_a_home_is_refused(self) -> None:
        self.home("alice").parent.mkdir(parents=True)
        os.symlink("/etc", self.home("alice"))
        self.put_document(document(three()[:1]))
        made = self.sync()
        self.assertFalse(made["ready"])
        self.assertIn("a home cannot lie there", made["words"][0])
        self.assertEqual(self.running(), [])


MUTATIONS = ("os.rename", "os.remove", "os.mkdir", "os.chown", "os.symlink", "shutil.rmtree", "subprocess.Popen")


class Killed(HostCase):
    """SIGKILL before each change that a run makes to the host; the next run has to heal it."""

    def killed_at(self, number: int) -> bool:
        """Runs a sync in a process that dies before its change `number`. False: it had fewer."""
        child = os.fork()
        if child == 0:
            seen = 0

            def hook(event: str, _arguments: object) -> None:
                nonlocal seen
                if event in MUTATIONS:
                    seen += 1
                    if seen == number:
                        os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(hook)
            self.sync()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status)

    def check_each_kill(self, before: list[dict[str, Any]], after: list[dict[str, Any]], steps: int) -> None:
        expected = sorted(one["container"] for one in after)
        number, kills = 0, 0
        while True:
            number += steps
            self.put_document(document(before))
            self.assertTrue(self.sync()["ready"])
            kept = {one["user"] for one in before} & {one["user"] for one in after if one in before}
            started = {user: self.starts().count(f"gpudev-{user}.service") for user in kept}
            self.put_document(document(after))
            if not self.killed_at(number):
                break
            kills += 1
            self.assertTrue(self.sync()["ready"], f"killed before change {number}")
            self.assertEqual(self.running(), expected, f"killed before change {number}")
            for user, times in started.items():
                self.assertEqual(self.starts().count(f"gpudev-{user}.service"), times, f"{user}, killed at {number}")
            for one in after:
                unit = Path(self.fake / "running" / one["unitName"]).read_text()
                self.assertEqual(unit, one["unit"], f"killed before change {number}")
        self.assertGreater(kills, 5)

    def test_a_join_a_leave_and_a_change_at_once(self) -> None:
        alice, bob, carol = three()
        changed = {**bob, "unit": bob["unit"].replace("--read-only", "--read-only --memory 2g")}
        dave = environment("dave", 3)
        steps = int(os.environ.get("GPUDEV_KILL_STEPS") or 3)
        self.check_each_kill([alice, bob, carol], [alice, changed, dave], steps)

    def test_the_first_of_all(self) -> None:
        for number in random.Random(7).sample(range(1, 40), 6):
            with self.subTest(number):
                self.put_document(document(three()))
                self.killed_at(number)
                self.assertTrue(self.sync()["ready"])
                self.assertEqual(len(self.running()), 3)
                self.put_document(document([]))
                self.sync()
