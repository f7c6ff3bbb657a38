import { error } from "./problems";
import { readRoster, ROSTER_COLUMNS, type RosterColumn } from "./roster";
import { StackFileError } from "./stackDocument";
import { duplicateUser, type NewUser, unknownUser } from "./stackUsers";

const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function openRoster(text: string) {
  const roster = readRoster(text, "roster");
  if (roster.columns.length === 0) throw new StackFileError(roster.findings);
  return roster;
}

/**
 * Adds a user at the end of a roster file's text; all other lines stay as they are.
 *
 * @throws StackFileError where the file is no roster, has such a user already, or
 * lacks a column that the user needs.
 */
export function addRosterRow(text: string, user: NewUser): string {
  const begun = text.trim() === "" ? "name,sshKeys\n" : text;
  const { columns, rows } = openRoster(begun);
  if (rows.some(({ cells }) => cells.name === user.name)) throw duplicateUser(user.name);
  const cells: Record<RosterColumn, string> = {
    name: user.name,
    sshKeys: (user.sshKeys ?? []).join(";"),
    gpus: Array.isArray(user.gpus) ? gpuList(user.gpus) : String(user.gpus ?? ""),
    profile: user.profile ?? "",
  };
  const homeless = [
    ...ROSTER_COLUMNS.filter((name) => cells[name] !== "" && !columns.includes(name)),
    ...Object.keys(user).filter((key) => !Object.hasOwn(cells, key)),
  ];
  if (homeless.length > 0)
    throw new StackFileError(
      homeless.map((name) =>
        error(
          "gpudev:users",
          "roster-column",
          `The roster has no column for \`${name}\`.`,
          Object.hasOwn(cells, name)
            ? `Add \`${name}\` to its first line.`
            : "Make a profile with it, and name that in the column `profile`.",
        ),
      ),
    );
  const eol = begun.includes("\r\n") ? "\r\n" : "\n";
  const start = begun.endsWith("\n") ? begun : begun + eol;
  return `${start}${columns.map((name) => cell(cells[name])).join(",")}${eol}`;
}

/** A single index would read as a count: the separator behind it makes it a list. */
const gpuList = (devices: readonly (string | number)[]) =>
  devices.length === 1 ? `${devices[0]};` : devices.join(";");

/**
 * Takes a user's row out of a roster file's text; all other lines stay as they are.
 *
 * @throws StackFileError where the file is no roster or has no such user.
 */
export function removeRosterRow(text: string, name: string): string {
  const { rows } = openRoster(text);
  const row = rows.find(({ cells }) => cells.name === name);
  if (!row)
    throw unknownUser(
      name,
      rows.map(({ cells }) => cells.name ?? ""),
    );
  const all = text.split("\n");
  all.splice(row.line - 1, row.lastLine - row.line + 1);
  return all.join("\n");
}
