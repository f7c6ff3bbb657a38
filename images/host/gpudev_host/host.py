"""What the host does, from one end to the other: bring a document into force, and say how it went."""
from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import bundle, datasets, direct, gate, guard, lending, mig, publish, storage, systemd, unready, verdict
from .apply import apply, ensure_image
from .aws.client import Aws
from .aws.http import Unreachable
from .config import Config
from .document import Document
from .errors import HostError, NotFound, RebootNeeded, Refused
from .files import read_json, write_json
from .idle.watch import last_decisions
from .log import say
from .setup.perform import setup
from .store import Store

FETCH_SECONDS = 1800.0
# How long the bucket may take to show the document that was asked for by its version.
VERSION_SECONDS = 60.0


class Host:
    """This host: `aws` is asked, `store` remembers, `patience` is how long an environment may take."""

    def __init__(self, config: Config, patience: gate.Patience | None = None) -> None:
        self.config = config
        self.aws = Aws(config)
        self.store = Store(config.paths, config.host)
        self._patience = patience or gate.Patience()

    @property
    def _name(self) -> str:
        return f"documents/{self.config.host}.json"

    def fetch(self, version: str | None, limit: float = FETCH_SECONDS) -> Document:
        """Fetches and accepts the bucket's document. Waits for one where the host has none yet.

        Raises Refused where it is wrong; the accepted one then stays in force.
        """
        end = time.monotonic() + (limit if self.store.accepted() is None else VERSION_SECONDS)
        while True:
            try:
                document = self.store.accept(self.aws.get_object(self._name))
                unready.disarm(self.config.paths)
                if version is None or document.version == version or time.monotonic() > end:
                    return document
            except (NotFound, Unreachable):
                if time.monotonic() > end:
                    raise
            time.sleep(3)

    def converge(self, document: Document) -> dict[str, Any]:
        """Makes the host what the document says, and judges it. Problems are in the verdict; only a needed
        reboot is raised."""
        paths, problems = self.config.paths, []
        checks: list[gate.Check] = []
        health: Mapping[str, gate.Health] = {}
        try:
            setup(self.config, document)
            guard.close()
            mig.cut(document)
            checks = gate.check_machine(document)
            if document.checks.gpus > 0 and not gate.complaints(checks):
                # Before anybody's container: a GPU that does not work should be found by the host, not by a user.
                ensure_image(paths, document, self.aws)
                driver = next((check.found for check in checks if check.name == "driver"), "")
                checks += gate.check_devices(paths, document, driver, gate.boot_id())
            problems += datasets.mount(paths, document)
            problems += apply(self.config, self.store, document, self.aws)
            problems += lending.lend(paths, document, self.aws, lending.PATIENCE_SECONDS)
            direct.configure(paths, document, self.aws)
            health = gate.await_health(lambda: gate.environments_health(paths, document.environments), self._patience)
            problems += publish.publish(self.config, document, self.aws)
        except RebootNeeded:
            raise
        except HostError as error:
            problems.append(str(error))
            health = health or gate.environments_health(paths, document.environments)
        return self.judge(document, checks, health, problems)

    def judge(
        self,
        document: Document | None,
        checks: Sequence[gate.Check],
        health: Mapping[str, gate.Health],
        problems: Sequence[str],
        refused: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Makes, keeps and sends the verdict."""
        paths = self.config.paths
        facts: dict[str, Any] = {"bundle": bundle.current(paths), "boot": gate.boot_id(), "instance": self._instance()}
        if document is not None:
            facts.update(direct.facts(paths, document))
            facts.update(last_decisions(paths, document))
        made = verdict.make(self.config, document, checks, health, problems, facts, refused)
        self._send(made)
        if made["ready"]:
            self.store.keep_good()
            (paths.state / "reboot-tried").unlink(missing_ok=True)
        return made

    def _instance(self) -> str | None:
        """The instance that says it, so that nobody takes a replaced one's words for its successor's."""
        try:
            return publish.instance(self.aws)
        except HostError:
            return None

    def _send(self, made: Mapping[str, Any]) -> None:
        content = verdict.keep(self.config, made)
        try:
            self.aws.put_object(f"verdicts/{self.config.host}.json", content)
        except HostError as error:
            say("verdict", notSent=str(error))

    def report(self) -> None:
        """Sends the last verdict again, with how environments are now: somebody's was stopped."""
        document, paths = self.store.accepted(), self.config.paths
        before = read_json(paths.state / "verdict.json")
        if document is None or not isinstance(before, dict):
            return
        health = gate.environments_health(paths, document.environments)
        self._send(verdict.renewed(self.config, before, health, last_decisions(paths, document), time.time()))

    def sync(self, digest: str | None, version: str | None, again: Callable[[], None]) -> dict[str, Any]:
        """Bundle, document, convergence. `again` runs the new release where the bundle changed; it does not return."""
        if digest is not None and bundle.update(self.config.paths, self.aws, digest):
            again()
        try:
            document = self.fetch(version)
        except Refused as error:
            return self.refuse(error.problems)
        made = self.converge(document)
        if version is not None and document.version != version:
            words = f"the bucket holds document {document.version[:12]}, not {version[:12]}: run `gpudev up` again"
            return {**made, "ready": False, "words": [*made["words"], words]}
        return made

    def boot(self) -> dict[str, Any]:
        """After a start: the bucket's document, or the accepted one where the bucket is out of reach or wrong."""
        try:
            document, late = self.fetch(None), []
        except HostError as error:
            known = self.store.accepted()
            if known is None:
                problems = error.problems if isinstance(error, Refused) else []
                return self.judge(None, [], {}, [] if problems else [str(error)], problems)
            if isinstance(error, Refused):
                self.converge(known)
                return self.refuse(error.problems)
            document, late = known, [f"the document could not be fetched, so the last accepted one is in force: {error}"]
        made = self.converge(document)
        return {**made, "words": [*made["words"], *late]}

    def refuse(self, problems: Sequence[str]) -> dict[str, Any]:
        """Says what is wrong with the document that was sent; what runs goes on as it was."""
        known = self.store.accepted()
        health = gate.environments_health(self.config.paths, known.environments) if known else {}
        return self.judge(known, [], health, [], problems)

    def install(self, digest: str) -> None:
        """The first boot's hand-over from user data. What takes long goes on after cloud-init has ended."""
        bundle.activate(self.config.paths, digest)
        for unit in ("storage", "guard"):
            done = systemd.act("start", [f"{bundle.PREFIX}{unit}.service"], 1200)
            if not done.ok:
                raise HostError(f"{bundle.PREFIX}{unit} does not start: {done.why}")
        systemd.act("start", ["docker.service"], 300)  # one that is restarting is waited for; there may be none yet
        systemd.run(["systemctl", "start", "--no-block", f"{bundle.PREFIX}apply.service"])

    def prepare_storage(self) -> None:
        if storage.prepare(self.config.paths):
            # Docker is ordered after the unit that runs this: waiting for it here would be waiting for oneself.
            systemd.run(["systemctl", "restart", "--no-block", "docker"])

    def may_reboot(self) -> bool:
        """Once for one document: a host that needs a second reboot for the same thing needs a person."""
        file = self.config.paths.state / "reboot-tried"
        known = self.store.accepted()
        mark = known.version if known else "none"
        if read_json(file) == mark:
            return False
        write_json(file, mark)
        return True
