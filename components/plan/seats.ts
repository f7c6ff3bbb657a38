import type { Finding } from "../settings/finding";
import type { Seat, Settings } from "../settings/schema";
import { type Decided, hint } from "./findings";
import type { DeviceId } from "./deviceTable";
import { type Member, recordedSeats } from "./members";
import { assignSlots } from "./slots";

/** Where everybody sits. */
export interface Seating {
  /** Seats of the stack's users. */
  readonly users: ReadonlyMap<string, Seat>;
  /** Seats as they should be recorded: those of users, and of those who have left and whose homes stay. */
  readonly seats: Readonly<Record<string, Seat>>;
}

/** Words that YAML reads as something else than a text. */
const YAML_WORDS = new Set(["null", "true", "false", "yes", "no", "on", "off", "y", "n"]);

/** A text as it stands in a YAML flow mapping; JSON's quotes are YAML's too. */
function yamlText(text: string): string {
  return /^[A-Za-z_][\w-]*$/.test(text) && !YAML_WORDS.has(text) ? text : JSON.stringify(text);
}

/** The line of the stack file that records a seat, such as `bob: {slot: 1, host: 0, devices: [1, 2]}`. */
export function seatLine(user: string, { slot, host, devices }: Seat): string {
  const ids = devices?.map((id) => (typeof id === "number" ? `${id}` : yamlText(id)));
  const last = ids === undefined ? "" : `, devices: [${ids.join(", ")}]`;
  return `${yamlText(user)}: {slot: ${slot}, host: ${host}${last}}`;
}

function sameSeat(a: Seat | undefined, b: Seat): boolean {
  const key = (seat: Seat) => JSON.stringify([seat.slot, seat.host, seat.devices ?? []]);
  return a !== undefined && key(a) === key(b);
}

/**
 * The seat of a user who has left: the slot stays, and so do devices that nobody has taken over. The
 * others are given up, so that coming back never puts two on one device.
 */
function leftSeat({ devices, ...seat }: Seat, held: ReadonlySet<DeviceId>): Seat {
  const own = (devices ?? []).filter((id) => !held.has(id));
  return own.length === 0 ? seat : { ...seat, devices: own };
}

/** Seats the users of the stack; whoever has no record, or another one than before, gets a hint with the line to paste. */
export function seatUsers(
  settings: Settings,
  members: readonly Member[],
  devices: ReadonlyMap<string, readonly DeviceId[]>,
  held: ReadonlySet<DeviceId>,
): Decided<Seating> {
  const slots = assignSlots(settings, members);
  const findings: Finding[] = [...slots.findings];
  const users = new Map<string, Seat>();
  const seats = new Map<string, Seat>(
    [...recordedSeats(settings)].map(([user, seat]) => [user, leftSeat(seat, held)]),
  );
  for (const { user, recorded } of members) {
    const own = devices.get(user.name);
    const seat: Seat = {
      slot: slots.value.get(user.name) ?? 0,
      host: recorded?.host ?? 0,
      ...(own === undefined ? {} : { devices: [...own] }),
    };
    users.set(user.name, seat);
    seats.set(user.name, seat);
    if (!sameSeat(recorded, seat)) {
      const where =
        own === undefined ? `slot ${seat.slot}` : `slot ${seat.slot}, GPU ${own.join(", ")}`;
      findings.push(
        hint(
          "seat-unrecorded",
          `gpudev:seats.${user.name}`,
          recorded === undefined
            ? `User ${user.name} has no recorded seat and takes the next free one: ${where}`
            : `The recorded seat of ${user.name} is no longer the same: ${where}`,
          `Run gpudev up, which records it, or write under gpudev:seats:  ${seatLine(user.name, seat)}`,
        ),
      );
    }
  }
  const inSlotOrder = [...seats].toSorted(([a, x], [b, y]) => x.slot - y.slot || (a < b ? -1 : 1));
  return { value: { users, seats: Object.fromEntries(inSlotOrder) }, findings };
}
