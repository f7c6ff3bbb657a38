"""systemd, as far as the host needs it."""
from __future__ import annotations

from collections.abc import Sequence

from .commands import Ended, must, run


def reload() -> None:
    must(["systemctl", "daemon-reload"], 120)


def states(units: Sequence[str]) -> dict[str, str]:
    """ActiveState of each unit; `unknown` where systemd does not say."""
    if not units:
        return {}
    ended = run(["systemctl", "show", "--property=Id,ActiveState", *units])
    found: dict[str, str] = {}
    for block in ended.out.split("\n\n"):
        fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in fields:
            found[fields["Id"]] = fields.get("ActiveState", "unknown")
    return {unit: found.get(unit, "unknown") for unit in units}


def act(verb: str, units: Sequence[str], timeout: float) -> Ended:
    """Starts, restarts or stops units together: systemd does them side by side and waits for all."""
    return run(["systemctl", verb, *units], timeout)


def last_words(unit: str) -> str:
    """The last line that a unit wrote, for the verdict."""
    ended = run(["journalctl", "--unit", unit, "--lines", "1", "--output", "cat", "--no-pager"])
    return ended.out.strip()[-300:] if ended.ok else ""


def power_off() -> Ended:
    """Shuts the machine down; EC2 then stops or terminates the instance as its shutdown behaviour says."""
    return run(["systemctl", "poweroff"])


def reboot() -> Ended:
    return run(["systemctl", "reboot"])
