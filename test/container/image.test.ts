import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docker } from "../support/docker";
import { imageName } from "../support/image";
import { Jupyter } from "../support/jupyter";
import { eventually, freePort, must, run } from "../support/processes";
import { makeKey, SshClient } from "../support/ssh";

const LABEL = "dev.gpudev.test=image";
const LARGEST_LAYER = 1.6e9;
/** A line of the log that a person clicks on. */
const LINK = /http:\/\/\S+\?token=[0-9a-zA-Z_-]+/;

let image: string;
let folder: string;

beforeAll(() => {
  image = imageName();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-image-"));
  // Other users look into it: a container's uid 1000 among them.
  fs.chmodSync(folder, 0o755);
});

afterAll(async () => {
  const left = (await docker("ps", "-aq", "--filter", `label=${LABEL}`))
    .split("\n")
    .filter(Boolean);
  if (left.length > 0) await docker("rm", "-f", "-v", ...left);
  fs.rmSync(folder, { recursive: true, force: true });
});

/** `docker run -d` as a person would type it, with nothing of gpudev's hardening. */
function byHand(...args: string[]): Promise<string> {
  return docker("run", "-d", "--label", LABEL, ...args);
}

/** Runs a command in the image and returns what it printed. */
function oneShot(...command: string[]): Promise<string> {
  return docker("run", "--rm", "--label", LABEL, image, ...command);
}

async function logs(container: string): Promise<string> {
  const result = await run("docker", ["logs", container]);
  return result.stdout + result.stderr;
}

function linkOf(container: string): Promise<string> {
  return eventually("a token link in the log", async () => LINK.exec(await logs(container))?.[0]);
}

describe("the image", () => {
  it("has no layer above 1.6 GB", async () => {
    const sizes = (await docker("history", "--human=false", "--format", "{{.Size}}", image))
      .split("\n")
      .map(Number);
    expect(sizes.length).toBeGreaterThan(5);
    expect(Math.max(...sizes)).toBeGreaterThan(1e8);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(LARGEST_LAYER);
  });

  it("says what it is in OCI labels", async () => {
    const labels = JSON.parse(
      await docker("image", "inspect", "--format", "{{json .Config.Labels}}", image),
    ) as Record<string, string>;
    for (const name of ["title", "description", "licenses", "version", "revision", "base.name"]) {
      expect([name, labels[`org.opencontainers.image.${name}`]]).toEqual([
        name,
        expect.stringMatching(/./),
      ]);
    }
  });

  it("lists its apt and pip packages in a CycloneDX document", async () => {
    const text = await oneShot("cat", "/usr/share/gpudev/sbom.cdx.json");
    const sbom = JSON.parse(text) as {
      bomFormat: string;
      specVersion: string;
      components: { name: string; version: string; purl: string }[];
    };
    expect(sbom.bomFormat).toBe("CycloneDX");
    expect(sbom.specVersion).toMatch(/^1\.\d$/);
    const purl = (start: string, name: string) =>
      sbom.components.find((one) => one.purl.startsWith(start) && one.name === name);
    expect(purl("pkg:pypi/", "torch")?.version).toMatch(/^2\.6\.0/);
    expect(purl("pkg:pypi/", "jupyterlab")?.version).toMatch(/^\d/);
    expect(purl("pkg:deb/", "openssh-server")?.version).toMatch(/^1:/);
    // All of them, not only the well-known ones.
    const installed = await oneShot("dpkg-query", "-W", "-f", "${Package}\\n");
    const listed = new Set(
      sbom.components.filter((one) => one.purl.startsWith("pkg:deb/")).map((one) => one.name),
    );
    expect(installed.split("\n").filter((name) => name !== "" && !listed.has(name))).toEqual([]);
  });

  it("has a server configuration that sshd accepts, and no host key", async () => {
    const check = await oneShot(
      "bash",
      "-c",
      "ssh-keygen -q -t ed25519 -N '' -f /tmp/k && /usr/sbin/sshd -t -f /etc/ssh/sshd_config_gpudev -h /tmp/k && ls /etc/ssh",
    );
    expect(check).not.toContain("ssh_host_");
  });

  it("checks itself: gpu-check as text and as JSON", async () => {
    const json = JSON.parse(await oneShot("gpu-check", "--json")) as Record<string, unknown>;
    expect(Object.keys(json).sort()).toEqual(["driver", "fits", "gpus", "problems", "torch"]);
    expect(json.torch).toMatchObject({ version: expect.stringMatching(/^2\.6\.0/) as unknown });
    expect(await oneShot("gpu-check")).toMatch(/torch\s+2\.6\.0/i);
    const gpus = json.gpus as unknown[];
    const demanded = await run("docker", [
      ...["run", "--rm", "--label", LABEL, image],
      ...["gpu-check", "--require-gpu"],
    ]);
    expect(demanded.code).toBe(gpus.length > 0 ? 0 : 1);
  });

  it("compiled Python's bytecode at build, since nobody can write it later", async () => {
    const missing = await oneShot(
      "bash",
      "-c",
      `cd /opt/venv/lib/python3*/site-packages && for m in torch/__init__ jupyter_server/serverapp; do
         ls "$(dirname $m)"/__pycache__/"$(basename $m)".cpython-*.pyc >/dev/null || echo $m; done`,
    );
    expect(missing).toBe("");
  });
});

describe("started by hand", () => {
  it("prints a token link that works", async () => {
    const port = await freePort();
    const container = await byHand("-p", `127.0.0.1:${port}:8888`, image);
    const link = new URL(await linkOf(container));
    link.hostname = "127.0.0.1";
    link.port = String(port);
    const jupyter = Jupyter.fromLink(link.href);
    await jupyter.ready();
    expect(await jupyter.status("/api/status")).toBe(200);
    expect(await new Jupyter(link.origin).status("/api/contents")).toBe(403);
    const kernel = await jupyter.startKernel();
    expect(await kernel.execute("1 + 1")).toEqual({ text: "", value: "2" });
    kernel.close();
    await docker("stop", "-t", "40", container);
    const state = await docker("inspect", "--format", "{{.State.ExitCode}}", container);
    expect(["0", "143"]).toContain(state);
  });

  it("says plainly that uid 1000 cannot write the mount, and goes on", async () => {
    const locked = path.join(folder, "locked");
    fs.mkdirSync(locked, { mode: 0o755 });
    fs.chownSync(locked, 0, 0);
    const container = await byHand("-v", `${locked}:/workspace`, image);
    await linkOf(container);
    const text = await logs(container);
    expect(text).toMatch(/\/workspace/);
    expect(text).toMatch(/1000/);
    expect(text).toMatch(/cannot write|can't write|not writable/);
    await docker("rm", "-f", container);
  });

  it("says nothing of the kind where the mount is writable", async () => {
    const open = path.join(folder, "open");
    fs.mkdirSync(open);
    fs.chownSync(open, 1000, 1000);
    const container = await byHand("-v", `${open}:/workspace`, image);
    await linkOf(container);
    expect(await logs(container)).not.toMatch(/cannot write|can't write|not writable/);
    await docker("exec", container, "touch", "/workspace/mine");
    expect(fs.statSync(path.join(open, "mine")).uid).toBe(1000);
    await docker("rm", "-f", container);
  });

  it("gives a login with tmux in its SSH form", async () => {
    const key = await makeKey(folder, "by-hand");
    const port = await freePort();
    const container = await byHand(
      ...["-p", `127.0.0.1:${port}:2222`, "-e", `AUTHORIZED_KEYS=${key.publicKey}`],
      ...[image, "ssh"],
    );
    const hostKey = await eventually("the host key is made", async () => {
      const file = "/home/dev/.config/gpudev/ssh/ssh_host_ed25519_key.pub";
      const found = await run("docker", ["exec", container, "cat", file]);
      return found.code === 0 && found.stdout.startsWith("ssh-ed25519") ? found.stdout : undefined;
    });
    const known = path.join(folder, "known_hosts");
    fs.writeFileSync(known, `[127.0.0.1]:${port} ${hostKey}`);
    const config = path.join(folder, "ssh_config");
    fs.writeFileSync(
      config,
      `Host by-hand\n  HostName 127.0.0.1\n  Port ${port}\n  User dev\n  UserKnownHostsFile ${known}\n`,
    );
    const ssh = new SshClient("by-hand", config, key.file);
    await eventually("a login", async () => (await ssh.exec("true")).code === 0);
    expect(
      await ssh.must("tmux new-session -d -s x && tmux list-sessions -F '#{session_name}'"),
    ).toBe("x");
    // Only the service that was asked for runs.
    expect(await docker("exec", container, "bash", "-c", "pgrep jupyter || echo none")).toBe(
      "none",
    );
    await docker("rm", "-f", container);
  });

  it("runs any other command with the environment set up", async () => {
    expect(
      await oneShot("python", "-c", "import torch, os; print(torch.__version__, os.getuid())"),
    ).toMatch(/^2\.6\.0\S* 1000$/);
  });

  it("runs under a uid of the person's choice that can read its files", async () => {
    const found = await must("docker", [
      ...["run", "--rm", "--label", LABEL, "--user", "1000:1000", "--read-only"],
      ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
      ...["--tmpfs", "/tmp:rw,exec,nosuid,nodev", "--tmpfs", "/run:rw,nosuid,nodev,mode=1777"],
      ...["--tmpfs", "/home/dev:rw,exec,nosuid,nodev,uid=1000,gid=1000"],
      ...[image, "bash", "-c", "touch /etc/x 2>/dev/null; id -u; echo ready"],
    ]);
    expect(found).toBe("1000\nready");
  });
});
