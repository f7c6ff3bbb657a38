"""Carries out the steps of `steps`."""
from __future__ import annotations

import os
import platform

from ..commands import run
from ..config import Config, Paths
from ..document import Document
from ..errors import HostError, RebootNeeded
from ..files import write_atomic
from ..log import say
from .facts import read_facts
from .steps import Step, steps


def setup(config: Config, document: Document) -> None:
    """Installs what is missing; on a host that has everything this asks some versions and is done.

    Raises HostError with the failed step's last words, RebootNeeded where a module fits another kernel.
    """
    for step in steps(read_facts(config.paths.root), document, config.local_homes):
        say("setup", step=step.why)
        perform(config.paths, step)


def perform(paths: Paths, step: Step) -> None:
    if step.file is not None:
        arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
        write_atomic(paths.at(step.file), step.text.replace("$(ARCH)", arch).encode())
        return
    ended = run(step.argv, step.seconds, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    if ended.ok or step.optional:
        return
    if step.argv[0] == "modprobe":
        raise RebootNeeded(f"the driver's modules are not for the running kernel: {ended.why}")
    raise HostError(f"{step.why}: {ended.why}")
