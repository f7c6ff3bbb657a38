#!/bin/bash
# First boot of a GPU host: fetches the stack's bundle, held to its hash, and hands over to it.
# Nothing in here is secret, and nothing changes over the life of the instance: what the host is to be
# stands in its document. cloud-init runs this once; later bundles come by the association.
set -euo pipefail
# Whatever fails below, also at a later start: a host that has no document within two hours switches itself off.
# The first document that it accepts removes this. Named so that no user's unit can have the same name.
unready=/etc/systemd/system/gpudevunready
printf '[Unit]\nDescription=gpudev: %s\n' 'no document so far' | tee "$unready.timer" >"$unready.service"
printf '[Timer]\nOnActiveSec=2h\n[Install]\nWantedBy=timers.target\n' >>"$unready.timer"
printf '[Service]\nType=oneshot\nExecStart=/usr/bin/systemctl poweroff\n' >>"$unready.service"
systemctl enable --now gpudevunready.timer || echo "gpudev: nothing but its own watcher stops this host if it fails"
mkdir -p /etc/gpudev
export BUNDLE='@BUNDLE@'
export SAID='{"bucket": "@BUCKET@", "prefix": "@PREFIX@", "region": "@REGION@", "host": "@HOST@"}'
exec python3 -I - <<'PYTHON'
import datetime, hashlib, hmac, io, json, os, pathlib, subprocess, tarfile, time, urllib.parse, urllib.request

file = pathlib.Path("/etc/gpudev/host.json")
# What an image brings of its own (endpoints) stays.
config = {**(json.loads(file.read_text()) if file.exists() else {}), **json.loads(os.environ["SAID"])}
file.write_text(json.dumps(config, indent=1) + "\n")
bundle, region, ends = os.environ["BUNDLE"], config["region"], config.get("endpoints", {})
imds = ends.get("imds", "http://169.254.169.254").rstrip("/")
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(opener, url, headers, method="GET"):
    with opener.open(urllib.request.Request(url, headers=headers, method=method), timeout=30) as answer:
        return answer.read()


def metadata(path, method="GET", **headers):
    return ask(direct, f"{imds}/latest/{path}", {k.replace("_", "-"): v for k, v in headers.items()}, method).decode()


def fetch():
    session = metadata("api/token", "PUT", X_aws_ec2_metadata_token_ttl_seconds="300")
    roles = "meta-data/iam/security-credentials/"
    role = metadata(roles, X_aws_ec2_metadata_token=session).split()[0]
    lent = json.loads(metadata(roles + role, X_aws_ec2_metadata_token=session))
    key = "/".join(part for part in (config["prefix"].strip("/"), f"bundle/{bundle}.tar.gz") if part)
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    base = ends["s3"].rstrip("/") + "/" + config["bucket"] if "s3" in ends else f"https://{config['bucket']}.s3.{region}.{suffix}"
    url = f"{base}/{urllib.parse.quote(key)}"
    parts, empty = urllib.parse.urlsplit(url), hashlib.sha256(b"").hexdigest()
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": parts.netloc, "x-amz-content-sha256": empty, "x-amz-date": now, "x-amz-security-token": lent["Token"]}
    names = ";".join(headers)
    request = "\n".join(["GET", parts.path, "", *(f"{k}:{v}" for k, v in headers.items()), "", names, empty])
    scope = f"{now[:8]}/{region}/s3/aws4_request"
    secret = ("AWS4" + lent["SecretAccessKey"]).encode()
    for part in (now[:8], region, "s3", "aws4_request"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={lent['AccessKeyId']}/{scope}, SignedHeaders={names}, Signature={signature}"
    content = ask(direct if "s3" in ends else urllib.request.build_opener(), url, headers)
    if hashlib.sha256(content).hexdigest() != bundle:
        raise SystemExit(f"gpudev: {url} is not the bundle {bundle}: nothing was installed")
    return content


# Routes, endpoints and the role's policies may take a while to hold after the instance starts.
end = time.monotonic() + 900
while True:
    try:
        content = fetch()
        break
    except (OSError, ValueError, LookupError) as error:
        if time.monotonic() > end:
            raise SystemExit(f"gpudev: the bundle cannot be fetched: {error}")
        print(f"gpudev: waiting for the bundle: {error}", flush=True)
        time.sleep(5)

release = pathlib.Path("/opt/gpudev/releases") / bundle
release.mkdir(parents=True, exist_ok=True)
with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
    archive.extractall(release)
subprocess.run([str(release / "bin/gpudev-host"), "install", bundle], check=True)
PYTHON
