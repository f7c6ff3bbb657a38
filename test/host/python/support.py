"""A host in a folder: fake programs on PATH, AWS on the loopback address, documents to apply."""
from __future__ import annotations

import base64
import io
import json
import os
import shutil
import sys
import tempfile
import threading
import time
import unittest
from contextlib import redirect_stderr
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "images/host"))

from gpudev_host.config import Config, Paths  # noqa: E402
from gpudev_host.document import canonical, version_of  # noqa: E402
from gpudev_host.gate import Patience  # noqa: E402
from gpudev_host.host import Host  # noqa: E402

FAKES = Path(__file__).resolve().parent / "fakes"
# As STS answers AssumeRole (API reference), shortened.
ASSUMED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult>
    <AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/data/gpudev-alice</Arn></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>ASIALENT{0}</AccessKeyId>
      <SecretAccessKey>lent-secret-{0}</SecretAccessKey>
      <SessionToken>lent-token-{0}</SessionToken>
      <Expiration>{1}</Expiration>
    </Credentials>
  </AssumeRoleResult>
</AssumeRoleResponse>"""
TOKEN = "t0ken-of-this-session"


class FakeAws(ThreadingHTTPServer):
    """IMDS, S3, SSM and ECR as far as a host asks them. It insists on session tokens and on signatures."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.parameters: dict[str, dict[str, Any]] = {}
        self.metadata: dict[str, str] = {
            "meta-data/iam/security-credentials/": "host-role",
            "meta-data/iam/security-credentials/host-role": json.dumps(
                {
                    "Code": "Success",
                    "AccessKeyId": "ASIAEXAMPLE",
                    "SecretAccessKey": "secret",
                    "Token": "session",
                    "Expiration": "2099-01-01T00:00:00Z",
                }
            ),
        }
        self.requests: list[str] = []
        self.refuse_parameters = False
        # What is asked of STS, and how often it refuses before it lends.
        self.lent: list[dict[str, str]] = []
        self.refusals = 0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def endpoints(self) -> dict[str, str]:
        return {name: self.url for name in ("imds", "s3", "ssm", "ecr", "sts")}


class _Handler(BaseHTTPRequestHandler):
    server: FakeAws

    def log_message(self, *_arguments: object) -> None:
        pass

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _signed(self) -> bool:
        return self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/")

    def do_GET(self) -> None:
        self.server.requests.append(f"GET {self.path}")
        if self.path.startswith("/latest/"):
            if self.headers.get("X-aws-ec2-metadata-token") != TOKEN:
                return self._answer(401)
            value = self.server.metadata.get(self.path[len("/latest/") :])
            return self._answer(404) if value is None else self._answer(200, value.encode())
        if not self._signed():
            return self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        found = self.server.objects.get(self.path.lstrip("/"))
        # As S3 answers a role that may not list.
        return self._answer(403, b"<Error><Code>AccessDenied</Code></Error>") if found is None else self._answer(200, found)

    def do_PUT(self) -> None:
        self.server.requests.append(f"PUT {self.path}")
        body = self._body()
        if self.path == "/latest/api/token":
            return self._answer(200, TOKEN.encode())
        if not self._signed():
            return self._answer(403)
        self.server.objects[self.path.lstrip("/")] = body
        return self._answer(200)

    def do_POST(self) -> None:
        target = self.headers.get("X-Amz-Target", "")
        self.server.requests.append(f"POST {target}")
        body = self._body()
        if not self._signed():
            return self._answer(403)
        if self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return self._lend(dict(parse_qsl(body.decode())))
        value = json.loads(body)
        if target.endswith("PutParameter"):
            if self.server.refuse_parameters:
                return self._answer(400, b'{"__type":"AccessDeniedException"}')
            self.server.parameters[value["Name"]] = value
            return self._answer(200, b'{"Version":1}')
        token = base64.b64encode(b"AWS:registry-password").decode()
        return self._answer(200, json.dumps({"authorizationData": [{"authorizationToken": token}]}).encode())


    def _lend(self, fields: dict[str, str]) -> None:
        if self.server.refusals > 0:
            self.server.refusals -= 1
            return self._answer(403, b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")
        self.server.lent.append(fields)
        end = time.time() + int(fields["DurationSeconds"])
        number = len(self.server.lent)
        return self._answer(200, ASSUMED.format(number, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))).encode())


def environment(user: str, slot: int, image: str = "example.com/image@sha256:1", /, **changes: Any) -> dict[str, Any]:
    container = f"gpudev-team-{user}"
    value = {
        "user": user,
        "slot": slot,
        "container": container,
        "home": {
            "path": f"/var/lib/gpudev/homes/{user}",
            "quotaBytes": 100 * 2**30,
            "uid": os.getuid() or 1000,
            "gid": os.getgid() or 1000,
        },
        "unitName": f"gpudev-{user}.service",
        "unit": f"[Service]\nExecStart=/usr/bin/docker run --rm --name {container} --read-only {image} jupyter ssh\n",
        "authorizedKeys": f"ssh-ed25519 AAAA{user} {user}@laptop\n",
        "devices": [str(slot)],
        "ports": {"jupyter": 8888 + slot, "ssh": 2222 + slot},
    }
    return {**value, **changes}


def document(environments: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """A whole document, with its version."""
    value = {
        "schema": "gpudev.host/1",
        "stack": "team",
        "id": "7f3k2m",
        "host": "host-0",
        "region": "eu-west-1",
        "image": "example.com/image@sha256:1",
        "checks": {"driverMin": "525.60.13", "toolkitMin": "1.19.1", "gpus": 0},
        "gpu": {"sharing": "devices", "modules": "open", "fabricManager": False},
        "homes": {"kind": "volume"},
        "parameters": "/gpudev/7f3k2m/host-0",
        "lifetime": {"idleStop": 2700, "graceSeconds": 30, "maxLease": 43200},
        "data": [],
        "environments": environments,
        **changes,
    }
    return {**value, "version": version_of(value)}


class HostCase(unittest.TestCase):
    """A test with a host of its own in a temporary folder."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gpudev-host-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.root, self.fake = self.folder / "root", self.folder / "fake"
        for name in ("units", "running", "containers", "health", "broken", "caddy"):
            (self.fake / name).mkdir(parents=True)
        for name in ("etc/systemd/system", "etc", "run", "proc", "sys"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.root / "etc/os-release").write_text('ID=ubuntu\nVERSION_ID="24.04"\n')
        self.caddy_makes("first")
        (self.fake / "calls").touch()
        (self.fake / "starts").touch()
        for tool in ("iptables", "ip6tables"):
            (self.fake / f"{tool}.rules").write_text("")
        self._environ = dict(os.environ)
        self.addCleanup(self._restore)
        os.environ.update(FAKE=str(self.fake), ROOT=str(self.root), PATH=f"{FAKES}:{self._tools()}")
        self._quiet()
        self.aws = FakeAws()
        self.addCleanup(self.aws.server_close)
        self.addCleanup(self.aws.shutdown)
        self.config = Config(
            bucket="bucket",
            region="eu-west-1",
            host="host-0",
            prefix="team/7f3k2m",
            paths=Paths(self.root),
            local_homes=True,
            endpoints=self.aws.endpoints(),
        )
        self.host = Host(self.config, Patience(whole=5, failure=0.2, pause=0.05))

    def _quiet(self) -> None:
        """The journal's lines are no output of the tests."""
        quiet = redirect_stderr(io.StringIO())
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)

    def _tools(self) -> Path:
        """What the fakes are written with, and nothing else: no test can reach the machine's own programs."""
        folder = self.folder / "tools"
        folder.mkdir()
        for name in ("basename", "cat", "cp", "grep", "mkdir", "mv", "rm", "sed", "sh"):
            found = shutil.which(name)
            assert found is not None, name
            (folder / name).symlink_to(found)
        return folder

    def _restore(self) -> None:
        os.environ.clear()
        os.environ.update(self._environ)

    def caddy_makes(self, name: str) -> None:
        """What CA Caddy makes the next time that it finds none."""
        pem = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(name.encode()).decode()}\n-----END CERTIFICATE-----\n"
        (self.fake / "caddy/root.crt").write_text(pem)
        (self.fake / "caddy/root.key").write_text(f"key of {name}\n")

    def put_document(self, value: dict[str, Any]) -> None:
        self.put_raw(canonical(value) + b"\n")

    def put_raw(self, content: bytes) -> None:
        self.aws.objects["bucket/team/7f3k2m/documents/host-0.json"] = content

    def sync(self) -> dict[str, Any]:
        """What the association does, without waiting for anything that is not there."""
        return self.host.sync(None, None, lambda: None)

    def verdict(self) -> dict[str, Any]:
        """The verdict in the bucket."""
        value: dict[str, Any] = json.loads(self.aws.objects["bucket/team/7f3k2m/verdicts/host-0.json"])
        return value

    def starts(self) -> list[str]:
        """Every start of a container so far, by unit."""
        return (self.fake / "starts").read_text().split()

    def calls(self, name: str) -> list[str]:
        return [line for line in (self.fake / "calls").read_text().splitlines() if line.startswith(f"{name} ")]

    def running(self) -> list[str]:
        return sorted(file.name for file in (self.fake / "containers").iterdir())

    def home(self, user: str) -> Path:
        return self.root / "var/lib/gpudev/homes" / user
