import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { seatSchema, type Seat, type Settings } from "../components/settings/schema";
import { CommandFailure, ExitCode } from "./outcome";
import { replaceFile } from "./stackFile";

const recordSchema = z.object({ id: z.string(), seats: z.record(z.string(), seatSchema) });

/** A stack's id and seats, as the state directory remembers them beside the stack file. */
export interface SeatRecord {
  readonly id: string;
  readonly seats: Readonly<Record<string, Seat>>;
}

/** What this machine remembers of a stack; undefined where it never made one. */
export function readSeatRecord(file: string): SeatRecord | undefined {
  if (!fs.existsSync(file)) return undefined;
  return recordSchema.parse(JSON.parse(fs.readFileSync(file, "utf8")));
}

/** Remembers a stack's id and seats, for the day on which its file is lost. */
export function writeSeatRecord(file: string, record: SeatRecord): void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, `${JSON.stringify(record, undefined, 2)}\n`, 0o600);
}

/** Settings whose seats have an id, and whether it was found in this machine's record. */
export interface IdentifiedSettings {
  readonly settings: Settings;
  readonly id: string;
  readonly restored: boolean;
}

/**
 * Gives the stack its id: the one in its file; where the file has none, the one that this machine
 * remembers, with its seats, so that homes are found again; else a new one.
 *
 * @throws CommandFailure (bad input) where file and machine name different ones
 */
export function identify(
  settings: Settings,
  record: SeatRecord | undefined,
  newId: () => string,
): IdentifiedSettings {
  const { id } = settings.seats;
  if (id === undefined) {
    const own = record?.id ?? newId();
    const seats = { ...record?.seats, ...settings.seats, id: own } as Settings["seats"];
    return { settings: { ...settings, seats }, id: own, restored: record !== undefined };
  }
  if (record !== undefined && record.id !== id)
    throw new CommandFailure(ExitCode.badInput, "Another stack has this name here.", undefined, [
      {
        severity: "error",
        code: "other-stack",
        path: "gpudev:seats.id",
        message: `This machine's stack ${settings.stack} has the id ${record.id}, the stack file says ${id}: they are two stacks with one name.`,
        mend: `Give the file another name (Pulumi.<stack>.yaml); or, if it is that stack's own file, write id: ${record.id}.`,
      },
    ]);
  return { settings, id, restored: false };
}
