"""Programs that hang: what runs them ends all the same."""
import os
import signal
import subprocess
import sys
import unittest
import warnings
from unittest import mock

import support  # noqa: F401
from gpudev_host import commands


class Run(unittest.TestCase):
    def test_how_programs_end(self) -> None:
        script = "import sys; print(sys.stdin.read() * 2); print('so', file=sys.stderr); sys.exit(3)"
        self.assertEqual(commands.run([sys.executable, "-c", script], text="ä"), commands.Ended(3, "ää\n", "so\n"))
        self.assertEqual(commands.run(["/no/such/program"]).why, "/no/such/program is not installed")
        self.assertFalse(commands.run(["/"]).ok)

    def test_one_that_hangs_is_killed(self) -> None:
        ended = commands.run([sys.executable, "-c", "import time; time.sleep(3600)"], 0.1)
        self.assertEqual((ended.code, ended.why), (None, f"{sys.executable} did not answer within 0.1 seconds"))

    def test_one_that_cannot_be_killed_is_left_behind(self) -> None:
        """The process stands for one that a driver holds: nothing that is sent to it ends it."""
        left: list[int] = []
        warnings.simplefilter("ignore", ResourceWarning)  # Python's own word for what is meant here
        with mock.patch.object(subprocess.Popen, "kill", lambda process: left.append(process.pid)):
            with mock.patch.object(commands, "KILLED_SECONDS", 0.1):
                ended = commands.run([sys.executable, "-c", "import time; time.sleep(3600)"], 0.1)
        try:
            self.assertIsNone(ended.code)
            self.assertEqual(os.waitpid(left[0], os.WNOHANG), (0, 0))
        finally:
            os.kill(left[0], signal.SIGKILL)
            os.waitpid(left[0], 0)
