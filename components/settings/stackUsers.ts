import { type Document, isMap, isNode, isSeq, visit } from "yaml";
import type { z } from "zod";
import { error, nearest } from "./problems";
import type { userSchema } from "./schema";
import { editStackFile, fail, keyOf, openStackFile, StackFileError } from "./stackDocument";

/** A user as it is written into a stack file or a roster. */
export type NewUser = z.input<typeof userSchema>;

/** The refusal of a user whose name is taken. */
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

/** The refusal of a name that no user has. */
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

/** The roster file that a stack file names as its users, if it does. */
export function rosterOf(text: string): string | undefined {
  const doc = openStackFile(text);
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
  return editStackFile(text, (doc) => {
    refuseRoster(doc);
    const { name } = user;
    if (userNames(doc).includes(name)) throw duplicateUser(name);
    const path = ["config", keyOf(doc, "gpudev:users")];
    const users = doc.getIn(path);
    if (!isSeq(users)) doc.setIn(path, doc.createNode([]));
    const node = doc.createNode(user, { flow: true });
    visit(node, {
      Scalar: (_, scalar) => {
        if (typeof scalar.value === "string" && /\s/.test(scalar.value))
          scalar.type = "QUOTE_DOUBLE";
      },
    });
    doc.addIn(path, node);
  });
}

/**
 * Takes a user out of `gpudev:users`. The seat stays recorded: the home is kept
 * until it is forgotten.
 *
 * @throws StackFileError with `roster` set where the users are in a roster file
 * (then {@link removeRosterRow} is due), or where there is no such user.
 */
export function removeUser(text: string, name: string): string {
  return editStackFile(text, (doc) => {
    refuseRoster(doc);
    const names = userNames(doc);
    const index = names.indexOf(name);
    if (index < 0) throw unknownUser(name, names);
    const users = ["config", keyOf(doc, "gpudev:users")];
    doc.deleteIn([...users, index]);
    const first = doc.getIn([...users, 0], true);
    if (index === 0 && isNode(first)) first.spaceBefore = false;
  });
}
