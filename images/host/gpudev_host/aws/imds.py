"""The instance's metadata, by IMDSv2 only: every question carries a session token."""
from __future__ import annotations

import json
import time
from typing import Any

from ..errors import HostError
from .http import Unreachable, request
from .sigv4 import Credentials

ADDRESS = "http://169.254.169.254"
TOKEN_SECONDS = 21600


class Imds:
    """Questions to the metadata service. Tokens and credentials are kept while they hold."""

    def __init__(self, base: str = ADDRESS, timeout: float = 2) -> None:
        self._base = base.rstrip("/")
        self._timeout = timeout
        self._token: tuple[str, float] | None = None
        self._credentials: tuple[Credentials, float] | None = None

    def _session(self) -> str:
        if self._token is None or self._token[1] < time.monotonic():
            answer = request(
                "PUT",
                f"{self._base}/latest/api/token",
                {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_SECONDS)},
                timeout=self._timeout,
                direct=True,
            )
            if answer.status != 200:
                raise Unreachable(f"the metadata service gives no session token: HTTP {answer.status}")
            self._token = (answer.body.decode(), time.monotonic() + TOKEN_SECONDS / 2)
        return self._token[0]

    def get(self, path: str) -> str | None:
        """The text at `/latest/<path>`; None where there is none (404)."""
        for _ in range(2):
            answer = request(
                "GET",
                f"{self._base}/latest/{path}",
                {"X-aws-ec2-metadata-token": self._session()},
                timeout=self._timeout,
                direct=True,
            )
            if answer.status == 401:  # the token ran out, for instance over a suspended clock
                self._token = None
                continue
            break
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise Unreachable(f"the metadata service answers HTTP {answer.status} for {path}")
        return answer.body.decode()

    def credentials(self) -> Credentials:
        """What the instance's role lends.

        Raises HostError where the instance has no role.
        """
        if self._credentials is not None and self._credentials[1] > time.time() + 300:
            return self._credentials[0]
        role = self.get("meta-data/iam/security-credentials/")
        if role is None or not role.strip():
            raise HostError("this instance has no role: attach the instance profile of the stack's host")
        text = self.get(f"meta-data/iam/security-credentials/{role.split()[0]}")
        value: dict[str, Any] = json.loads(text or "{}")
        if value.get("Code") != "Success":
            raise HostError(f"the metadata service lends no credentials of role {role.split()[0]}: {value.get('Code')}")
        credentials = Credentials(value["AccessKeyId"], value["SecretAccessKey"], value["Token"])
        self._credentials = (credentials, parse_time(value["Expiration"]))
        return credentials


def parse_time(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 time; without an offset it is UTC. Raises ValueError."""
    from datetime import datetime, timezone

    value = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    return (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).timestamp()
