"""A Spot notice: heard within its five seconds, and the time left given to the work."""
import json
import threading
import time
import unittest

from support import HostCase, document, environment
from gpudev_host import spot
from gpudev_host.aws.imds import Imds

ACTION = "meta-data/spot/instance-action"


class Parts(unittest.TestCase):
    def test_notices(self) -> None:
        found = spot.parse_notice('{"action": "stop", "time": "2027-01-15T08:00:00Z"}', 0)
        self.assertEqual((found.action, found.at), ("stop", 1_800_000_000.0))
        for text in ("", "{}", '{"action": "stop", "time": 7}', "[]"):
            with self.subTest(text):
                self.assertEqual(spot.parse_notice(text, 1000.0).at, 1120.0)

    def test_time_for_the_work(self) -> None:
        self.assertEqual([spot.stop_seconds(at, 0) for at in (120, 60, 21, 0, -50)], [100, 40, 5, 5, 5])


class Watcher(HostCase):
    def setUp(self) -> None:
        super().setUp()
        self.put_document(document([environment("alice", 0), environment("bob", 1)]))
        self.sync()
        self.imds = Imds(self.aws.url)

    def notice(self, seconds: float) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
        return json.dumps({"action": "stop", "time": at})

    def test_nothing_happens_before_the_notice(self) -> None:
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 3:
                self.aws.metadata[ACTION] = self.notice(120)

        spot.watch(self.config, self.host.store, self.imds, sleep)
        self.assertEqual(len(waits), 3)
        self.assertTrue(all(2.0 < wait <= 5.0 for wait in waits), waits)
        self.assertEqual(self.running(), [])
        stop = self.calls("docker stop")[0].split()
        self.assertEqual(stop[4:], ["gpudev-team-alice", "gpudev-team-bob"])
        self.assertTrue(95 <= int(stop[3]) <= 100, stop)
        self.assertEqual(self.calls("sync")[-1], "sync ")
        dropin = (self.root / "run/systemd/system/gpudev-alice.service.d/spot.conf").read_text()
        self.assertIn("Restart=no", dropin)

    def test_metadata_that_fails_for_a_while_is_asked_again(self) -> None:
        token = self.aws.metadata.pop("meta-data/iam/security-credentials/")
        del token
        rounds: list[float] = []
        broken = Imds("http://127.0.0.1:9")

        def sleep(seconds: float) -> None:
            rounds.append(seconds)
            if len(rounds) == 2:
                broken._base = self.aws.url
                self.aws.metadata[ACTION] = self.notice(60)

        spot.watch(self.config, self.host.store, broken, sleep)
        self.assertEqual(self.running(), [])

    def test_only_spot_instances_watch(self) -> None:
        self.assertFalse(spot.is_spot(self.imds))
        self.aws.metadata["meta-data/instance-life-cycle"] = "on-demand"
        self.assertFalse(spot.is_spot(self.imds))
        self.aws.metadata["meta-data/instance-life-cycle"] = "spot"
        self.assertTrue(spot.is_spot(self.imds))

    def test_a_session_token_that_ran_out_is_renewed(self) -> None:
        self.imds._token = ("old", time.monotonic() + 1000)
        self.aws.metadata["meta-data/instance-life-cycle"] = "spot"
        self.assertTrue(spot.is_spot(self.imds))

    def test_it_runs_as_it_will_on_the_host(self) -> None:
        """The real pause, in a thread: a notice is acted upon within some seconds."""
        self.aws.metadata[ACTION] = self.notice(30)
        thread = threading.Thread(target=spot.watch, args=(self.config, self.host.store, self.imds))
        thread.start()
        thread.join(60)
        self.assertFalse(thread.is_alive())
        self.assertEqual(self.running(), [])
