"""Keeps containers away from the instance's metadata, and with it from the instance's role.

A hop limit of 1 keeps tokens from containers behind a bridge; this holds where that is not so, and
against whatever else listens on those addresses. The rules stand in DOCKER-USER, which Docker passes
every forwarded packet through and never empties; the chain may be made before Docker starts.
"""
from __future__ import annotations

from .commands import must, run
from .errors import HostError

CHAIN = "DOCKER-USER"
# Instance metadata, and the credential endpoints of ECS and EKS beside it. DNS and time stay open.
BLOCKED = {
    "iptables": ("169.254.169.254/32", "169.254.170.0/24"),
    "ip6tables": ("fd00:ec2::254/128", "fd00:ec2::23/128"),
}


def rules(tool: str) -> list[list[str]]:
    """What has to stand in the chain."""
    return [["-d", address, "-j", "DROP"] for address in BLOCKED[tool]]


def missing(tool: str) -> list[list[str]]:
    return [rule for rule in rules(tool) if not run([tool, "-w", "10", "-C", CHAIN, *rule]).ok]


def close() -> None:
    """Puts the rules in front of all others. Raises HostError: then Docker must not start."""
    for tool in BLOCKED:
        if tool == "ip6tables" and not run([tool, "-w", "10", "-L", "FORWARD", "-n"]).ok:
            continue  # a kernel without IPv6 has no way there
        run([tool, "-w", "10", "-N", CHAIN])  # exists already where Docker ran before
        for rule in missing(tool):
            must([tool, "-w", "10", "-I", CHAIN, "1", *rule])
        if not run([tool, "-w", "10", "-C", "FORWARD", "-j", CHAIN]).ok:
            must([tool, "-w", "10", "-I", "FORWARD", "1", "-j", CHAIN])


def check() -> None:
    """Raises HostError where containers could reach metadata."""
    if missing("iptables") or not run(["iptables", "-w", "10", "-C", "FORWARD", "-j", CHAIN]).ok:
        raise HostError("containers could reach the instance's metadata: `gpudev-host guard`")
