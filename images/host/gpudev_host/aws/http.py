"""HTTP with a time limit, a size limit and failures in words."""
from __future__ import annotations

import http.client
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import HostError

MOST_BYTES = 32 * 2**20


class Unreachable(HostError):
    """Nobody answered: worth another try."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A signature holds for one address only, and metadata never redirects."""

    def redirect_request(self, *_arguments: object) -> None:
        return None


_THROUGH_PROXY = urllib.request.build_opener(_NoRedirect)
_DIRECT = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def request(
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = 20,
    direct: bool = False,
    most: int = MOST_BYTES,
) -> Answer:
    """Any answer is a value, whatever its status. `direct` takes no proxy: for metadata and loopback.

    Raises Unreachable where there is no answer, and HostError where it is too big.
    """
    asked = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)
    opener = _DIRECT if direct else _THROUGH_PROXY
    try:
        with opener.open(asked, timeout=timeout) as answer:
            return Answer(answer.status, answer.headers, _read(answer, most, url))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, _read(error, most, url))
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{url.split('?')[0]} does not answer: {getattr(error, 'reason', error)}") from error


def ask_loopback(port: int, path: str, headers: Mapping[str, str], limit: float, most: int) -> Answer:
    """Asks a program on this host that its user may have put there: `limit` seconds in all, however slowly it sends.

    A time limit of the socket would begin anew with each byte. Raises as `request` does.
    """
    url = f"http://127.0.0.1:{port}{path}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=limit)
    end = threading.Timer(limit, lambda: _hang_up(spoken))
    end.daemon = True
    try:
        connection.connect()
        spoken = connection.sock
        end.start()
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, _read(answer, most, url))
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{url.split('?')[0]} does not answer: {error}") from error
    finally:
        end.cancel()
        connection.close()


def _hang_up(spoken: socket.socket) -> None:
    try:
        spoken.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it has ended by itself


def _read(answer: http.client.HTTPResponse | urllib.error.HTTPError, most: int, url: str) -> bytes:
    content = answer.read(most + 1)
    if len(content) > most:
        raise HostError(f"{url.split('?')[0]} sends more than {most} bytes")
    return content
