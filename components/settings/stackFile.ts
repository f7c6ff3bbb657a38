import { type Document, isMap, isPair, isScalar, isSeq, parseDocument, type YAMLMap } from "yaml";
import type { z } from "zod";
import type { Finding } from "./finding";
import { keepFormatting } from "./keepFormatting";
import { error, nearest } from "./problems";
import type { Seat, userSchema } from "./schema";
import { ENCRYPTED } from "./values";

const NAMESPACE = "gpudev:";

/** A user as it is written into a stack file or a roster. */
export type NewUser = z.input<typeof userSchema>;

/** Seats as `gpudev:seats` records them: the stack's id, and each user's seat under the user's name. */
export interface SeatsRecord {
  readonly id: string;
  readonly [user: string]: string | Seat;
}

/** A stack file or roster that cannot be edited as asked. `findings` say why, for the person. */
export class StackFileError extends Error {
  override readonly name = "StackFileError";

  /** @param roster The roster file that holds the users, where that is why a user cannot be edited in the stack file. */
  constructor(
    readonly findings: readonly Finding[],
    readonly roster?: string,
  ) {
    super(findings.map(({ path, message, mend }) => `${path}: ${message} ${mend}`).join("\n"));
  }
}

function fail(path: string, code: string, message: string, mend: string, roster?: string): never {
  throw new StackFileError([error(path, code, message, mend)], roster);
}

function open(text: string): Document {
  const doc = parseDocument(text, { prettyErrors: true });
  if (doc.errors.length > 0)
    throw new StackFileError(
      doc.errors.map((problem) =>
        error(
          `line ${problem.linePos?.[0].line ?? 1}`,
          "broken-yaml",
          `The stack file is no YAML here: ${problem.message.split(" at line ")[0] ?? ""}.`,
          "Look at the indentation, the quotes and the brackets of this line and the one above it.",
        ),
      ),
    );
  if (doc.contents !== null && !isMap(doc.contents))
    fail("line 1", "broken-yaml", "The stack file is no mapping.", "Begin it with `config:`.");
  const config = doc.get("config");
  if (config !== undefined && config !== null && !isMap(config))
    fail(
      "config",
      "broken-yaml",
      "`config` is no mapping.",
      "Put `gpudev:target: workstation` and the like below it.",
    );
  return doc;
}

/** Pulumi takes a key without a namespace for the project's own, so both spellings are one setting. */
function keyOf(doc: Document, key: string): string {
  const bare = key.slice(NAMESPACE.length);
  return !doc.hasIn(["config", key]) && doc.hasIn(["config", bare]) ? bare : key;
}

function withoutSecrets(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutSecrets);
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]?.[0] === "secure") return ENCRYPTED;
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutSecrets(item)]));
}

/**
 * The configuration in a stack file as Pulumi hands it to a program: texts and
 * numbers as texts, lists and mappings as JSON. In the place of an encrypted
 * value stands `[encrypted]`.
 *
 * @throws StackFileError where the text is no YAML or has no usable `config`.
 */
export function readStackConfig(text: string): Record<string, string> {
  const config = (open(text).toJS() as { config?: Record<string, unknown> } | null)?.config ?? {};
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      const plain = withoutSecrets(value);
      const full = key.includes(":") ? key : NAMESPACE + key;
      if (typeof plain === "object") return [full, plain === null ? "" : JSON.stringify(plain)];
      return [full, String(plain)];
    }),
  );
}

/** Runs one edit; where it changes nothing, the text stays as it is to the last byte. */
function edit(text: string, change: (doc: Document) => void): string {
  const doc = open(text);
  const before = JSON.stringify(doc.toJS());
  change(doc);
  if (JSON.stringify(doc.toJS()) === before) return text;
  return keepFormatting(text, doc);
}

/** The map or list at a place below `config`, made where it is missing. */
function mapAt(doc: Document, key: string): YAMLMap {
  const path = ["config", keyOf(doc, key)];
  const found = doc.getIn(path);
  if (isMap(found)) return found;
  if (found !== undefined && found !== null)
    fail(key, "wrong-type", "This must be a mapping.", "Take it out, and gpudev writes it anew.");
  const made = doc.createNode({});
  doc.setIn(path, made);
  return made;
}

/** Sets one pair; a short mapping is written on one line. */
function put(doc: Document, map: YAMLMap, key: string, value: unknown): void {
  map.set(doc.createNode(key), doc.createNode(value, { flow: true }));
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
  return edit(text, (doc) => {
    const map = mapAt(doc, "gpudev:seats");
    for (const [name, seat] of Object.entries(seats)) {
      const recorded = doc.getIn(["config", keyOf(doc, "gpudev:seats"), name]);
      if (typeof seat === "string") {
        if (recorded !== seat) put(doc, map, name, seat);
      } else if (!sameSeat(isMap(recorded) ? recorded.toJS(doc) : recorded, seat)) {
        const { slot, host, devices } = seat;
        put(doc, map, name, { slot, host, ...(devices?.length ? { devices } : {}) });
      }
    }
  });
}

/** The roster file that a stack file names as its users, if it does. */
export function rosterOf(text: string): string | undefined {
  const doc = open(text);
  const users = doc.getIn(["config", keyOf(doc, "gpudev:users")]);
  return typeof users === "string" ? users : undefined;
}

function userNames(doc: Document): string[] {
  const users = doc.getIn(["config", keyOf(doc, "gpudev:users")]);
  if (!isSeq(users)) return [];
  return users.items.map((item) => (isMap(item) ? String(item.get("name")) : ""));
}

function refuseRoster(doc: Document): void {
  const users = doc.getIn(["config", keyOf(doc, "gpudev:users")]);
  if (typeof users === "string")
    fail(
      "gpudev:users",
      "users-in-roster",
      `The users of this stack are in the roster file ${users}.`,
      "Change that file.",
      users,
    );
  if (users !== undefined && users !== null && !isSeq(users))
    fail("gpudev:users", "wrong-type", "`gpudev:users` is no list.", "Make it a list of users.");
}

/**
 * Adds a user at the end of `gpudev:users`.
 *
 * @throws StackFileError with `roster` set where the users are in a roster file
 * (then {@link addRosterRow} is due), or where there is such a user already.
 */
export function addUser(text: string, user: NewUser): string {
  return edit(text, (doc) => {
    refuseRoster(doc);
    const { name } = user;
    if (userNames(doc).includes(name)) throw duplicateUser(name);
    const path = ["config", keyOf(doc, "gpudev:users")];
    const users = doc.getIn(path);
    if (!isSeq(users)) doc.setIn(path, doc.createNode([]));
    doc.addIn(path, doc.createNode(user, { flow: true }));
  });
}

/** @internal */
export function duplicateUser(name: string): StackFileError {
  return new StackFileError([
    error(
      "gpudev:users",
      "duplicate-user",
      `There is a user \`${name}\` already.`,
      "Give the new one another name.",
    ),
  ]);
}

/** @internal */
export function unknownUser(name: string, names: readonly string[]): StackFileError {
  const near = nearest(name, names);
  return new StackFileError([
    error(
      "gpudev:users",
      "unknown-user",
      `There is no user \`${name}\`.`,
      near ? `Did you mean \`${near}\`?` : `These are there: ${names.join(", ") || "none"}.`,
    ),
  ]);
}

/**
 * Takes a user out of `gpudev:users`. The seat stays recorded: the home is kept
 * until it is forgotten.
 *
 * @throws StackFileError with `roster` set where the users are in a roster file
 * (then {@link removeRosterRow} is due), or where there is no such user.
 */
export function removeUser(text: string, name: string): string {
  return edit(text, (doc) => {
    refuseRoster(doc);
    const names = userNames(doc);
    const index = names.indexOf(name);
    if (index < 0) throw unknownUser(name, names);
    doc.deleteIn(["config", keyOf(doc, "gpudev:users"), index]);
  });
}

/**
 * Takes a user's seat out of the record, which frees the slot.
 *
 * @throws StackFileError where no such seat is recorded.
 */
export function forgetSeat(text: string, name: string): string {
  return edit(text, (doc) => {
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

/**
 * Sets one value, such as `["gpudev:image", "torch"]` to `"2.6.0"`; mappings on
 * the way are made where they are missing.
 *
 * @throws StackFileError where the text is no usable stack file.
 */
export function setValue(
  text: string,
  path: readonly [string, ...(string | number)[]],
  value: unknown,
): string {
  return edit(text, (doc) => {
    const [key, ...rest] = path;
    doc.setIn(
      ["config", keyOf(doc, key), ...rest],
      doc.createNode(value, { flow: rest.length > 0 }),
    );
  });
}

const FIRST = "abcdefghjkmnpqrstvwxyz";
const OTHERS = `${FIRST}23456789`;
const ID_LENGTH = 8;

/**
 * A new stack id: 8 letters and digits that are not mistaken for one another
 * (40 bits), with a letter in front so that no YAML reader takes it for a number.
 *
 * @param random Gives that many random bytes, such as `crypto.randomBytes`.
 */
export function newStackId(random: (count: number) => Uint8Array): string {
  let id = "";
  while (id.length < ID_LENGTH) {
    const letters = id === "" ? FIRST : OTHERS;
    const byte = random(1)[0] ?? 0;
    // A byte beyond the last whole multiple would make some letters likelier than others.
    if (byte < 256 - (256 % letters.length)) id += letters.charAt(byte % letters.length);
  }
  return id;
}
