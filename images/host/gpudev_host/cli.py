"""The command `gpudev-host`: what units, the association and a person on the host call."""
from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any

from . import guard, lending, publish, spot, systemd
from .config import Config, read_config
from .document import USER
from .errors import HostError, RebootNeeded
from .homes import forget_home, homes_folder
from .host import Host
from .idle.watch import tick
from .lock import change_lock
from .log import say
from .store import pause, pauses, unpause

# By this status the SSM agent reboots the machine and then runs the same command again.
REBOOT_BY_AGENT = 194


def parser() -> argparse.ArgumentParser:
    main_parser = argparse.ArgumentParser(prog="gpudev-host", description="What a GPU host of gpudev runs.")
    commands = main_parser.add_subparsers(dest="command", required=True)
    sync = commands.add_parser("sync", help="fetch bundle and document, and bring them into force (the association)")
    sync.add_argument("--bundle", metavar="SHA256")
    sync.add_argument("--version", metavar="SHA256")
    install = commands.add_parser("install", help="bring the unpacked release into use at first boot (user data)")
    install.add_argument("bundle", metavar="SHA256")
    commands.add_parser("boot", help="the same after a start, with the bundle that is here")
    commands.add_parser("storage", help="put Docker's data on instance-store NVMe, before Docker starts")
    commands.add_parser("guard", help="close instance metadata to containers")
    commands.add_parser("idle", help="one tick of the idle watcher")
    commands.add_parser("spot", help="wait for a Spot interruption and save everybody's work")
    commands.add_parser("publish", help="publish host keys and tokens that have changed")
    commands.add_parser("lend", help="renew the S3 credentials that are lent to users")
    for name, text in (("start", "start environments that were stopped"), ("stop", "stop environments until started")):
        one = commands.add_parser(name, help=text)
        one.add_argument("users", nargs="+", metavar="USER")
    forget = commands.add_parser("forget", help="delete the home of a user who has left, for good")
    forget.add_argument("user", metavar="USER")
    commands.add_parser("status", help="the last verdict, in words").add_argument("--json", action="store_true")
    return main_parser


def main(argv: list[str] | None = None) -> None:
    arguments = parser().parse_args(argv)
    try:
        sys.exit(_run(arguments, read_config()))
    except HostError as error:
        sys.exit(f"gpudev-host: {error}")


def _run(arguments: argparse.Namespace, config: Config) -> int:
    host = Host(config)
    command = arguments.command
    if command in ("sync", "boot"):
        return _converge(host, arguments)
    if command == "install":
        # The association may be there already, and has to find Docker's data and metadata settled.
        with change_lock(config.paths):
            host.install(arguments.bundle)
    elif command == "storage":
        host.prepare_storage()
    elif command == "guard":
        guard.close()
    elif command == "idle":
        tick(config, host.store, host.report)
    elif command == "spot":
        return _spot(host)
    elif command == "publish":
        return _publish(host)
    elif command == "lend":
        return _lend(host)
    elif command in ("start", "stop"):
        return _switch(host, command, arguments.users)
    elif command == "forget":
        return _forget(host, arguments.user)
    elif command == "status":
        return _status(config, arguments.json)
    return 0


def _converge(host: Host, arguments: argparse.Namespace) -> int:
    by_agent = arguments.command == "sync"
    try:
        with change_lock(host.config.paths):
            verdict = host.sync(arguments.bundle, arguments.version, _again) if by_agent else host.boot()
    except RebootNeeded as error:
        return _reboot(host, by_agent, error)
    print("\n".join(verdict["words"]))
    # A host that has not become ready fails its association, and so the `up` that waits for it. A boot that
    # leaves something unwell is in the verdict; a failed unit would add nothing.
    return 0 if verdict["ready"] or not by_agent else 1


def _reboot(host: Host, by_agent: bool, error: RebootNeeded) -> int:
    pending = host.config.paths.run / "reboot-pending"
    if not pending.exists() and not host.may_reboot():
        print(f"{error}; a reboot has not helped: look at `journalctl --unit gpudevhost-apply`")
        return 1
    say("reboot", reason=str(error))
    if by_agent:
        return REBOOT_BY_AGENT
    pending.touch()
    time.sleep(10)  # a waiting association ends now, with the status that makes the agent come back
    systemd.reboot()
    return 0


def _again() -> None:
    """Becomes the new release, which then finds its bundle in use. The lock is let go by this."""
    os.execv("/usr/local/sbin/gpudev-host", ["gpudev-host", *sys.argv[1:]])


def _spot(host: Host) -> int:
    if not spot.is_spot(host.aws.imds):
        say("spot", watching=False)
        return 0
    spot.watch(host.config, host.store, host.aws.imds)
    return 0


def _publish(host: Host) -> int:
    document = host.store.accepted()
    if document is None:
        return 0
    problems = publish.publish(host.config, document, host.aws)
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


def _forget(host: Host, user: str) -> int:
    """`forget`: only whom the document no longer names, and only once the environment is gone."""
    with change_lock(host.config.paths):
        document = host.store.accepted()
        folder = homes_folder(document) if document else None
        if document is None or folder is None or document.homes.kind != "volume" or USER.fullmatch(user) is None:
            print(f"{host.config.host} has no homes volume with a home of {user}")
            return 1
        if user in host.store.records() or any(one.user == user for one in document.environments):
            print(f"{user} has an environment on {host.config.host}: the home is in use")
            return 1
        there = forget_home(host.config.paths, folder, user, host.config.local_homes)
    print(f"the home of {user} is deleted" if there else f"{user} has no home here")
    return 0


def _lend(host: Host) -> int:
    document = host.store.accepted()
    problems = lending.lend(host.config.paths, document, host.aws) if document is not None else []
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


def _switch(host: Host, command: str, users: list[str]) -> int:
    """`start` and `stop` of single environments: nobody else is touched."""
    document = host.store.accepted()
    known = {one.user: one for one in document.environments} if document else {}
    strangers = sorted(set(users) - set(known))
    if document is None or strangers:
        print(f"{', '.join(strangers)}: no such user on {host.config.host}; there are {', '.join(sorted(known)) or 'none'}")
        return 1
    with change_lock(host.config.paths):
        if command == "stop":
            for user in users:
                pause(host.config.paths, user, "stopped by request")
            done = systemd.act("stop", [known[user].unit_name for user in users], 600)
            host.report()
            print(done.why if not done.ok else f"stopped: {', '.join(users)}")
            return 0 if done.ok else 1
        for user in users:
            unpause(host.config.paths, user)
        verdict = host.converge(document)
    print("\n".join(verdict["words"]))
    states: dict[str, Any] = verdict["environments"]
    return 0 if all(states.get(user, {}).get("state") == "healthy" for user in users) else 1


def _status(config: Config, as_json: bool) -> int:
    file = config.paths.state / "verdict.json"
    try:
        verdict = json.loads(file.read_text())
    except (OSError, ValueError):
        print("no verdict yet: `journalctl --unit gpudevhost-apply` shows how far this host has come")
        return 1
    if as_json:
        print(json.dumps({**verdict, "paused": pauses(config.paths)}, indent=1))
    else:
        print("\n".join([f"{verdict['at']}:", *verdict["words"]]))
    return 0 if verdict["ready"] else 1
