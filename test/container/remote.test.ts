import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { identity, objectsOf } from "../support/docker";
import { Project } from "../support/gpudev";
import { Jupyter } from "../support/jupyter";
import { accepts, eventually, freePort, must, start, type Running } from "../support/processes";
import { makeKey, SshClient, type KeyPair } from "../support/ssh";

/** A machine with Docker that is reached by SSH only: this one, by an sshd of the test's own. */
interface Machine {
  readonly sshd: Running;
  readonly port: number;
  /** Folder to put first on PATH: its `ssh` knows the machine, as a person's ~/.ssh/config would. */
  readonly bin: string;
  /** What a person's ~/.ssh/config says of the machine. */
  readonly config: string;
}

let project: Project;
let machine: Machine;
let key: KeyPair;
let newKey: KeyPair;

async function startMachine(folder: string): Promise<Machine> {
  const port = await freePort();
  const host = await makeKey(folder, "machine-host-key");
  const login = await makeKey(folder, "machine-login-key");
  const keys = path.join(folder, "machine-authorized-keys");
  fs.writeFileSync(keys, `${login.publicKey}\n`);
  const settings = path.join(folder, "machine-sshd_config");
  fs.writeFileSync(
    settings,
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${host.file}`,
      `AuthorizedKeysFile ${keys}`,
      `PidFile ${path.join(folder, "machine-sshd.pid")}`,
      "PermitRootLogin prohibit-password",
      "PasswordAuthentication no",
      "UsePAM no",
      "StrictModes no",
      "MaxStartups 100",
      "MaxSessions 100",
      "",
    ].join("\n"),
  );
  fs.mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const sshd = start("/usr/sbin/sshd", ["-D", "-e", "-f", settings], { timeout: 3_600_000 });
  await eventually("the machine's sshd listens", () => accepts("127.0.0.1", port));

  const known = path.join(folder, "machine-known_hosts");
  fs.writeFileSync(known, `[127.0.0.1]:${port} ${host.publicKey}\n`);
  const config = path.join(folder, "machine-ssh_config");
  fs.writeFileSync(
    config,
    [
      "Host gpu-box",
      "  HostName 127.0.0.1",
      `  Port ${port}`,
      "  User root",
      `  IdentityFile ${login.file}`,
      "  IdentitiesOnly yes",
      "  StrictHostKeyChecking yes",
      `  UserKnownHostsFile ${known}`,
      "",
    ].join("\n"),
  );
  const bin = path.join(folder, "bin");
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, "ssh"), `#!/bin/sh\nexec /usr/bin/ssh -F ${config} "$@"\n`, {
    mode: 0o755,
  });
  return { sshd, port, bin, config };
}

beforeAll(async () => {
  project = await Project.create("e2e-remote", 5);
  machine = await startMachine(project.folder);
  project.env.PATH = `${machine.bin}:${process.env.PATH}`;
  key = await makeKey(project.folder, "alice-key");
  newKey = await makeKey(project.folder, "alice-new-key");
  project.write({
    users: [{ name: "alice", sshKeys: [key.publicKey] }],
    limits: { memory: "3GiB" },
    docker: { host: "ssh://gpu-box" },
  });
});

afterAll(async () => {
  await project.cleanUp();
  machine.sshd.signalGroup("SIGTERM");
  await machine.sshd.ended;
});

/** A login as from a person's machine: their own config knows the jump host and includes what gpudev printed. */
function login(pair: KeyPair): SshClient {
  const config = path.join(project.folder, "own-ssh_config");
  fs.writeFileSync(
    config,
    `Include ${project.sshConfig}\n${fs.readFileSync(machine.config, "utf8")}`,
  );
  return new SshClient(project.container("alice"), config, pair.file, ["-o", "IdentityAgent=none"]);
}

describe("a remote Docker host over SSH", () => {
  let made: { id: string; startedAt: string };

  it("gets an environment by `up`", async () => {
    await project.up();
    made = await identity(project.container("alice"));
    expect((await project.up()).changes).toEqual({});
    expect(await identity(project.container("alice"))).toEqual(made);
  });

  it("lets its user in through the machine, strict about both host keys", async () => {
    expect(fs.readFileSync(project.sshConfig, "utf8")).toMatch(/^\s*ProxyJump\s+gpu-box$/m);
    expect(await login(key).must("id -un; test -e ~/.config/gpudev && echo home")).toBe(
      "dev\nhome",
    );
  });

  it("serves Jupyter through a forwarded port", async () => {
    const link = await project.link("alice");
    const token = new URL(link).searchParams.get("token") ?? "";
    expect(token).not.toBe("");
    const status = await login(key).forward(8888, (port) =>
      new Jupyter(`http://127.0.0.1:${port}`, token).status("/api/status"),
    );
    expect(status).toBe(200);
  });

  it("takes a changed key without a restart", async () => {
    project.change({ users: [{ name: "alice", sshKeys: [newKey.publicKey] }] });
    await project.up();
    expect(await identity(project.container("alice"))).toEqual(made);
    expect(await login(newKey).must("id -un")).toBe("dev");
    expect((await login(key).exec("true")).code).toBe(255);
  });

  it("is left with the home alone by `destroy`", async () => {
    await project.destroy();
    expect(await objectsOf(project.stack)).toEqual({
      containers: [],
      networks: [],
      volumes: [project.home("alice")],
    });
  });

  it("is missed plainly when it is gone", async () => {
    const gone = { host: "ssh://root@127.0.0.1:1" };
    project.change({ docker: gone });
    const result = await project.gpudev("up", "--yes");
    expect(result.code).not.toBe(0);
    expect(result.stdout + result.stderr).toContain(gone.host);
    expect(result.stdout + result.stderr).not.toMatch(/^\s+at .*\(.*:\d+:\d+\)/m);
    expect(
      await must("docker", ["volume", "inspect", "--format", "{{.Name}}", project.home("alice")]),
    ).toBe(project.home("alice"));
  });
});
