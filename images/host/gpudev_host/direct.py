"""Direct access: Caddy in front of the Jupyter servers, with TLS. Only where the document asks for it."""
from __future__ import annotations

import hashlib
import ssl
from typing import Any

from . import authority
from .aws.client import Aws
from .commands import run
from .config import Paths
from .document import Direct, Document
from .errors import HostError
from .files import write_atomic

CADDYFILE = "/etc/caddy/Caddyfile"
MARK = "# Written by gpudev; changes are overwritten.\n"
ROOT = f"{authority.CA}/root.crt"


def caddyfile(direct: Direct, address: str) -> str:
    """Caddy's configuration: the domain by ACME, or the public address with a CA of the host's own. Pure."""
    options = ["admin off", "auto_https disable_redirects"]
    if direct.name is None:
        # Who connects to an address sends no name; this is the one that is meant.
        options.append(f"default_sni {address}")
    lines = [MARK, "{", *(f"\t{option}" for option in options), "}", ""]
    for site in sorted(direct.sites, key=lambda one: one.listen):
        lines.append(f"https://{direct.name or address}:{site.listen} {{")
        if direct.name is None:
            lines.append("\ttls internal")
        lines += [f"\treverse_proxy 127.0.0.1:{site.upstream}", "}", ""]
    return "\n".join(lines)


def configure(paths: Paths, document: Document, aws: Aws) -> None:
    """Makes Caddy serve what the document says, or nothing. Raises HostError where Caddy does not start."""
    file = paths.at(CADDYFILE)
    if document.direct is None:
        if file.exists() and file.read_text().startswith(MARK):
            run(["systemctl", "disable", "--now", "caddy"], 60)
            file.unlink()
        return
    address = aws.imds.get("meta-data/public-ipv4") if document.direct.name is None else document.direct.name
    if not address:
        raise HostError("this host has no public IPv4 address, so nobody can reach it directly: set `access.domain`")
    restored = document.direct.name is None and authority.restore(paths, document)
    changed = write_atomic(file, caddyfile(document.direct, address).encode()) or restored
    verb = "restart" if changed else "start"
    done = run(["systemctl", "enable", "caddy"], 60)
    done = run(["systemctl", verb, "caddy"], 120) if done.ok else done
    if not done.ok:
        raise HostError(f"Caddy, which serves direct access, does not start: {done.why}")
    if document.direct.name is None:
        authority.keep(paths, document)


def root_certificate(paths: Paths) -> str | None:
    """The private CA's root, which is public; None where Caddy has made none yet."""
    try:
        return paths.at(ROOT).read_text()
    except OSError:
        return None


def facts(paths: Paths, document: Document) -> dict[str, Any]:
    """For the verdict: the private CA's root certificate and its fingerprint."""
    if document.direct is None or document.direct.name is not None:
        return {}
    pem = root_certificate(paths)
    if pem is None:
        return {}
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.strip())).hexdigest()
    return {"direct": {"rootCertificate": pem, "sha256": digest}}
