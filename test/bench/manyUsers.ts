import { createHash } from "node:crypto";
import type { Lookups } from "../../components/lookups/model";
import { makePlan } from "../../components/plan";
import type { WorkstationPlan } from "../../components/plan/model";
import { parseSettings, type Settings } from "../../components/settings";
import { makeKey } from "../support/ssh";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

const GIB = 2 ** 30;
const STACK = "bench";
const ID = "benchid";

/** An image that nothing has to build or pull for a plan or a preview. */
const IMAGE = `pytorch-cuda@sha256:${createHash("sha256").update(STACK).digest("hex")}`;

export function userName(index: number): string {
  return `user${String(index).padStart(4, "0")}`;
}

/** A public key for the stacks of a run. */
export async function publicKey(): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-bench-key-"));
  try {
    return (await makeKey(folder, "bench")).publicKey;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Settings of a stack with so many users, all of them seated. */
export function settingsFor(users: number, key: string): Settings {
  const names = Array.from({ length: users }, (_, index) => userName(index));
  const { settings, findings } = parseSettings({
    stack: STACK,
    config: {
      "gpudev:target": "workstation",
      "gpudev:users": JSON.stringify(names.map((name) => ({ name, sshKeys: [key] }))),
      "gpudev:image": JSON.stringify({ existing: IMAGE }),
      "gpudev:limits": JSON.stringify({ memory: "4GiB" }),
      "gpudev:seats": JSON.stringify({
        id: ID,
        ...Object.fromEntries(names.map((name, slot) => [name, { slot }])),
      }),
    },
    readFile: () => "",
  });
  if (settings === undefined) throw new Error(JSON.stringify(findings));
  return settings;
}

/** A machine without GPUs on which nothing of the stack runs yet. */
export function emptyMachine(): Lookups {
  const known = <T>(value: T) => ({ known: true, value }) as const;
  return {
    time: "2026-01-01T09:00:00Z",
    docker: { local: true },
    daemon: known({
      version: "27.5.1",
      cpus: 64,
      memory: 512 * GIB,
      runtimes: ["runc"],
      cdiDevices: [],
      root: "/var/lib/docker",
      local: true,
      rootless: false,
      architecture: "x86_64",
      enforces: ["memory", "swap", "cpus", "pids"] as const,
      seccomp: true,
    }),
    gpus: known({ devices: [] }),
    freeDisk: known(2000 * GIB),
    containers: known([]),
    networks: known([{ name: "bridge", subnets: ["172.17.0.0/16"] }]),
    volumes: known([]),
    takenPorts: known([]),
    addresses: known(["127.0.0.1", "192.168.1.10", "172.17.0.1"]),
    base: known({ present: true }),
    images: known([]),
    stateDirectory: path.join(os.tmpdir(), "gpudev-bench-state"),
    imageContextHash: "",
    locks: {},
    files: {},
  };
}

/** The same machine once a plan's environments run on it. */
export function runningMachine({ environments }: WorkstationPlan): Lookups {
  const empty = emptyMachine();
  const known = <T>(value: T) => ({ known: true, value }) as const;
  const ours = <T extends object>(object: T) => ({ ...object, stackId: ID });
  return {
    ...empty,
    containers: known(environments.map(({ container }) => ours({ name: container }))),
    volumes: known(environments.map(({ homeVolume }) => ours({ name: homeVolume }))),
    networks: known(
      environments.map(({ network }) => ours({ name: network.name, subnets: [network.subnet] })),
    ),
    addresses: known(environments.map(({ network }) => network.gateway)),
    takenPorts: known(
      environments.flatMap(({ container, profile }) =>
        profile.ports.flatMap(({ published }) =>
          published === undefined ? [] : [ours({ ...published, holder: container })],
        ),
      ),
    ),
  };
}

/** A plan that may be carried out. */
export function goodPlan(settings: Settings, lookups: Lookups): WorkstationPlan {
  const plan = makePlan(settings, lookups);
  const errors = plan.findings.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(JSON.stringify(errors.slice(0, 3)));
  return plan;
}
