import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insideMust, labelled, objectsOf } from "../support/docker";
import { Project } from "../support/gpudev";
import { Jupyter } from "../support/jupyter";
import { must, sleep, type Running } from "../support/processes";
import { makeKey, SshClient, type KeyPair } from "../support/ssh";

const USERS = ["alice", "bob"];

let project: Project;
let keys: KeyPair[];

beforeAll(async () => {
  project = await Project.create("e2e-killed", 4);
  keys = await Promise.all(USERS.map((user) => makeKey(project.folder, `${user}-key`)));
  project.write({
    users: USERS.map((name, index) => ({ name, sshKeys: [keys[index]?.publicKey] })),
    limits: { memory: "3GiB" },
  });
});

afterAll(() => project.cleanUp());

const label = () => `dev.gpudev.stack=${project.stack}`;

/** Kills a running command, with all that it started, as soon as a phase is reached. */
async function killWhen(
  running: Running,
  reached: () => Promise<boolean> | boolean,
): Promise<void> {
  let over = false;
  void running.ended.then(() => (over = true));
  while (!over && !(await reached())) await sleep(20);
  if (over) throw new Error(`ended before it was killed:\n${running.output()}`);
  running.signalGroup("SIGKILL");
  const { signal } = await running.ended;
  expect(signal).toBe("SIGKILL");
}

/** Files below a folder of the state directory that may not be there yet. */
function filesBelow(...parts: string[]): string[] {
  const folder = path.join(project.stateDir, ...parts);
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** The engine writes a lock file while it works on a stack of a file backend. */
function engineHoldsTheLock(): boolean {
  return filesBelow("backend", ".pulumi", "locks").length > 0;
}

/** Whether one of the command's own processes is asking Docker something. */
async function asksDocker(running: Running): Promise<boolean> {
  const table = await must("ps", ["-eo", "pgid=,comm="]);
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .some(([group, name]) => Number(group) === running.child.pid && name === "docker");
}

/** Token, host key and a file of the owner's, as they were when the home was first seen. */
const remembered = new Map<string, string>();

/** The promise that every killed run keeps: the next `up` succeeds, and nothing is lost or left over. */
async function recovers(): Promise<void> {
  await project.up();
  expect(await objectsOf(project.stack)).toEqual({
    containers: USERS.map((user) => project.container(user)),
    networks: USERS.map((user) => project.container(user)),
    volumes: USERS.map((user) => project.home(user)),
  });
  for (const [index, user] of USERS.entries()) {
    const container = project.container(user);
    await insideMust(container, "test -e ~/marker || date +%s%N > ~/marker");
    const now = await insideMust(
      container,
      "cat ~/.config/gpudev/jupyter-token ~/.config/gpudev/ssh/ssh_host_ed25519_key ~/marker",
    );
    expect(now).toBe(remembered.get(user) ?? now);
    remembered.set(user, now);
    const ssh = new SshClient(container, project.sshConfig, keys[index]?.file);
    expect(await ssh.must("id -un")).toBe("dev");
    expect(await Jupyter.fromLink(await project.link(user)).status("/api/status")).toBe(200);
  }
  expect((await project.up()).changes).toEqual({});
}

describe("`up`, killed", () => {
  it("during its lookups", async () => {
    const up = project.start("up", "--yes");
    await killWhen(up, () => asksDocker(up));
    expect(await objectsOf(project.stack)).toEqual({ containers: [], networks: [], volumes: [] });
    await recovers();
    await project.destroy();
  });

  it("while the engine holds its lock", async () => {
    await killWhen(project.start("up", "--yes"), engineHoldsTheLock);
    expect(engineHoldsTheLock()).toBe(true);
    await recovers();
  });

  it("after the first network was made", async () => {
    await project.destroy();
    await killWhen(
      project.start("up", "--yes"),
      async () => (await labelled("network", label())).length > 0,
    );
    await recovers();
  });

  it("after the first volume was made", async () => {
    // A stack that was never there before: its homes are made anew.
    await project.destroy();
    for (const user of USERS) expect((await project.gpudev("remove", user)).code).toBe(0);
    await project.up();
    for (const user of USERS) {
      expect((await project.gpudev("forget", user, "--yes")).code).toBe(0);
      remembered.delete(user);
    }
    expect((await objectsOf(project.stack)).volumes).toEqual([]);
    project.change({
      users: USERS.map((name, index) => ({ name, sshKeys: [keys[index]?.publicKey] })),
    });
    await killWhen(
      project.start("up", "--yes"),
      async () => (await labelled("volume", label())).length > 0,
    );
    await recovers();
  });

  it("while a container waits to be healthy", async () => {
    await project.destroy();
    await killWhen(project.start("up", "--yes"), async () => {
      const states = await must("docker", [
        ...["ps", "--filter", `label=${label()}`, "--format", "{{.Status}}"],
      ]);
      return states.includes("(health: starting)");
    });
    await recovers();
  });
});

describe("`destroy`, killed", () => {
  it("after the first container was removed", async () => {
    expect(await labelled("container", label())).toHaveLength(2);
    await killWhen(
      project.start("destroy", "--yes"),
      async () => (await labelled("container", label())).length < 2,
    );
    expect((await objectsOf(project.stack)).volumes).toEqual(
      USERS.map((user) => project.home(user)),
    );
    await recovers();
  });
});
