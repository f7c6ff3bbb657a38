import type { Finding } from "../../settings/finding";
import type { Seat } from "../../settings/schema";
import type { DeviceId } from "../deviceTable";
import { type Decided, error, hint, warning } from "../findings";
import { recordedSeats } from "../members";
import { seatLine } from "../seats";
import { HostTable } from "./hostTable";
import type { AwsMember } from "./members";
import { deviceList, deviceWord, type HostShape } from "./shape";
import type { AwsStack } from "./stack";

/** Where everybody sits. */
export interface Placement {
  /** Seats of the stack's users, by host and slot. */
  readonly users: ReadonlyMap<string, Seat>;
  /** Seats as they should be recorded, by host and slot: those of users, and of those who have left and whose homes stay. */
  readonly seats: Readonly<Record<string, Seat>>;
}

const seatPath = (user: string) => `gpudev:seats.${user}`;

/** Keeps what is recorded: a slot fixes ports and the home's quota, and is kept for who has left, too. */
function keepSlots(recorded: ReadonlyMap<string, Seat>, table: HostTable): Finding[] {
  const holders = new Map<string, string>();
  return [...recorded].flatMap(([user, { host, slot }]) => {
    const place = `${host} ${slot}`;
    const other = holders.get(place);
    table.room(host).takeSlot(slot);
    if (other === undefined) {
      holders.set(place, user);
      return [];
    }
    return [
      error(
        "slot-twice",
        `${seatPath(user)}.slot`,
        `Slot ${slot} of host ${host} is recorded for ${other} and ${user}; a slot fixes ports and the home, so each needs its own`,
        `Give ${user} a slot that nobody on the host has, or delete the line, so that gpudev records a free one.`,
      ),
    ];
  });
}

/** Devices that a seat records and the user still gets. */
function keepDevices(member: AwsMember, seat: Seat, table: HostTable): DeviceId[] {
  const room = table.room(seat.host);
  const kept: DeviceId[] = [];
  for (const device of seat.devices ?? []) {
    if (kept.length < member.count && !kept.includes(device) && room.takeDevice(device)) {
      kept.push(device);
    }
  }
  return kept;
}

/** Gives what is lacking, on the user's own host. @returns whether there was enough */
function fillDevices(member: AwsMember, held: DeviceId[], host: number, table: HostTable): boolean {
  const room = table.room(host);
  while (held.length < member.count) {
    const device = room.nextDevice(held);
    if (device === undefined) return false;
    room.takeDevice(device);
    held.push(device);
  }
  return true;
}

function hostFull(member: AwsMember, seat: Seat, held: number, shape: HostShape): Finding {
  const { name } = member.user;
  return error(
    "host-full",
    seatPath(name),
    `${name} sits on host ${seat.host} and asks for ${deviceWord(shape, member.count)}, and ${shape.type.type} has ${held === 0 ? "none" : `only ${held}`} left there beside the others'`,
    `Take a larger type in gpudev:aws.hosts.ladder, or ask for less in ${member.gpusPath}. The home is on that host; with homes.kind: efs you may write another host into the seat.`,
  );
}

function tooLarge(member: AwsMember, shape: HostShape): Finding {
  return error(
    "request-beyond-host",
    member.gpusPath,
    `${member.user.name} asks for ${deviceWord(shape, member.count)}, and a ${shape.type.type} has ${deviceWord(shape, shape.devices.length)}`,
    "Ask for less, or take a larger type in gpudev:aws.hosts.ladder.",
  );
}

function sameSeat(a: Seat | undefined, b: Seat): boolean {
  const key = (seat: Seat) => JSON.stringify([seat.slot, seat.host, seat.devices ?? []]);
  return a !== undefined && key(a) === key(b);
}

function unrecorded(user: string, seat: Seat, before: Seat | undefined, shape: HostShape): Finding {
  const devices = seat.devices === undefined ? "" : `, ${deviceList(shape, seat.devices)}`;
  const where = `host ${seat.host}, slot ${seat.slot}${devices}`;
  return hint(
    "seat-unrecorded",
    seatPath(user),
    before === undefined
      ? `User ${user} has no recorded seat and takes the next free one: ${where}`
      : `The recorded seat of ${user} is no longer the same: ${where}`,
    `Run gpudev up, which records it, or write under gpudev:seats:  ${seatLine(user, seat)}`,
  );
}

/** MIG slices are devices of their own to CUDA, which uses the first one only. */
function checkSlices(members: readonly AwsMember[], shape: HostShape): Finding[] {
  if (shape.sharing !== "mig") return [];
  const paths = new Set(members.filter(({ count }) => count > 1).map(({ gpusPath }) => gpusPath));
  return [...paths].map((path) =>
    warning(
      "several-slices",
      path,
      "A CUDA program uses one MIG slice only, however many its environment has",
      "Ask for 1, and take a larger hosts.migProfile.",
    ),
  );
}

/**
 * Places everybody on hosts. What is recorded wins: host and slot always, devices where the host has
 * them. Newcomers take the first place with room, in list order, so that adding a user moves nobody.
 * Linear in the number of users.
 */
export function placeOnHosts(
  settings: AwsStack,
  members: readonly AwsMember[],
  shape: HostShape,
): Decided<Placement> {
  const recorded = recordedSeats(settings);
  const table = new HostTable(shape);
  const findings: Finding[] = [...checkSlices(members, shape), ...keepSlots(recorded, table)];
  const held = new Map<string, DeviceId[]>();
  for (const member of members) {
    if (member.recorded === undefined) continue;
    table.room(member.recorded.host).users += 1;
    held.set(member.user.name, keepDevices(member, member.recorded, table));
  }
  findings.push(...checkCrowded(members, table));
  const users = new Map<string, Seat>();
  const settle = (name: string, slot: number, host: number, devices: readonly DeviceId[]) => {
    users.set(name, { slot, host, ...(devices.length > 0 ? { devices: [...devices] } : {}) });
  };
  for (const member of members) {
    const { user, recorded: seat } = member;
    if (seat === undefined) continue;
    const devices = held.get(user.name) ?? [];
    if (!fillDevices(member, devices, seat.host, table)) {
      findings.push(hostFull(member, seat, devices.length, shape));
    }
    settle(user.name, seat.slot, seat.host, devices);
  }
  for (const member of members) {
    const { user, recorded: seat } = member;
    if (seat !== undefined) continue;
    const wanted = table.hostFor(member.count);
    if (wanted === undefined) findings.push(tooLarge(member, shape));
    const host = wanted ?? table.hostFor(0) ?? 0;
    const room = table.room(host);
    room.users += 1;
    const devices: DeviceId[] = [];
    if (wanted !== undefined) fillDevices(member, devices, host, table);
    settle(user.name, room.freeSlot(), host, devices);
  }
  for (const { user, recorded: seat } of members) {
    const now = users.get(user.name);
    if (now !== undefined && !sameSeat(seat, now)) {
      findings.push(unrecorded(user.name, now, seat, shape));
    }
  }
  return { value: { users: inOrder(users), seats: allSeats(recorded, users, table) }, findings };
}

function checkCrowded(members: readonly AwsMember[], table: HostTable): Finding[] {
  const hosts = new Set(members.flatMap(({ recorded }) => recorded?.host ?? []));
  const { places, type } = table.shape;
  const crowded = [...hosts].filter((host) => table.room(host).users > places);
  return crowded.map((host) =>
    warning(
      "host-crowded",
      "gpudev:aws.hosts",
      `${table.room(host).users} users are recorded on host ${host}, and a ${type.type} is meant for ${places}: each gets less memory than is there for one`,
      "Nothing to do if that is meant; nobody is moved, because homes are on the host. A larger type or usersPerHost makes room.",
    ),
  );
}

function inOrder(seats: ReadonlyMap<string, Seat>): ReadonlyMap<string, Seat> {
  return new Map(
    [...seats].toSorted(([a, x], [b, y]) => x.host - y.host || x.slot - y.slot || (a < b ? -1 : 1)),
  );
}

/** Who has left keeps host and slot, where the home is, and of the devices those that nobody has taken over. */
function allSeats(
  recorded: ReadonlyMap<string, Seat>,
  users: ReadonlyMap<string, Seat>,
  table: HostTable,
): Record<string, Seat> {
  const all = new Map<string, Seat>();
  for (const [user, { devices = [], ...seat }] of recorded) {
    const free = devices.filter((device) => !table.room(seat.host).isGone(device));
    all.set(user, free.length > 0 ? { ...seat, devices: free } : seat);
  }
  for (const [user, seat] of users) all.set(user, seat);
  return Object.fromEntries(inOrder(all));
}
