import { CsvError, parse } from "csv-parse/sync";
import type { Finding } from "./finding";
import { error, nearest } from "./problems";
import { isPrivateKey } from "./sshKeys";

/** Columns of a roster file. The first two are needed. */
export const ROSTER_COLUMNS = ["name", "sshKeys", "gpus", "profile"] as const;
export type RosterColumn = (typeof ROSTER_COLUMNS)[number];

/** One user as written, before any check, and the place that findings name. */
export interface RawUser {
  readonly path: string;
  readonly value: unknown;
}

/** One line of a roster file. */
interface RosterRow {
  /** Line in the file on which the row begins, counted from 1. */
  readonly line: number;
  /** Line on which it ends: a cell in quotes may hold line breaks. */
  readonly lastLine: number;
  readonly cells: Readonly<Partial<Record<RosterColumn, string>>>;
}

/** A roster file: what its columns are, its rows, and what is wrong with it. */
export interface Roster {
  readonly columns: readonly RosterColumn[];
  readonly rows: readonly RosterRow[];
  readonly findings: readonly Finding[];
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly lastLine: number;
}

function isColumn(name: string): name is RosterColumn {
  return (ROSTER_COLUMNS as readonly string[]).includes(name);
}

function header(cells: readonly string[], path: string): Finding[] {
  const unknown = cells
    .filter((name) => !isColumn(name))
    .map((name) => {
      const near = nearest(name, ROSTER_COLUMNS);
      return error(
        path,
        "roster-column",
        name === "" ? "A column has no name." : `There is no roster column \`${name}\`.`,
        near ? `Did you mean \`${near}\`?` : `Use these columns: ${ROSTER_COLUMNS.join(", ")}.`,
      );
    });
  const missing = ROSTER_COLUMNS.slice(0, 2)
    .filter((name) => !cells.includes(name))
    .map((name) =>
      error(
        path,
        "roster-column",
        `The roster has no column \`${name}\`.`,
        "Begin the file with the line `name,sshKeys`, or `name,sshKeys,gpus,profile`.",
      ),
    );
  const twice = ROSTER_COLUMNS.filter(
    (name) => cells.filter((cell) => cell === name).length > 1,
  ).map((name) =>
    error(path, "roster-column", `The column \`${name}\` is there twice.`, "Keep one of them."),
  );
  return [...unknown, ...missing, ...twice];
}

/** Reads a roster file (RFC 4180, with or without byte order mark). `file` is its name, for findings. */
export function readRoster(text: string, file: string): Roster {
  const place = (line: number) => `gpudev:users[${file}:${line}]`;
  const records: CsvRecord[] = [];
  try {
    // csv-parse counts a line break of two signs within quotes as two lines.
    parse(text.replaceAll("\r\n", "\n"), {
      bom: true,
      trim: true,
      relax_column_count: true,
      skip_records_with_empty_values: true,
      on_record: (record: string[], { lines }) => {
        records.push({ record, lastLine: lines });
        return record;
      },
    });
  } catch (problem) {
    if (!(problem instanceof CsvError)) throw problem;
    const finding = error(
      place((records.at(-1)?.lastLine ?? 0) + 1),
      "roster-broken",
      "The roster is no CSV file from this line on: a quote is open or stands in the wrong place.",
      'Put a cell with commas, quotes or line breaks in quotes, and write a quote inside it twice: "".',
    );
    return { columns: [], rows: [], findings: [finding] };
  }
  const [first, ...rest] = records;
  if (!first) {
    const finding = error(
      place(1),
      "roster-empty",
      "The roster is empty.",
      "Begin it with the line `name,sshKeys`, then one line for each user.",
    );
    return { columns: [], rows: [], findings: [finding] };
  }
  const findings = header(first.record, place(1));
  // Without the right header no row can be understood, and each would only repeat the same complaint.
  if (findings.length > 0) return { columns: [], rows: [], findings };
  const columns = first.record.filter(isColumn);
  const rows: RosterRow[] = [];
  for (const { record, lastLine } of rest) {
    // A cell in quotes may hold line breaks.
    const line = lastLine - (record.join("").split("\n").length - 1);
    if (record.length > columns.length)
      findings.push(
        error(
          place(line),
          "roster-row",
          `This row has ${record.length} cells, and the roster has ${columns.length} columns.`,
          "Separate several keys by `;`, and put a cell with a comma in quotes.",
        ),
      );
    else
      rows.push({
        line,
        lastLine,
        cells: Object.fromEntries(columns.map((name, index) => [name, record[index] ?? ""])),
      });
  }
  return { columns, rows, findings };
}

const isNumber = (text: string) => /^\d+$/.test(text);

function gpuRequest(cell: string): unknown {
  if (isNumber(cell)) return Number(cell);
  if (!cell.includes(";") && !/^(GPU|MIG)-/.test(cell)) return cell;
  return split(cell).map((device) => (isNumber(device) ? Number(device) : device));
}

const split = (cell: string) =>
  cell
    .split(/[;\r\n]+/)
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** The users of a roster, as the same raw values that a list in the stack file would hold. */
export function rosterUsers(roster: Roster, file: string): RawUser[] {
  return roster.rows.map(({ line, cells }) => ({
    path: `gpudev:users[${file}:${line}]`,
    value: {
      name: cells.name,
      sshKeys: isPrivateKey(cells.sshKeys ?? "") ? [cells.sshKeys] : split(cells.sshKeys ?? ""),
      ...(cells.gpus ? { gpus: gpuRequest(cells.gpus) } : {}),
      ...(cells.profile ? { profile: cells.profile } : {}),
    },
  }));
}
