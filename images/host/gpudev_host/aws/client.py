"""S3, SSM, ECR and STS, as far as a host needs them."""
from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from ..config import Config
from ..errors import HostError, NotFound
from .http import Answer, request
from .imds import ADDRESS, Imds
from .sigv4 import object_path, sign


class Aws:
    """Signed requests with the role's credentials. What the role may not do, it cannot do either."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.imds = Imds(config.endpoints.get("imds", ADDRESS))

    def _suffix(self) -> str:
        return "amazonaws.com.cn" if self._config.region.startswith("cn-") else "amazonaws.com"

    def _object_url(self, key: str) -> str:
        override = self._config.endpoints.get("s3")
        if override is not None:
            return override.rstrip("/") + object_path(f"{self._config.bucket}/{key}")
        return f"https://{self._config.bucket}.s3.{self._config.region}.{self._suffix()}{object_path(key)}"

    def _send(self, method: str, url: str, headers: dict[str, str], body: bytes, service: str) -> Answer:
        signed = sign(method, url, headers, body, self.imds.credentials(), self._config.region, service)
        # An endpoint of the host's own config is inside the network: no proxy leads there.
        direct = service in self._config.endpoints
        return request(method, url, signed, body if method != "GET" else None, direct=direct)

    def get_object(self, name: str) -> bytes:
        """An object of the stack. Raises NotFound, and HostError with S3's own code otherwise."""
        key = self._config.key(name)
        answer = self._send("GET", self._object_url(key), {}, b"", "s3")
        if answer.status == 200:
            return answer.body
        place = f"s3://{self._config.bucket}/{key}"
        if answer.status in (403, 404):
            # A role that may not list the bucket is told 403 of what is not there.
            raise NotFound(f"{place} does not exist yet, or the host's role may not read it: `gpudev up` writes both")
        raise HostError(f"{place} cannot be read: HTTP {answer.status} {_code(answer.body)}")

    def put_object(self, name: str, content: bytes, kind: str = "application/json") -> None:
        key = self._config.key(name)
        answer = self._send("PUT", self._object_url(key), {"content-type": kind}, content, "s3")
        if answer.status != 200:
            place = f"s3://{self._config.bucket}/{key}"
            raise HostError(f"{place} cannot be written: HTTP {answer.status} {_code(answer.body)}")

    def _call(self, service: str, target: str, value: dict[str, Any]) -> dict[str, Any]:
        host = {"ecr": "api.ecr"}.get(service, service)
        base = self._config.endpoints.get(service, f"https://{host}.{self._config.region}.{self._suffix()}")
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
        answer = self._send("POST", base.rstrip("/") + "/", headers, json.dumps(value).encode(), service)
        if answer.status != 200:
            raise HostError(f"{target.split('.')[-1]} failed: HTTP {answer.status} {_code(answer.body)}")
        return json.loads(answer.body or b"{}")

    def put_secret(self, name: str, value: str) -> None:
        """Writes a SecureString parameter. The value goes in the request's body and nowhere else."""
        body = {"Name": name, "Value": value, "Type": "SecureString", "Overwrite": True}
        self._call("ssm", "AmazonSSM.PutParameter", body)

    def put_text(self, name: str, value: str) -> None:
        """Writes a plain parameter: for what everybody may know."""
        self._call("ssm", "AmazonSSM.PutParameter", {"Name": name, "Value": value, "Type": "String", "Overwrite": True})

    def lend(self, role: str, user: str, seconds: int) -> dict[str, str]:
        """Credentials of a role for one user, who stands in the session's name and in its tag.

        Returns them in the form in which `credential_process` prints them.
        """
        fields = {
            "Action": "AssumeRole",
            "Version": "2011-06-15",
            "RoleArn": role,
            "RoleSessionName": f"gpudev-{user}",
            "DurationSeconds": str(seconds),
            "Tags.member.1.Key": "gpudev:user",
            "Tags.member.1.Value": user,
        }
        base = self._config.endpoints.get("sts", f"https://sts.{self._config.region}.{self._suffix()}")
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        answer = self._send("POST", base.rstrip("/") + "/", headers, urlencode(fields).encode(), "sts")
        if answer.status != 200:
            raise HostError(f"AssumeRole failed: HTTP {answer.status} {_code(answer.body)}")
        return _lent(answer.body)

    def registry_login(self) -> tuple[str, str]:
        """User and password for the account's ECR registries, good for twelve hours."""
        answer = self._call("ecr", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", {})
        token = answer["authorizationData"][0]["authorizationToken"]
        user, _, password = base64.b64decode(token).decode().partition(":")
        return user, password


def _lent(body: bytes) -> dict[str, str]:
    try:
        found = ElementTree.fromstring(body).find(".//{*}Credentials")
    except ElementTree.ParseError as error:
        raise HostError(f"AssumeRole answered no XML: {error}") from error
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    values = {name: found.findtext(f"{{*}}{name}") if found is not None else None for name in names}
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise HostError(f"AssumeRole answered without {', '.join(missing)}")
    return {name: value for name, value in values.items() if value}


def _code(body: bytes) -> str:
    """The error code in an answer: S3 says it in XML, the others in JSON."""
    text = body.decode(errors="replace")
    for begin, end in (("<Code>", "</Code>"), ('"__type":"', '"'), ('"__type": "', '"')):
        if begin in text:
            return text.split(begin, 1)[1].split(end, 1)[0].rsplit("#", 1)[-1][:80]
    return ""
