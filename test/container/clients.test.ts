import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import WebSocket from "ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withPage } from "../support/browser";
import { identity, inspect } from "../support/docker";
import { Project } from "../support/gpudev";
import { Jupyter } from "../support/jupyter";
import { eventually, must } from "../support/processes";
import { makeKey, SshClient, type KeyPair } from "../support/ssh";

let project: Project;
let key: KeyPair;
let stranger: KeyPair;
let ssh: SshClient;
let link: string;

beforeAll(async () => {
  project = await Project.create("e2e-clients", 1);
  key = await makeKey(project.folder, "alice-key");
  stranger = await makeKey(project.folder, "stranger-key");
  project.write({
    users: [{ name: "alice", sshKeys: [key.publicKey] }],
    limits: { memory: "4GiB", shm: "1GiB" },
  });
  await project.up();
  ssh = new SshClient(project.container("alice"), project.sshConfig, key.file);
  link = await project.link("alice");
});

afterAll(() => project.cleanUp());

describe("OpenSSH, strict about the host's key", () => {
  it("logs in with the files that gpudev wrote", async () => {
    expect(await ssh.must("id -u -n; pwd; echo $0 | tr -d -")).toBe("dev\n/home/dev\nbash");
  });

  it("finds the environment's Python, with torch, in a command without a terminal", async () => {
    expect(await ssh.must(`python -c 'import torch; print(torch.__version__)'`)).toMatch(
      /^2\.6\.0/,
    );
  });

  it("refuses a host with another key", async () => {
    const config = fs.readFileSync(project.sshConfig, "utf8");
    const ours = /UserKnownHostsFile\s+"?([^"\n]+)"?/.exec(config)?.[1];
    expect(ours).toBeDefined();
    const lines = fs.readFileSync(ours ?? "", "utf8");
    const forged = path.join(project.folder, "forged_known_hosts");
    fs.writeFileSync(
      forged,
      lines.replace(/ssh-ed25519 \S+/g, stranger.publicKey.split(" ").slice(0, 2).join(" ")),
    );
    const wary = new SshClient(project.container("alice"), project.sshConfig, key.file, [
      "-o",
      `UserKnownHostsFile=${forged}`,
    ]);
    const result = await wary.exec("true");
    expect(result.code).toBe(255);
    expect(result.stderr).toContain("Host key verification failed");
  });

  it("is refused with a key that is not in the stack file", async () => {
    const other = new SshClient(project.container("alice"), project.sshConfig, stranger.file, [
      "-o",
      "IdentityAgent=none",
    ]);
    const result = await other.exec("true");
    expect(result.code).toBe(255);
    expect(result.stderr).toContain("Permission denied (publickey)");
  });

  it("is refused with a password, which the server does not even offer", async () => {
    const typed = new SshClient(project.container("alice"), project.sshConfig, undefined, [
      "-o",
      "BatchMode=no",
      "-o",
      "PubkeyAuthentication=no",
      "-o",
      "PreferredAuthentications=password,keyboard-interactive",
    ]);
    const result = await typed.exec("true");
    expect(result.code).toBe(255);
    expect(result.stderr).toContain("Permission denied (publickey)");
  });

  it("carries files by sftp and scp", async () => {
    const sent = path.join(project.folder, "sent.bin");
    fs.writeFileSync(sent, randomBytes(1_500_000));
    const got = path.join(project.folder, "got.bin");
    const batch = await ssh.sftp(
      `mkdir data\nput ${sent} data/file.bin\nget data/file.bin ${got}\nls -l data\n`,
    );
    expect(batch.stderr).toBe("");
    expect(batch.code).toBe(0);
    expect(fs.readFileSync(got).equals(fs.readFileSync(sent))).toBe(true);
    const again = path.join(project.folder, "again.bin");
    expect((await ssh.scp("there:data/file.bin", again)).code).toBe(0);
    expect(fs.readFileSync(again).equals(fs.readFileSync(sent))).toBe(true);
  });

  it("does what VS Code Remote does", async () => {
    const archive = path.join(project.folder, "server.tgz");
    const parts = path.join(project.folder, "parts");
    fs.mkdirSync(parts);
    fs.writeFileSync(path.join(parts, "index.html"), "the editor's server");
    fs.writeFileSync(
      path.join(parts, "server.py"),
      [
        "import functools, http.server, os, sys",
        "here = os.path.dirname(os.path.abspath(__file__))",
        "handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=here)",
        "server = http.server.HTTPServer(('127.0.0.1', 0), handler)",
        "print(server.server_port, flush=True)",
        "server.serve_forever()",
      ].join("\n"),
    );
    await must("tar", ["-czf", archive, "-C", parts, "."]);
    // VS Code pipes a script into bash; the script unpacks a server below the home and leaves it running.
    const script = [
      "set -e",
      "command -v bash tar curl >/dev/null",
      "dir=$HOME/.vscode-server/bin/abc",
      "mkdir -p $dir",
      `base64 -d <<'ARCHIVE' | tar -xz -C $dir`,
      fs.readFileSync(archive).toString("base64"),
      "ARCHIVE",
      "nohup python3 $dir/server.py >$dir/port 2>$dir/log </dev/null &",
      "for i in $(seq 100); do [ -s $dir/port ] && break; sleep 0.1; done",
      "curl -fsS http://127.0.0.1:$(cat $dir/port)/index.html >/dev/null",
      `echo "listeningOn==$(cat $dir/port)=="`,
    ].join("\n");
    const output = await ssh.must("bash -s", script);
    const port = Number(/listeningOn==(\d+)==/.exec(output)?.[1]);
    expect(port).toBeGreaterThan(1023);
    const page = await ssh.forward(port, async (local) =>
      (await fetch(`http://127.0.0.1:${local}/index.html`)).text(),
    );
    expect(page).toBe("the editor's server");
  });

  it("keeps tmux sessions after the terminal is gone", async () => {
    const terminal = ssh.terminal("tmux new-session -A -s work");
    await eventually("tmux runs", async () =>
      (await ssh.exec("tmux has-session -t work")).code === 0 ? true : undefined,
    );
    terminal.child.stdin?.write("echo $((6 * 7)) > ~/from-tmux; tty >> ~/from-tmux\n");
    const written = await eventually("tmux's shell wrote", async () => {
      const text = await ssh.exec("cat ~/from-tmux");
      return text.stdout.includes("/dev/pts/") ? text.stdout : undefined;
    });
    expect(written).toMatch(/^42\n\/dev\/pts\/\d+\n$/);
    terminal.signalGroup("SIGKILL");
    await terminal.ended;
    expect(await ssh.must("tmux list-sessions -F '#{session_name}'")).toBe("work");
  });
});

describe("JupyterLab", () => {
  it("shows nothing without the token", async () => {
    const base = new URL(link).origin;
    const nobody = new Jupyter(base);
    const guesser = new Jupyter(base, "0".repeat(48));
    for (const page of ["/api/contents", "/api/kernels", "/api/terminals", "/api/status"]) {
      expect([page, await nobody.status(page)]).toEqual([page, 403]);
      expect([page, await guesser.status(page)]).toEqual([page, 403]);
    }
    const lab = await nobody.request("/lab");
    expect(lab.status).toBe(302);
    expect(lab.headers.get("location")).toContain("/login");
  });

  it("opens no kernel's websocket without the token", async () => {
    const jupyter = Jupyter.fromLink(link);
    const kernel = await jupyter.startKernel();
    const url = `${jupyter.base.replace("http", "ws")}/api/kernels/${kernel.id}/channels`;
    const code = await new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
      socket.on("open", () => reject(new Error("the websocket opened")));
      socket.on("error", reject);
    });
    expect(code).toBe(403);
    kernel.close();
  });

  it("runs a cell over the kernel's websocket with the token", async () => {
    const kernel = await Jupyter.fromLink(link).startKernel();
    expect(await kernel.execute("1 + 1")).toEqual({ text: "", value: "2" });
    const torch = await kernel.execute(
      "import os, torch; print(torch.ones(3).sum().item(), os.getuid())",
    );
    expect(torch).toEqual({ text: "3.0 1000\n" });
    expect((await kernel.execute("1 / 0")).error).toContain("ZeroDivisionError");
    kernel.close();
  });

  it("opens in a browser by its link", async () => {
    const picture = path.join(project.folder, "jupyterlab.png");
    const seen = await withPage(async (page) => {
      await page.goto(link);
      await page.locator(".jp-Launcher").waitFor();
      await page.locator('.jp-LauncherCard[data-category="Notebook"]').first().waitFor();
      await page.screenshot({ path: picture });
      return {
        title: await page.title(),
        notebooks: await page.locator('.jp-LauncherCard[data-category="Notebook"]').count(),
        address: new URL(page.url()).pathname,
      };
    });
    expect(seen.title).toContain("JupyterLab");
    expect(seen.notebooks).toBeGreaterThanOrEqual(1);
    expect(seen.address).toMatch(/^\/lab/);
    expect(fs.statSync(picture).size).toBeGreaterThan(10_000);
  });
});

describe("a comfortable home", () => {
  it("takes a package by `pip install`, beside the image's torch", async () => {
    const wheel = [
      "import zipfile",
      "name = '/tmp/tinypack-1.0-py3-none-any.whl'",
      "with zipfile.ZipFile(name, 'w') as z:",
      "    z.writestr('tinypack.py', 'answer = 42\\n')",
      "    info = 'tinypack-1.0.dist-info/'",
      "    z.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: tinypack\\nVersion: 1.0\\n')",
      "    z.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')",
      "    z.writestr(info + 'RECORD', '')",
    ].join("\n");
    await ssh.must("python -", wheel);
    await ssh.must("pip install --no-index /tmp/tinypack-1.0-py3-none-any.whl");
    const probe =
      "import tinypack, torch; print(tinypack.answer, tinypack.__file__, torch.__file__)";
    const [answer, packageFile, torchFile] = (await ssh.must(`python -c '${probe}'`)).split(" ");
    expect(answer).toBe("42");
    expect(packageFile).toMatch(/^\/home\/dev\//);
    expect(torchFile).toMatch(/^\/opt\/venv\//);
    // A kernel sees it as well.
    const kernel = await Jupyter.fromLink(link).startKernel();
    expect(await kernel.execute("import tinypack; tinypack.answer")).toEqual({
      text: "",
      value: "42",
    });
    kernel.close();
  });

  it("compiles with torch.compile", async () => {
    const program = [
      "import torch",
      "def f(x): return torch.sin(x) ** 2 + torch.cos(x) ** 2",
      "x = torch.linspace(0, 6, 1000)",
      "print(torch.allclose(torch.compile(f)(x), torch.ones(1000)))",
    ].join("\n");
    expect(await ssh.must("python -", program)).toBe("True");
  });
});

describe("a container that is replaced", () => {
  it("keeps its home, token and host key, so that clients notice nothing", async () => {
    const before = await identity(project.container("alice"));
    await ssh.must("echo kept > ~/marker");
    project.change({ limits: { memory: "5GiB", shm: "1GiB" } });
    await project.up();
    expect((await identity(project.container("alice"))).id).not.toBe(before.id);
    expect((await inspect(project.container("alice"))).State.Health?.Status).toBe("healthy");
    expect(await ssh.must("cat ~/marker")).toBe("kept");
    expect(await ssh.must("python -c 'import tinypack; print(tinypack.answer)'")).toBe("42");
    expect(await project.link("alice")).toBe(link);
    expect(await Jupyter.fromLink(link).status("/api/status")).toBe(200);
  });
});
