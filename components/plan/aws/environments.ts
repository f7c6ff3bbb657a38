import type { Seat } from "../../settings/schema";
import type { Finding } from "../../settings/finding";
import type { GpuAccess, Port } from "../container";
import { type Decided, error, groupBy, listed } from "../findings";
import { toAddress, toBlock } from "../ipv4";
import { type Limits, resolveLimits } from "../limits";
import { labelsOf, namesOf } from "../names";
import { assignPorts } from "../ports";
import { bindMount, INSIDE, profileOf } from "../profile";
import { HOST_FOLDERS, hostName, unitName } from "./awsNames";
import type { AwsMember } from "./members";
import type { AwsEnvironment, PlannedData } from "./model";
import { quotaGiB } from "./homes";
import type { HostShape } from "./shape";
import type { AwsStack } from "./stack";

const GIB = 2 ** 30;
/** What the kernel leaves of a type's memory: the rest is its own and the firmware's. */
const USABLE_MEMORY = 0.96;
/** Addresses of a user's network: a /29. */
const SUBNET = 8;
/** Longest container name: it is a DNS label on the user's network (RFC 1035). */
const LONGEST = 63;

/** Data sets, and where each appears on the host and inside. */
export function planData(settings: AwsStack): PlannedData[] {
  return settings.aws.data.map(({ bucket, prefix = "", write }) => {
    const name = [bucket, ...prefix.split("/").filter((part) => part !== "")].join("-");
    const [path, inside] = [`${HOST_FOLDERS.data}/${name}`, `/data/${name}`];
    return { bucket, prefix, path, inside, write };
  });
}

/**
 * By which the AWS SDKs and the AWS CLI find the lent credentials, which the host renews in a folder
 * that is mounted read-only; the values themselves are never in the environment. They do not ask
 * for metadata, which is closed to containers.
 */
const LENT: Readonly<Record<string, string>> = {
  AWS_CONFIG_FILE: `${INSIDE.aws}/config`,
  AWS_EC2_METADATA_DISABLED: "true",
};

function subnetOf(range: string, slot: number): { subnet: string; gateway: string } {
  const first = (toBlock(range)?.first ?? 0) + slot * SUBNET;
  return { subnet: `${toAddress(first)}/29`, gateway: toAddress(first + 1) };
}

function checkRange(settings: AwsStack, users: ReadonlyMap<string, Seat>): Finding[] {
  const { range } = settings.networks;
  const block = toBlock(range) ?? { first: 0, last: 0 };
  const room = Math.floor((block.last - block.first + 1) / SUBNET);
  const beyond = [...users].filter(([, { slot }]) => slot >= room).map(([user]) => user);
  if (beyond.length === 0) return [];
  return [
    error(
      "range-too-small",
      "gpudev:networks.range",
      `${range} has room for ${room} networks of 8 addresses on a host, and ${listed(beyond)} ${beyond.length === 1 ? "sits" : "sit"} beyond`,
      "Take a larger private range, such as 10.213.0.0/16 with room for 8192.",
    ),
  ];
}

function checkNames(stack: string, users: Iterable<string>): Finding[] {
  const long = [...users].filter((user) => namesOf(stack, user).container.length > LONGEST);
  if (long.length === 0) return [];
  return [
    error(
      "name-too-long",
      "gpudev:users",
      `The containers of ${listed(long)} would have names of more than ${LONGEST} characters, which no DNS name may have`,
      "Give the stack (Pulumi.<stack>.yaml) or the users shorter names.",
    ),
  ];
}

/** Loopback ports of the hosts; nothing is known of who holds which, since hosts are the stack's own. */
function portsOf(
  settings: AwsStack,
  users: ReadonlyMap<string, Seat>,
  id: string,
): Decided<ReadonlyMap<string, readonly Port[]>> {
  const loopback = { ...settings, bind: { ...settings.bind, address: "127.0.0.1" } };
  const slots = new Map([...users].map(([user, { slot }]) => [user, slot]));
  const decided = assignPorts(loopback, { takenPorts: { known: true, value: [] } }, slots, id);
  if (settings.aws.access.directFrom.length === 0) return decided;
  // SSH is encrypted and asks for a key; Jupyter stays behind Caddy.
  const open = (port: Port): Port =>
    port.name === "ssh" && port.published !== undefined
      ? { ...port, published: { ...port.published, address: "0.0.0.0" } }
      : port;
  const value = new Map([...decided.value].map(([user, ports]) => [user, ports.map(open)]));
  return { value, findings: decided.findings };
}

/** Limits by host: the defaults divide a host among its places, whoever sits there. */
function limitsOf(
  settings: AwsStack,
  members: readonly AwsMember[],
  users: ReadonlyMap<string, Seat>,
  shape: HostShape,
): Decided<ReadonlyMap<string, Limits>> {
  const machine = {
    memory: Math.floor(shape.type.memoryGiB * GIB * USABLE_MEMORY),
    cpus: shape.type.vcpus,
    gpus: shape.places,
  };
  const value = new Map<string, Limits>();
  const findings: Finding[] = [];
  const part = (count: number) => (shape.sharing === "time-slicing" ? 1 : Math.max(1, count));
  for (const [, on] of groupBy(members, ({ user }) => users.get(user.name)?.host ?? 0)) {
    const counts = new Map(on.map(({ user, count }) => [user.name, part(count)]));
    const decided = resolveLimits(settings, on, machine, counts);
    for (const [user, limits] of decided.value) value.set(user, limits);
    findings.push(...decided.findings);
  }
  return { value, findings };
}

function gpuOf({ devices = [] }: Seat): GpuAccess | undefined {
  return devices.length === 0 ? undefined : { via: "cdi", devices: devices.map(String) };
}

/** What every user of a stack on AWS gets. */
export function planEnvironments(
  settings: AwsStack,
  members: readonly AwsMember[],
  users: ReadonlyMap<string, Seat>,
  shape: HostShape,
  id: string,
): Decided<readonly AwsEnvironment[]> {
  const { stack } = settings;
  const ports = portsOf(settings, users, id);
  const limits = limitsOf(settings, members, users, shape);
  const sets = planData(settings);
  const data = sets.map(({ path, inside }) => bindMount(path, inside, true));
  const byName = new Map(members.map((member) => [member.user.name, member]));
  const quotaBytes = quotaGiB(settings) * GIB;
  const value = [...users].flatMap(([name, seat]): AwsEnvironment[] => {
    const member = byName.get(name);
    const own = limits.value.get(name);
    if (member === undefined || own === undefined) return [];
    const names = namesOf(stack, name);
    const home = `${HOST_FOLDERS.homes}/${name}`;
    const keys = `${HOST_FOLDERS.authorizedKeys}/${name}`;
    const gpu = gpuOf(seat);
    return [
      {
        user: name,
        seat,
        host: seat.host,
        container: names.container,
        unit: unitName(name),
        home: { path: home, quotaBytes },
        network: { name: names.network, ...subnetOf(settings.networks.range, seat.slot) },
        authorizedKeys: settings.services.ssh ? member.user.sshKeys : [],
        profile: profileOf(settings, {
          mounts: [
            bindMount(home, INSIDE.home, false),
            ...(settings.services.ssh ? [bindMount(keys, INSIDE.authorizedKeys, true)] : []),
            ...data,
            ...(sets.length > 0
              ? [bindMount(`${HOST_FOLDERS.credentials}/${name}`, INSIDE.aws, true)]
              : []),
          ],
          ...(sets.length > 0 ? { env: LENT } : {}),
          tls: false,
          limits: own,
          ports: ports.value.get(name) ?? [],
          ...(gpu === undefined ? {} : { gpu }),
        }),
        labels: labelsOf(stack, name, id),
        pricePerHour: 0,
      },
    ];
  });
  return {
    value,
    findings: [
      ...limits.findings,
      ...ports.findings,
      ...checkRange(settings, users),
      ...checkNames(stack, users.keys()),
    ],
  };
}

/** Hosts of environments, in order, each with its environments by slot. */
export function byHost(
  environments: readonly AwsEnvironment[],
): readonly (readonly [number, string, readonly AwsEnvironment[]])[] {
  return [...groupBy(environments, ({ host }) => host)]
    .toSorted(([a], [b]) => a - b)
    .map(([host, all]) => [host, hostName(host), all] as const);
}
