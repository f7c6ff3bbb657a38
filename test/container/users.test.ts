import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { identity, inspect, inside, insideMust, labelled, objectsOf } from "../support/docker";
import { Project } from "../support/gpudev";
import { Jupyter } from "../support/jupyter";
import { eventually } from "../support/processes";
import { makeKey, SshClient, type KeyPair } from "../support/ssh";

let project: Project;
let aliceKey: KeyPair;
let newKey: KeyPair;
let bobKey: KeyPair;
/** Alice's container as it was first made; nothing in this file may touch it until `destroy`. */
let first: { id: string; startedAt: string };

beforeAll(async () => {
  project = await Project.create("e2e-users", 3);
  aliceKey = await makeKey(project.folder, "alice-key");
  newKey = await makeKey(project.folder, "alice-new-key");
  bobKey = await makeKey(project.folder, "bob-key");
  project.write({
    users: [{ name: "alice", sshKeys: [aliceKey.publicKey] }],
    limits: { memory: "3GiB" },
  });
  await project.up();
  first = await identity(project.container("alice"));
});

afterAll(() => project.cleanUp());

function seats(): Record<string, unknown> {
  const file = parse(project.read()) as { config: Record<string, Record<string, unknown>> };
  return file.config["gpudev:seats"] ?? {};
}

function login(user: string, key: KeyPair): SshClient {
  return new SshClient(project.container(user), project.sshConfig, key.file, [
    "-o",
    "IdentityAgent=none",
  ]);
}

/** What only the home can give back. */
async function keepsakes(user: string): Promise<string> {
  return insideMust(
    project.container(user),
    "cat ~/.config/gpudev/jupyter-token ~/.config/gpudev/ssh/ssh_host_ed25519_key.pub ~/marker",
  );
}

describe("a second `up`", () => {
  it("changes nothing, and says so", async () => {
    const file = project.read();
    const report = await project.up();
    expect(report.changes).toEqual({});
    expect(await identity(project.container("alice"))).toEqual(first);
    expect(project.read()).toBe(file);
  });

  it("goes by the seats that the first one recorded", () => {
    expect(seats()).toMatchObject({ alice: { slot: 0 } });
    expect(seats().id).toMatch(/^[a-z0-9]{6,12}$/);
  });
});

describe("a user who comes later", () => {
  it("gets an environment, and the first one's is untouched", async () => {
    fs.appendFileSync(project.stackFile, "# a person's own remark\n");
    const added = await project.gpudev("add", "bob", "--key", `${bobKey.file}.pub`);
    expect(added.code, added.stdout + added.stderr).toBe(0);
    expect(project.read()).toContain("# a person's own remark");
    await project.up();
    expect(seats()).toMatchObject({ alice: { slot: 0 }, bob: { slot: 1 } });
    expect(await login("bob", bobKey).must("id -un")).toBe("dev");
    expect(await identity(project.container("alice"))).toEqual(first);
  });

  it("cannot enter the first one's with a key of their own", async () => {
    const refused = await login("alice", bobKey).exec("true");
    expect(refused.code).toBe(255);
    expect(refused.stderr).toContain("Permission denied");
  });
});

describe("`stop` and `start`", () => {
  it("end and wake one environment, with all that is in its home, and no other", async () => {
    await login("bob", bobKey).must("echo here > ~/before");
    const stopped = await project.json<{ stopped: boolean }>("stop", "bob");
    expect(stopped.stopped).toBe(true);
    expect((await inspect(project.container("bob"))).State.Status).toBe("exited");
    expect((await login("bob", bobKey).exec("true")).code).toBe(255);
    expect((await project.json<{ stopped: boolean }>("stop", "bob")).stopped).toBe(false);

    const started = await project.json<{ started: boolean }>("start", "bob");
    expect(started.started).toBe(true);
    // It has waited until the environment answers: the first try gets in.
    expect(await login("bob", bobKey).must("cat ~/before")).toBe("here");
    expect((await project.json<{ started: boolean }>("start", "bob")).started).toBe(false);
    expect(await identity(project.container("alice"))).toEqual(first);
    expect((await project.up()).changes).toEqual({});
  });

  it("know nobody who is not in the stack", async () => {
    const { code, stderr } = await project.gpudev("start", "carol");
    expect([code, stderr]).toEqual([2, expect.stringContaining("has no user `carol`")]);
  });
});

describe("a changed SSH key", () => {
  it("is in force while training goes on", async () => {
    const alice = project.container("alice");
    await login("alice", aliceKey).must(
      `tmux new-session -d -s train "python3 -c 'import time
n = 0
while True:
    n += 1
    open(\\"/home/dev/steps\\", \\"w\\").write(str(n))
    time.sleep(0.1)'"`,
    );
    await eventually(
      "training steps",
      async () => (await inside(alice, "test -s ~/steps")).code === 0,
    );
    const pid = await insideMust(alice, "pgrep -f /home/dev/steps | head -1");
    const steps = Number(await insideMust(alice, "cat ~/steps"));

    project.change({
      users: [
        { name: "alice", sshKeys: [newKey.publicKey] },
        { name: "bob", sshKeys: [bobKey.publicKey] },
      ],
    });
    await project.up();

    expect(await login("alice", newKey).must("id -un")).toBe("dev");
    const old = await login("alice", aliceKey).exec("true");
    expect(old.code).toBe(255);
    expect(old.stderr).toContain("Permission denied (publickey)");
    expect(await identity(alice)).toEqual(first);
    expect(await insideMust(alice, "pgrep -f /home/dev/steps | head -1")).toBe(pid);
    await eventually("further steps", async () => {
      const now = await inside(alice, "cat ~/steps");
      return Number(now.stdout) > steps;
    });
  });
});

describe("a user who leaves", () => {
  it("leaves a home that stays until `forget`", async () => {
    await insideMust(project.container("bob"), "echo bob was here > ~/marker");
    const removed = await project.gpudev("remove", "bob");
    expect(removed.code, removed.stdout + removed.stderr).toBe(0);
    await project.up();
    const label = `dev.gpudev.stack=${project.stack}`;
    expect(await labelled("container", label)).toEqual([project.container("alice")]);
    expect(await labelled("volume", label)).toEqual([project.home("alice"), project.home("bob")]);
    expect(await identity(project.container("alice"))).toEqual(first);
  });

  it("finds it again on coming back", async () => {
    await project.gpudev("add", "bob", "--key", `${bobKey.file}.pub`);
    await project.up();
    expect(await login("bob", bobKey).must("cat ~/marker")).toBe("bob was here");
    await project.gpudev("remove", "bob");
    await project.up();
  });

  it("is forgotten by name only, home and seat together", async () => {
    const wrong = await project.gpudev("forget", "carol", "--yes");
    expect(wrong.code).toBe(2);
    const present = await project.gpudev("forget", "alice", "--yes");
    expect(present.code).toBe(2);
    const forgotten = await project.gpudev("forget", "bob", "--yes");
    expect(forgotten.code, forgotten.stdout + forgotten.stderr).toBe(0);
    expect(await labelled("volume", `dev.gpudev.stack=${project.stack}`)).toEqual([
      project.home("alice"),
    ]);
    expect(Object.keys(seats()).sort()).toEqual(["alice", "id"]);
    expect(await identity(project.container("alice"))).toEqual(first);
    const report = await project.up();
    expect(report.changes).toEqual({});
  });
});

describe("`destroy`", () => {
  it("leaves homes, and the next `up` finds them with their token and host key", async () => {
    const alice = project.container("alice");
    await insideMust(alice, "echo precious > ~/marker");
    const before = await keepsakes("alice");
    const link = await project.link("alice");

    await project.destroy();
    expect(await objectsOf(project.stack)).toEqual({
      containers: [],
      networks: [],
      volumes: [project.home("alice")],
    });

    await project.up();
    expect(await keepsakes("alice")).toBe(before);
    expect(await project.link("alice")).toBe(link);
    expect(await Jupyter.fromLink(link).status("/api/status")).toBe(200);
    expect(await login("alice", newKey).must("cat ~/marker")).toBe("precious");
  });

  it("may be said twice", async () => {
    await project.destroy();
    await project.destroy();
    expect((await objectsOf(project.stack)).volumes).toEqual([project.home("alice")]);
  });
});
