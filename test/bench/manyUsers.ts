import { generateKeyPairSync } from "node:crypto";
import type { Lookups } from "../../components/lookups";
import { makePlan, type WorkstationPlan } from "../../components/plan";
import type { Settings } from "../../components/settings";
import { ID, machine, settingsOf } from "../plan/world";

/** An image that nothing has to build or pull for a plan or a preview. */
const IMAGE = `pytorch-cuda@sha256:${"0".repeat(64)}`;

function userName(index: number): string {
  return `user${String(index).padStart(4, "0")}`;
}

function sshField(data: Buffer | string): Buffer {
  const bytes = Buffer.from(data);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Public SSH keys, each another; nobody has their other halves. */
export function publicKeys(count: number): string[] {
  return Array.from({ length: count }, () => {
    const { x = "" } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
    const key = Buffer.concat([sshField("ssh-ed25519"), sshField(Buffer.from(x, "base64url"))]);
    return `ssh-ed25519 ${key.toString("base64")}`;
  });
}

/** Users of a stack file. */
export function usersOf(keys: readonly string[]): { name: string; sshKeys: string[] }[] {
  return keys.map((key, index) => ({ name: userName(index), sshKeys: [key] }));
}

/** Settings of a stack with a user for each key, all of them seated. */
export function settingsFor(keys: readonly string[]): Settings {
  const users = usersOf(keys);
  return settingsOf(users, {
    image: { existing: IMAGE },
    limits: { memory: "4GiB" },
    seats: { id: ID, ...Object.fromEntries(users.map(({ name }, slot) => [name, { slot }])) },
  });
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
