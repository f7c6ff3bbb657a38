import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Lookups } from "../../components/lookups";
import { makePlan, type WorkstationPlan } from "../../components/plan";
import type { Settings } from "../../components/settings";
import { ID, machine, settingsOf } from "../plan/world";
import { makeKey } from "../support/ssh";

/** An image that nothing has to build or pull for a plan or a preview. */
const IMAGE = `pytorch-cuda@sha256:${"0".repeat(64)}`;

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
  return settingsOf(
    names.map((name) => ({ name, sshKeys: [key] })),
    {
      image: { existing: IMAGE },
      limits: { memory: "4GiB" },
      seats: { id: ID, ...Object.fromEntries(names.map((name, slot) => [name, { slot }])) },
    },
  );
}

/** A machine on which nothing of the stack runs yet. */
export function emptyMachine(): Lookups {
  return machine();
}

/** The same machine once a plan's environments run on it. */
export function runningMachine({ environments }: WorkstationPlan): Lookups {
  const known = <T>(value: T) => ({ known: true, value }) as const;
  const ours = <T extends object>(object: T) => ({ ...object, stackId: ID });
  return machine([], {
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
  });
}

/** A plan that may be carried out. */
export function goodPlan(settings: Settings, lookups: Lookups): WorkstationPlan {
  const plan = makePlan(settings, lookups);
  const errors = plan.findings.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(JSON.stringify(errors.slice(0, 3)));
  return plan;
}
