import { STACK_ID_LABEL, STACK_LABEL, USER_LABEL } from "../catalog/labels";
import type { Answer, DockerObject, Lookups } from "../lookups/model";
import type { Finding } from "../settings/finding";
import { error, hint, listed } from "./findings";

/** Names of what a user gets on the daemon. */
export interface Names {
  readonly container: string;
  readonly homeVolume: string;
  readonly network: string;
}

/** Longest container name: it is a DNS label on the user's network, and those end at 63 (RFC 1035). */
const LONGEST = 63;

export function namesOf(stack: string, user: string): Names {
  const name = `gpudev-${stack}-${user}`;
  return { container: name, homeVolume: `${name}-home`, network: name };
}

/** Labels on everything that the stack makes for a user. */
export function labelsOf(stack: string, user: string, id: string): Record<string, string> {
  return { [STACK_ID_LABEL]: id, [STACK_LABEL]: stack, [USER_LABEL]: user };
}

function byName<T extends DockerObject>(answer: Answer<readonly T[]>): ReadonlyMap<string, T> {
  return new Map((answer.known ? answer.value : []).map((object) => [object.name, object]));
}

function foreign(kind: "container" | "network", object: DockerObject): Finding {
  const owner =
    object.stackId === undefined ? "not gpudev's" : `of the stack with id ${object.stackId}`;
  return error(
    `foreign-${kind}`,
    "gpudev:users",
    `The ${kind} ${object.name} exists and is not this stack's: it is ${owner}`,
    `Remove it (docker ${kind} rm ${object.name}) if nobody needs it, or rename the stack.`,
  );
}

function foreignVolume(user: string, object: DockerObject): Finding {
  return error(
    "foreign-volume",
    "gpudev:seats.id",
    `The volume ${object.name}, ${user}'s home, exists and is not this stack's: ${object.stackId === undefined ? "it has no gpudev label" : `it belongs to the stack with id ${object.stackId}`}`,
    object.stackId === undefined
      ? `Copy what is in it elsewhere and remove it (docker volume rm ${object.name}), or rename the stack; gpudev takes over only homes that carry its label.`
      : `If this is that stack and its file was lost, write id: ${object.stackId} under gpudev:seats and the stack goes on with its homes; otherwise rename the stack.`,
  );
}

/** Two stacks with one id would take each other's environments for what a killed run left. */
function checkId(stack: string, id: string, objects: readonly DockerObject[]): Finding[] {
  const others = objects.filter(
    (object) => object.stackId === id && object.stack !== undefined && object.stack !== stack,
  );
  const [first] = others;
  if (first === undefined) return [];
  return [
    error(
      "id-of-another-stack",
      "gpudev:seats.id",
      `The id ${id} is that of stack ${first.stack}, which has ${listed(others.map(({ name }) => name))}`,
      `Take gpudev:seats out of this file, and gpudev records new ones; if stack ${first.stack} is to go on under another name, give it its old one back.`,
    ),
  ];
}

/** Holds the names against Docker's limits and against what others own under them. */
export function checkNames(
  stack: string,
  users: readonly string[],
  retained: readonly string[],
  lookups: Lookups,
  id: string,
): Finding[] {
  const findings: Finding[] = [];
  const long = users.filter((user) => namesOf(stack, user).container.length > LONGEST);
  if (long.length > 0) {
    findings.push(
      error(
        "name-too-long",
        "gpudev:users",
        `The containers of ${listed(long)} would have names of more than ${LONGEST} characters, which no DNS name may have`,
        "Give the stack (Pulumi.<stack>.yaml) or the users shorter names.",
      ),
    );
  }
  const containers = byName(lookups.containers);
  const networks = byName(lookups.networks);
  const volumes = byName(lookups.volumes);
  for (const user of users) {
    const names = namesOf(stack, user);
    const container = containers.get(names.container);
    const network = networks.get(names.network);
    if (container && container.stackId !== id) findings.push(foreign("container", container));
    if (network && network.stackId !== id) findings.push(foreign("network", network));
  }
  const homes = new Set([...users, ...retained].map((user) => namesOf(stack, user).homeVolume));
  for (const user of [...users, ...retained]) {
    const volume = volumes.get(namesOf(stack, user).homeVolume);
    if (volume && volume.stackId !== id) findings.push(foreignVolume(user, volume));
  }
  findings.push(...checkId(stack, id, [...containers.values(), ...volumes.values()]));
  const orphans = [...volumes.values()].filter(
    (volume) =>
      volume.stackId === id && (volume.stack ?? stack) === stack && !homes.has(volume.name),
  );
  if (orphans.length > 0) {
    findings.push(
      hint(
        "orphan-home",
        "gpudev:seats",
        `${listed(orphans.map((volume) => volume.name))} ${orphans.length === 1 ? "is a home" : "are homes"} of this stack that no user and no seat names`,
        "Add the user again to go on with the home, or remove the volume with docker volume rm.",
      ),
    );
  }
  return findings;
}
