"""AWS Signature Version 4."""
from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Credentials:
    """What the instance's role lends for some hours. Never printed."""

    key_id: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _escape(text: str, safe: str = "") -> str:
    return quote(text, safe=f"-_.~{safe}")


def _query(raw: str) -> str:
    pairs = [(_escape(name), _escape(value)) for name, value in parse_qsl(raw, keep_blank_values=True)]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    region: str,
    service: str,
    now: float | None = None,
) -> dict[str, str]:
    """All headers that the request has to carry. The URL's path is taken as it will be sent.

    For S3 the body's hash goes along as `x-amz-content-sha256`, which S3 demands.
    """
    when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() if now is None else now))
    parts = urlsplit(url)
    sent = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    sent["host"] = parts.netloc
    sent["x-amz-date"] = when
    if credentials.token is not None:
        sent["x-amz-security-token"] = credentials.token
    if service == "s3":
        sent["x-amz-content-sha256"] = sha256(body)

    names = ";".join(sorted(sent))
    canonical = "\n".join(
        [
            method,
            parts.path or "/",
            _query(parts.query),
            *(f"{name}:{sent[name]}" for name in sorted(sent)),
            "",
            names,
            sha256(body),
        ]
    )
    scope = f"{when[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join([ALGORITHM, when, scope, sha256(canonical.encode())])
    key = f"AWS4{credentials.secret}".encode()
    for part in (when[:8], region, service, "aws4_request"):
        key = _hmac(key, part)
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    sent["authorization"] = (
        f"{ALGORITHM} Credential={credentials.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return sent


def object_path(key: str) -> str:
    """An S3 key as the path of a URL: S3 signs the path as sent, escaped once."""
    return "/" + _escape(key, safe="/")
