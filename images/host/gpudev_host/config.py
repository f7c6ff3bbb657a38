"""Who this host is and where its stack keeps its things: `/etc/gpudev/host.json`, written by user data."""
from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from .errors import HostError

CONFIG_FILE = "/etc/gpudev/host.json"


@dataclass(frozen=True)
class Paths:
    """Every place on the host that this software reads or writes; `root` is `/` but in tests."""

    root: Path = Path("/")

    def at(self, absolute: str) -> Path:
        """A path of the host, below `root`."""
        return self.root / absolute.lstrip("/")

    @property
    def state(self) -> Path:
        """What has to outlive a reboot."""
        return self.at("/var/lib/gpudev")

    @property
    def run(self) -> Path:
        """What a reboot should forget: which environments were stopped for being idle, for one."""
        return self.at("/run/gpudev")

    @property
    def units(self) -> Path:
        return self.at("/etc/systemd/system")

    @property
    def keys(self) -> Path:
        """One folder for each user, mounted into the container; a folder, so that its file can be replaced."""
        return self.state / "authorized_keys"

    @property
    def credentials(self) -> Path:
        """One folder for each user, mounted into the container; in memory, so that nothing of it is ever on a disk."""
        return self.run / "credentials"

    @property
    def releases(self) -> Path:
        """Unpacked bundles, by their hash; `current` beside them is the one in use."""
        return self.at("/opt/gpudev/releases")


@dataclass(frozen=True)
class Config:
    """Constant for the life of the instance."""

    bucket: str
    region: str
    host: str
    prefix: str = ""
    paths: Paths = field(default_factory=Paths)
    # Homes lie on the machine's own disk: for hosts without a volume, such as test machines.
    local_homes: bool = False
    # Seconds after a boot past the end date in which a document with a later one may arrive; shorter in tests.
    end_grace: float = 300.0
    # For tests, and for networks with endpoints of their own: `imds`, `s3`, `ssm`, `ecr`, `sts` to a base URL.
    endpoints: dict[str, str] = field(default_factory=dict)

    def key(self, name: str) -> str:
        """The bucket key of something of this stack."""
        return f"{self.prefix.strip('/')}/{name}" if self.prefix.strip("/") else name


def read_config(file: str | None = None) -> Config:
    """The host's config.

    Raises HostError where the file is missing or says too little.
    """
    place = file or os.environ.get("GPUDEV_HOST_CONFIG") or CONFIG_FILE
    try:
        value = json.loads(Path(place).read_text())
    except (OSError, ValueError) as error:
        raise HostError(f"{place}: {error}. The instance's user data writes it at first boot.") from error
    missing = [name for name in ("bucket", "region", "host") if not isinstance(value.get(name), str)]
    if missing:
        raise HostError(f"{place} lacks {', '.join(missing)}. The instance's user data writes it at first boot.")
    return Config(
        bucket=value["bucket"],
        region=value["region"],
        host=value["host"],
        prefix=value.get("prefix", ""),
        paths=Paths(Path(value.get("root", "/"))),
        local_homes=value.get("localHomes") is True,
        end_grace=float(value.get("endGrace", 300)),
        endpoints=dict(value.get("endpoints", {})),
    )
