"""Whether the host is ready: driver, toolkit, every GPU inside the image, each environment's health.

What is measured here is judged in `verdict`.
"""
from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import docker, guard, systemd
from .commands import run
from .config import Paths
from .document import Document, Environment
from .errors import HostError
from .files import read_json, write_json
from .store import pauses

CHECK_SECONDS = 300
# From container toolkit 1.19.1 on its CDI specs are of version 0.7.0, which older ones cannot read.
DOCKER_MIN = "26.1"
# torch is read from disk once for each check; more at a time only wait for the disk together.
CHECKS_AT_ONCE = 4


@dataclass(frozen=True)
class Check:
    """One thing that has to be right. `words` say what is wrong and what mends it."""

    name: str
    ok: bool
    found: str
    words: str = ""


@dataclass(frozen=True)
class Health:
    """One environment: `healthy`, `starting`, `unhealthy`, `stopped` (on purpose) or `failed`."""

    state: str
    reason: str = ""

    @property
    def ok(self) -> bool:
        return self.state in ("healthy", "stopped")


def version(text: str) -> tuple[int, ...]:
    """The first dotted number in a text, for comparing; empty where there is none."""
    found = re.search(r"\d+(\.\d+)+", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def at_least(found: str, least: str) -> bool:
    return bool(version(found)) and version(found) >= tuple(int(part) for part in least.split("."))


@dataclass(frozen=True)
class Driver:
    """What nvidia-smi shows: one version, and the names of the GPUs."""

    version: str
    gpus: tuple[str, ...]
    error: str = ""


def read_driver() -> Driver:
    query = ["nvidia-smi", "--query-gpu=driver_version,name", "--format=csv,noheader"]
    ended = run(query, 60)
    if not ended.ok:
        return Driver("", (), ended.why)
    rows = [[cell.strip() for cell in row] for row in csv.reader(ended.out.splitlines()) if len(row) == 2]
    return Driver(rows[0][0] if rows else "", tuple(name for _, name in rows))


def check_machine(document: Document) -> list[Check]:
    """Driver, GPUs, toolkit, Docker's CDI, fabric manager. A host without GPUs has none of them to check."""
    checks = [_metadata_check(), _seccomp_check()]
    wanted = document.checks
    if wanted.gpus == 0:
        return checks
    driver = read_driver()
    checks.append(
        Check(
            "driver",
            at_least(driver.version, wanted.driver_min),
            driver.version or "none",
            f"the NVIDIA driver is {driver.version or 'not answering'}, the image needs {wanted.driver_min} or newer"
            + (f" ({driver.error})" if driver.error else "")
            + ": `gpudev upgrade` brings another AMI; a mismatch after an update needs a reboot",
        )
    )
    count = len(driver.gpus)
    checks.append(
        Check(
            "gpus",
            count == wanted.gpus,
            f"{count} ({', '.join(sorted(set(driver.gpus)))})" if count else "0",
            f"the driver shows {count} GPUs, this instance type has {wanted.gpus}: stop and start the host, "
            "which moves it to other hardware",
        )
    )
    toolkit = run(["nvidia-ctk", "--version"])
    checks.append(
        Check(
            "toolkit",
            toolkit.ok and at_least(toolkit.out, wanted.toolkit_min),
            ".".join(map(str, version(toolkit.out))) or "none",
            f"the container toolkit has to be {wanted.toolkit_min} or newer (older ones let containers break out): "
            "`gpudev upgrade`",
        )
    )
    engine = run(["docker", "version", "--format", "{{.Server.Version}}"])
    checks.append(
        Check(
            "docker",
            at_least(engine.out, DOCKER_MIN),
            engine.out.strip() or "none",
            f"Docker has to be {DOCKER_MIN} or newer to read the toolkit's device names: `gpudev upgrade`",
        )
    )
    if document.gpu.fabric_manager:
        checks.append(_fabric_check(driver))
    return checks


def _fabric_check(driver: Driver) -> Check:
    active = run(["systemctl", "is-active", "--quiet", "nvidia-fabricmanager"]).ok
    found = run(["nv-fabricmanager", "--version"])
    same = version(found.out) == version(driver.version)
    return Check(
        "fabricManager",
        active and same,
        ".".join(map(str, version(found.out))) or "none",
        f"the fabric manager has to run in exactly the driver's version, {driver.version}: without it CUDA does not start",
    )


def _seccomp_check() -> Check:
    """Environments rely on Docker's own seccomp profile, which a daemon's settings can switch off."""
    ended = run(["docker", "info", "--format", "{{json .SecurityOptions}}"])
    on = "name=seccomp" in ended.out and "unconfined" not in ended.out
    return Check("seccomp", on, "on" if on else "off", "Docker's seccomp profile has to be on: see /etc/docker/daemon.json")


def _metadata_check() -> Check:
    try:
        guard.check()
    except HostError as error:
        return Check("metadata", False, "reachable", str(error))
    return Check("metadata", True, "closed to containers")


def devices_of(document: Document) -> list[str]:
    """Every device that a container may get: those of the environments, and on whole GPUs all of them. Pure."""
    named = {device for one in document.environments for device in one.devices}
    if document.gpu.sharing != "mig":
        named |= {str(index) for index in range(document.checks.gpus)}
    elif document.gpu.mig is not None:
        named |= {f"{gpu}:{slice_}" for gpu in range(document.checks.gpus) for slice_ in range(document.gpu.mig.slices)}
    return sorted(named, key=lambda name: [int(part) if part.isdigit() else 0 for part in name.split(":")])


def gpu_check(image: str, device: str) -> tuple[str, ...]:
    """Runs the image's own `gpu-check` on one device, in the environment's hardening; returns the problems."""
    options = ["--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--tmpfs=/tmp"]
    name = f"gpudevcheck-{device.replace(':', '-')}"
    command = ["docker", "run", "--rm", f"--name={name}", *options]
    command += [f"--device=nvidia.com/gpu={device}", "--entrypoint=/usr/local/bin/gpu-check"]
    # One that hangs outlives its client, and one of a killed run as well: it would keep the GPU from its user, and
    # look like that user's work.
    run(["docker", "rm", "--force", name])
    ended = run([*command, image, "--json", "--require-gpu"], CHECK_SECONDS)
    if ended.code is None:
        run(["docker", "rm", "--force", name])
    try:
        report: dict[str, Any] = json.loads(ended.out)
    except ValueError:
        return (ended.why,)
    return () if ended.ok and report.get("fits") is True else tuple(map(str, report.get("problems", []))) or (ended.why,)


def check_devices(paths: Paths, document: Document, driver: str, boot: str) -> list[Check]:
    """`gpu-check` on every device. What passed once holds for this boot, image and driver: people work there."""
    if document.checks.gpus == 0:
        return []
    memory = paths.run / "gpu-checks.json"
    key = {"boot": boot, "image": document.image, "driver": driver}
    known = read_json(memory) or {}
    passed: set[str] = set(known.get("passed", [])) if known.get("key") == key else set()
    devices = devices_of(document)
    left = [device for device in devices if device not in passed]
    with ThreadPoolExecutor(CHECKS_AT_ONCE) as pool:
        results = dict(zip(left, pool.map(lambda device: gpu_check(document.image, device), left)))
    passed |= {device for device, problems in results.items() if not problems}
    write_json(memory, {"key": key, "passed": sorted(passed)})
    return [
        Check(
            f"gpu-check {device}",
            device in passed,
            "passed" if device in passed else "failed",
            f"GPU {device} does not work in the image: {'; '.join(results.get(device, ()))}",
        )
        for device in devices
    ]


def judge_health(environment: Environment, container: docker.Container | None, unit: str, paused: str | None) -> Health:
    """An environment's state from Docker's and systemd's view of it. Pure."""
    if paused is not None and (container is None or not container.running):
        return Health("stopped", paused)
    if container is not None and container.running:
        if container.health in ("healthy", None):
            return Health("healthy")
        return Health("starting" if container.health == "starting" else "unhealthy", container.complaint)
    if unit in ("active", "activating"):
        return Health("starting", f"{environment.unit_name} is {unit}")
    return Health("failed", f"{environment.unit_name} is {unit}")


def environments_health(paths: Paths, environments: Sequence[Environment]) -> dict[str, Health]:
    units = systemd.states([one.unit_name for one in environments])
    paused = pauses(paths)
    try:
        found = docker.containers([one.container for one in environments])
    except HostError as error:
        return {one.user: Health("failed", str(error)) for one in environments}
    return {
        one.user: judge_health(one, found.get(one.container), units[one.unit_name], paused.get(one.user))
        for one in environments
    }


@dataclass(frozen=True)
class Patience:
    """How long the gate waits, in seconds: for health at all, for a failure to come round, between two looks."""

    whole: float = 600.0
    failure: float = 30.0
    pause: float = 1.0


def await_health(look: Callable[[], Mapping[str, Health]], patience: Patience) -> Mapping[str, Health]:
    """Waits until nobody is starting any more; a failure may still come round, as systemd starts it again."""
    end = time.monotonic() + patience.whole
    failing_since: float | None = None
    while True:
        states = look()
        now = time.monotonic()
        if all(one.ok for one in states.values()) or now > end:
            return states
        if any(one.state == "starting" for one in states.values()):
            failing_since = None
        elif failing_since is None:
            failing_since = now
        elif now - failing_since > patience.failure:
            return states
        time.sleep(patience.pause)


def boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def complaints(checks: Iterable[Check]) -> list[str]:
    return [check.words for check in checks if not check.ok]
