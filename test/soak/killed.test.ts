import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docker, inspect, insideMust, labelled, objectsOf } from "../support/docker";
import { Project } from "../support/gpudev";
import { eventually, sleep } from "../support/processes";
import { makeKey } from "../support/ssh";
import { killedRuns, type KilledRun, type Operation } from "./killedRun";
import { killPart, processesOf } from "./victims";

const USERS = ["alice", "bob"];
const RUNS = Number(process.env.GPUDEV_SOAK_RUNS ?? 50);
const SEED = Number(process.env.GPUDEV_SOAK_SEED ?? Date.now() % 1_000_000);

/** What a user must never lose: token, host key, and a file of the user's own. */
const TREASURES =
  "cat ~/.config/gpudev/jupyter-token ~/.config/gpudev/ssh/ssh_host_ed25519_key ~/marker";

let project: Project;
const treasures = new Map<string, string>();
/** Milliseconds that an operation takes when nobody kills it. */
const usual: Record<Operation, number> = {
  "up after destroy": 0,
  "up with changes": 0,
  destroy: 0,
};
let changes = 0;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = Date.now();
  await work();
  return Date.now() - start;
}

/** A change of settings that replaces both containers. */
function changeSettings(): void {
  changes += 1;
  project.change({ limits: { memory: "2GiB", pids: 1000, shm: `${256 + changes}MiB` } });
}

async function readTreasures(): Promise<void> {
  for (const user of USERS) {
    const container = project.container(user);
    if (!treasures.has(user)) await insideMust(container, "date +%s%N > ~/marker");
    const now = await insideMust(container, TREASURES);
    expect(now).toBe(treasures.get(user) ?? now);
    treasures.set(user, now);
  }
}

async function stackId(): Promise<string> {
  const format = '{{index .Config.Labels "dev.gpudev.stack-id"}}';
  return docker("inspect", "--format", format, project.container("alice"));
}

/** Exactly what is planned is there and healthy, and nothing of a killed run goes on. */
async function expectWhole(): Promise<void> {
  const containers = USERS.map((user) => project.container(user));
  const homes = USERS.map((user) => project.home(user));
  expect(await objectsOf(project.stack)).toEqual({
    containers,
    networks: containers,
    volumes: homes,
  });
  const byId = `dev.gpudev.stack-id=${await stackId()}`;
  expect(await labelled("container", byId)).toEqual(containers);
  expect(await labelled("network", byId)).toEqual(containers);
  expect(await labelled("volume", byId)).toEqual(homes);
  for (const container of containers)
    expect((await inspect(container)).State.Health?.Status).toBe("healthy");
  await readTreasures();
  await eventually(
    `no process is left:\n${processesOf(project.stateDir).join("\n")}`,
    () => processesOf(project.stateDir).length === 0,
    60_000,
  );
}

beforeAll(async () => {
  project = await Project.create("soak", 9, { GPUDEV_DEBUG: "1" });
  const keys = await Promise.all(USERS.map((user) => makeKey(project.folder, `${user}-key`)));
  project.write({
    users: USERS.map((name, index) => ({ name, sshKeys: [keys[index]?.publicKey] })),
    limits: { memory: "2GiB", pids: 1000 },
  });
  await project.up(); // Builds the image, where that was not done before.
  await readTreasures();
  changeSettings();
  usual["up with changes"] = await timed(() => project.up());
  usual.destroy = await timed(() => project.destroy());
  usual["up after destroy"] = await timed(() => project.up());
});

afterAll(() => project.cleanUp());

/** Starts an operation and kills part of it; returns whether it was still at work. */
async function killOne({ operation, victim, moment }: KilledRun): Promise<boolean> {
  if (operation === "up after destroy") await project.destroy();
  if (operation === "up with changes") changeSettings();
  const running = project.start(operation === "destroy" ? "destroy" : "up", "--yes");
  let over = false;
  void running.ended.then(() => (over = true));
  await sleep(moment * usual[operation]);
  const inTime = !over;
  // Of a command that has ended, the number may be another process's by now.
  if (inTime) killPart(running, victim);
  await running.ended;
  return inTime;
}

describe(`gpudev, killed at random moments (GPUDEV_SOAK_SEED=${SEED})`, () => {
  let killed = 0;

  for (const [index, run] of killedRuns(RUNS, SEED).entries()) {
    const { operation, victim, moment } = run;
    it(`${index + 1} of ${RUNS}: ${operation}, ${victim} at ${(100 * moment).toFixed(0)} %`, async () => {
      if (await killOne(run)) killed += 1;
      // Homes are there at every moment, not only after the next run.
      expect((await objectsOf(project.stack)).volumes).toEqual(
        USERS.map((user) => project.home(user)),
      );
      await project.up();
      await expectWhole();
    });
  }

  it("was killed at work, and in the end changes nothing", async () => {
    expect(killed).toBeGreaterThan(0);
    expect((await project.up()).changes).toEqual({});
    await expectWhole();
  });
});
