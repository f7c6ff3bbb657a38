"""What each signal says, from real files, sockets and terminals."""
import json
import os
import pty
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from support import document, environment
from gpudev_host.commands import Ended
from gpudev_host.document import Document, canonical, parse
from gpudev_host.files import read_untrusted
from gpudev_host.idle.gpu import GpuUse, judge_gpu, parse_percent, read_gpu_use, runs_on_gpu
from gpudev_host.idle.jupyter import judge_kernels, judge_terminals, read_jupyter
from gpudev_host.idle.lease import FILE, read_lease
from gpudev_host.idle.processes import (
    Counters,
    judge_cpu,
    judge_traffic,
    parse_traffic,
    read_cpu,
    read_terminals,
)

NOW = 1_800_000_000.0


class Folder(unittest.TestCase):
    def setUp(self) -> None:
        temporary = TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file


class Untrusted(Folder):
    """Files that a user controls and root reads."""

    def test_a_plain_file(self) -> None:
        self.write("a/b/file", "text")
        self.assertEqual(read_untrusted(self.folder, "a/b/file", 10), b"text")
        self.assertEqual(read_untrusted(self.folder, "a/b/file", 10, os.getuid()), b"text")

    def test_everything_else_is_nothing(self) -> None:
        secret = self.write("secret", "secret")
        self.write("home/big", "x" * 100)
        self.write("home/foreign", "x")
        os.symlink(secret, self.folder / "home/link")
        os.symlink(self.folder, self.folder / "home/folder")
        os.link(secret, self.folder / "home/hard")
        os.mkfifo(self.folder / "home/pipe")
        home = self.folder / "home"
        for name in ("link", "folder/secret", "hard", "pipe", "big", "nothing", "nothing/at/all", "../secret/x"):
            with self.subTest(name):
                self.assertIsNone(read_untrusted(home, name, 50))
        self.assertIsNone(read_untrusted(home, "foreign", 50, owner=12345))


class Lease(Folder):
    def test_forms(self) -> None:
        for text, expected in (
            ("2027-01-15T08:00:00+00:00\n", 1_800_000_000.0),
            ("2027-01-15T09:00:00+01:00", 1_800_000_000.0),
            ("2027-01-15T08:00:00Z", 1_800_000_000.0),
            ("1800000000", 1_800_000_000.0),
            ("for ever", None),
            ("", None),
            ("9" * 200, None),
        ):
            with self.subTest(text):
                self.write(FILE, text)
                self.assertEqual(read_lease(self.folder), expected)

    def test_none(self) -> None:
        self.assertIsNone(read_lease(self.folder))


class FakeJupyter(BaseHTTPRequestHandler):
    answers: "dict[str, tuple[int, bytes]]" = {}
    asked: "list[str]" = []

    def log_message(self, *_arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        self.asked.append(self.path)
        authorized = self.headers.get("Authorization") == "token abcdefghijklmnop"
        status, body = self.answers.get(self.path.split("?")[0], (404, b"")) if authorized else (403, b"")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Jupyter(Folder):
    def setUp(self) -> None:
        super().setUp()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), FakeJupyter)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.write(".config/gpudev/jupyter-token", "abcdefghijklmnop\n")
        FakeJupyter.asked.clear()
        FakeJupyter.answers = {}

    def read(self) -> "dict[str, float | str | None]":
        found = read_jupyter(self.folder, self.server.server_address[1], NOW)
        return {one.source: one.unknown or one.at for one in found}

    def test_kernels_and_terminals(self) -> None:
        kernels = [
            {"execution_state": "idle", "last_activity": "2027-01-15T07:00:00.000000Z", "connections": 1},
            {"execution_state": "idle", "last_activity": "2027-01-15T07:30:00.500000Z", "connections": 0},
        ]
        FakeJupyter.answers = {
            "/api/kernels": (200, json.dumps(kernels).encode()),
            "/api/terminals": (200, b'[{"name": "1", "last_activity": "2027-01-15T07:45:00Z"}]'),
        }
        self.assertEqual(self.read(), {"kernels": NOW - 1799.5, "terminals": NOW - 900})
        self.assertEqual(FakeJupyter.asked, ["/api/kernels?no_track_activity=1", "/api/terminals?no_track_activity=1"])

    def test_terminals_that_are_off_are_no_fault(self) -> None:
        FakeJupyter.answers = {"/api/kernels": (200, b"[]")}
        self.assertEqual(self.read(), {"kernels": None, "terminals": None})

    def test_what_cannot_be_read_is_unknown(self) -> None:
        for name, answer, word in (
            ("an error", (500, b""), "HTTP 500"),
            ("no JSON", (200, b"<html>"), "Jupyter does not tell"),
            ("another form", (200, b'[{"state": 1}]'), "Jupyter does not tell"),
            ("no list", (200, b"7"), "Jupyter does not tell"),
            ("too deep", (200, b"[" * 100_000), "Jupyter does not tell"),
            ("too much", (200, b"[" + b" " * 2**21 + b"]"), "more than 1048576 bytes"),
        ):
            with self.subTest(name):
                FakeJupyter.answers = {"/api/kernels": answer}
                self.assertIn(word, str(self.read()["kernels"]))

    def test_words_of_a_users_server_are_cut(self) -> None:
        kernel = {"execution_state": "idle", "last_activity": "x" * 5000}
        FakeJupyter.answers = {"/api/kernels": (200, json.dumps([kernel]).encode())}
        self.assertEqual(len(str(self.read()["kernels"])), len("Jupyter does not tell: ") + 200)

    def test_a_server_that_sends_for_ever_is_hung_up_on(self) -> None:
        def drip(handler: FakeJupyter) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", "1000000")
            handler.end_headers()
            try:
                while True:
                    handler.wfile.write(b"[")
                    handler.wfile.flush()
                    time.sleep(0.02)
            except OSError:
                pass  # hung up on

        with mock.patch.object(FakeJupyter, "do_GET", drip), mock.patch("gpudev_host.idle.jupyter.ANSWER_SECONDS", 0.2):
            found = self.read()
        for source in ("kernels", "terminals"):
            self.assertIn("Jupyter does not tell", str(found[source]))

    def test_another_token_is_unknown(self) -> None:
        self.write(".config/gpudev/jupyter-token", "ponmlkjihgfedcba")
        self.assertIn("HTTP 403", str(self.read()["kernels"]))

    def test_no_token_is_unknown(self) -> None:
        (self.folder / ".config/gpudev/jupyter-token").unlink()
        self.assertEqual(self.read(), {"jupyter": "its token cannot be read"})

    def test_nobody_there_is_unknown(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.assertIn("does not answer", str(self.read()["kernels"]))

    def test_a_busy_kernel_is_active_now(self) -> None:
        found = judge_kernels([{"execution_state": "busy", "last_activity": "2000-01-01T00:00:00Z"}], NOW)
        self.assertEqual(found.at, NOW)
        self.assertIsNone(judge_kernels([], NOW).at)
        self.assertIsNone(judge_terminals([{"name": "1"}], NOW).at)


class Processes(Folder):
    def test_typing_into_a_terminal_moves_it_and_printing_does_not(self) -> None:
        """A real terminal in place of a container's; `who` a tty's idle time comes from says the same."""
        control, terminal = pty.openpty()
        self.addCleanup(os.close, control)
        self.addCleanup(os.close, terminal)
        place = self.folder / "7/root/dev/pts"
        place.parent.mkdir(parents=True)
        os.symlink("/dev/pts", place)
        name = os.ttyname(terminal)
        # The kernel moves a terminal's times in steps of eight seconds, so it is set back first.
        os.utime(name, (1000, 1000))
        os.write(terminal, b"output\n")
        self.assertEqual(os.stat(name).st_atime, 1000)
        os.write(control, b"input\n")
        os.read(terminal, 10)
        at = read_terminals(7, self.folder).at
        assert at is not None
        self.assertGreater(at, time.time() - 60)

    def test_no_terminals(self) -> None:
        (self.folder / "7/root/dev/pts").mkdir(parents=True)
        (self.folder / "7/root/dev/pts/ptmx").touch()
        (self.folder / "7/root/dev/pts/3").touch()  # no terminal, whatever its name
        found = read_terminals(7, self.folder)
        self.assertEqual((found.at, found.unknown), (None, None))

    def test_a_container_that_is_gone_is_unknown(self) -> None:
        self.assertIsNotNone(read_terminals(7, self.folder).unknown)

    def test_cpu_of_both_generations_of_control_groups(self) -> None:
        self.write("proc/7/cgroup", "0::/system.slice/docker-abc.scope\n")
        self.write("cgroup/system.slice/docker-abc.scope/cpu.stat", "usage_usec 2500000\nuser_usec 1\n")
        self.write("proc/8/cgroup", "12:pids:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n")
        self.write("cgroup/cpu,cpuacct/docker/abc/cpuacct.usage", "1500000000\n")
        self.write("proc/9/cgroup", "3:cpuacct:/docker/abc\n")
        self.write("cgroup/cpuacct/docker/abc/cpuacct.usage", "500000000\n")
        read = lambda pid: read_cpu(pid, self.folder / "proc", self.folder / "cgroup")  # noqa: E731
        self.assertEqual([read(7), read(8), read(9), read(10)], [2.5, 1.5, 0.5, None])

    def test_this_process_has_cpu(self) -> None:
        self.assertGreater(read_cpu(os.getpid()) or 1.0, 0)

    def test_cpu_judgement(self) -> None:
        before = Counters("id", NOW - 60, 100.0, None)
        for name, earlier, seconds, on_gpu, active in (
            ("first look", None, 100.0, False, False),
            ("another container of the name", Counters("old", NOW - 60, 0.0, None), 100.0, False, False),
            ("at rest", before, 103.0, False, False),
            ("a tenth of a core", before, 106.0, False, False),
            ("a fifth of a core", before, 112.0, False, True),
            ("a tenth of a core that feeds a GPU", before, 106.0, True, True),
        ):
            with self.subTest(name):
                found = judge_cpu(earlier, Counters("id", NOW, seconds, None), on_gpu)
                self.assertEqual((found.at, found.unknown), (NOW if active else None, None))
        self.assertIsNotNone(judge_cpu(before, Counters("id", NOW, None, None), False).unknown)

    def test_traffic(self) -> None:
        text = (
            "0 0 172.18.0.2:2222 172.18.0.1:40000\n\t cubic wscale:7,7 rto:204 bytes_sent:1000 bytes_acked:1000 bytes_received:500 segs_out:9\n"
            "0 0 172.18.0.2:2222 172.18.0.1:40002\n\t cubic bytes_received:7\n"
        )
        self.assertEqual(parse_traffic(text), 1507.0)
        self.assertEqual(parse_traffic(""), 0.0)
        before = Counters("id", NOW - 60, None, 1000.0)
        for name, now, ssh, expected in (
            ("heartbeats", 6_000.0, True, (None, None)),
            ("a copy", 10_000_000.0, True, (NOW, None)),
            ("a connection that ended", 10.0, True, (None, None)),
            ("not readable", None, True, (None, "connections cannot be read")),
            ("no SSH here", None, False, (None, None)),
        ):
            with self.subTest(name):
                found = judge_traffic(before, Counters("id", NOW, None, now), ssh)
                self.assertEqual((found.at, found.unknown), expected)


class Gpu(Folder):
    def parsed(self, sharing: str) -> Document:
        gpu: "dict[str, object]" = {"sharing": sharing, "modules": "open", "fabricManager": False}
        checks = {"driverMin": "525.60.13", "toolkitMin": "1.19.1", "gpus": 4}
        return parse(canonical(document([environment("alice", 0)], gpu=gpu, checks=checks)), "host-0")

    def test_rows(self) -> None:
        self.assertEqual(parse_percent("0, 3\n1, 97\n2, [N/A]\n"), {"0": 3, "1": 97, "2": None})

    def test_the_highest_of_three_looks(self) -> None:
        answers = iter(["0, 1\n1, 0\n", "0, 90\n1, 0\n", "0, 0\n1, 2\n", "123\n456\n"])
        use = read_gpu_use(lambda _: None, lambda *_: Ended(0, next(answers), ""))
        self.assertEqual((use.percent, use.processes), ({"0": 90, "1": 2}, frozenset({123, 456})))

    def test_a_driver_that_hangs_is_unknown(self) -> None:
        use = read_gpu_use(lambda _: None, lambda *_: Ended(None, "", "nvidia-smi did not answer within 30 seconds"))
        found = judge_gpu(self.parsed("devices"), ["0"], False, use, NOW)
        self.assertEqual(found.unknown, "nvidia-smi: nvidia-smi did not answer within 30 seconds")

    def test_judgement(self) -> None:
        use = GpuUse({"0": 3, "1": 97, "2": None}, frozenset())
        for name, sharing, devices, on_gpu, expected in (
            ("its own at rest", "devices", ["0"], False, (None, False)),
            ("one of its own at work", "devices", ["0", "1"], False, (NOW, False)),
            ("no GPU", "devices", [], False, (None, False)),
            ("no figure", "devices", ["2"], False, (None, True)),
            ("a device that is not there", "devices", ["9"], False, (None, True)),
            ("somebody else's work on a shared one", "time-slicing", ["1"], False, (None, False)),
            ("its own work on a shared one", "time-slicing", ["1"], True, (NOW, False)),
            ("a slice has no figure and needs none", "mig", ["2:0"], True, (None, False)),
        ):
            with self.subTest(name):
                found = judge_gpu(self.parsed(sharing), devices, on_gpu, use, NOW)
                self.assertEqual((found.at, found.unknown is not None), expected)

    def test_whose_process_it_is(self) -> None:
        self.write("12/cgroup", "0::/system.slice/docker-abcdef.scope\n")
        self.assertTrue(runs_on_gpu("abcdef", frozenset({12, 13}), self.folder))
        self.assertFalse(runs_on_gpu("fedcba", frozenset({12, 13}), self.folder))
        self.assertFalse(runs_on_gpu("", frozenset({12}), self.folder))
