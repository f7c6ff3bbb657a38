import { type Document, isMap, isPair, isScalar, type Node, type YAMLMap } from "yaml";
import { nearest } from "./problems";
import type { Seat } from "./schema";
import { addSetting, editStackFile, fail, keyOf } from "./stackDocument";

/** Seats as `gpudev:seats` records them: the stack's id, and each user's seat under the user's name. */
export interface SeatsRecord {
  readonly id: string;
  readonly [user: string]: string | Seat;
}

/** The map or list at a place below `config`, made where it is missing. */
function mapAt(doc: Document, key: string): YAMLMap {
  const path = ["config", keyOf(doc, key)];
  const found = doc.getIn(path);
  if (isMap(found)) {
    if (found.items.length === 0) found.flow = false;
    return found;
  }
  if (found !== undefined && found !== null)
    fail(key, "wrong-type", "This must be a mapping.", "Take it out, and gpudev writes it anew.");
  if (found === null) doc.deleteIn(path);
  const made = doc.createNode({}) as YAMLMap;
  addSetting(doc, key, made);
  return made;
}

/** Sets one pair on one line, and keeps the comment behind it. */
function put(doc: Document, map: YAMLMap, key: string, value: unknown): void {
  const node = doc.createNode(value, { flow: true });
  const before = map.get(key, true) as Node | undefined;
  if (before?.comment) node.comment = before.comment;
  map.set(doc.createNode(key), node);
}

function sameSeat(left: unknown, right: Seat): boolean {
  if (typeof left !== "object" || left === null) return false;
  const seat = left as Partial<Seat>;
  return (
    seat.slot === right.slot &&
    (seat.host ?? 0) === right.host &&
    JSON.stringify(seat.devices ?? []) === JSON.stringify(right.devices ?? [])
  );
}

/**
 * Writes seats into a stack file. Comments, order and formatting stay; where
 * every seat is recorded already the text comes back unchanged. Seats that the
 * record does not name are kept: only {@link forgetSeat} takes one out.
 *
 * @throws StackFileError where the text is no usable stack file.
 */
export function recordSeats(text: string, seats: SeatsRecord): string {
  return editStackFile(text, (doc) => {
    const map = mapAt(doc, "gpudev:seats");
    for (const [name, seat] of Object.entries(seats)) {
      const recorded: unknown = map.get(name);
      if (typeof seat === "string") {
        if (recorded !== seat) put(doc, map, name, seat);
      } else if (!sameSeat(isMap(recorded) ? recorded.toJS(doc) : recorded, seat)) {
        const { slot, host, devices } = seat;
        put(doc, map, name, { slot, host, ...(devices?.length ? { devices } : {}) });
      }
    }
  });
}

/**
 * Takes a user's seat out of the record, which frees the slot.
 *
 * @throws StackFileError where no such seat is recorded.
 */
export function forgetSeat(text: string, name: string): string {
  return editStackFile(text, (doc) => {
    const path = ["config", keyOf(doc, "gpudev:seats")];
    const seats = doc.getIn(path);
    const names = isMap(seats)
      ? seats.items
          .map((pair) => (isPair(pair) && isScalar(pair.key) ? String(pair.key.value) : ""))
          .filter((key) => key !== "id")
      : [];
    if (!names.includes(name)) {
      const near = nearest(name, names);
      fail(
        "gpudev:seats",
        "unknown-seat",
        `No seat is recorded for \`${name}\`.`,
        near ? `Did you mean \`${near}\`?` : `Recorded are: ${names.join(", ") || "none"}.`,
      );
    }
    doc.deleteIn([...path, name]);
  });
}
