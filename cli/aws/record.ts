import * as fs from "node:fs";
import { recordSeats, setValue } from "../../components/settings";
import type { Context } from "../context";
import { writeSeatRecord } from "../seatRecord";
import { replaceFile } from "../stackFile";
import type { AwsStackOnFile, DecidedAwsStack } from "./awsStack";

/** Values by config path, such as `gpudev:aws.hosts.rung`. */
export type RecordedValues = Readonly<Record<string, string | number>>;

/** Writes values into a stack file's text; comments, order and formatting stay. */
export function withValues(text: string, values: RecordedValues): string {
  return Object.entries(values).reduce((now, [path, value]) => {
    const [key = "", ...rest] = path.split(".");
    return setValue(now, [key, ...rest], value);
  }, text);
}

function said(values: RecordedValues): string {
  return Object.entries(values)
    .map(([path, value]) => `${path} = ${value}`)
    .join(", ");
}

/** Writes values into the stack file, read anew: whoever edited it meanwhile loses nothing. */
export function recordValues(
  context: Context,
  { file }: Pick<AwsStackOnFile, "file">,
  values: RecordedValues,
): void {
  const before = fs.readFileSync(file, "utf8");
  const text = withValues(before, values);
  if (text === before) return;
  replaceFile(file, text);
  context.progress.note(`Recorded in ${file}: ${said(values)}.`);
}

/**
 * Records in the stack file what the plan has decided for good (the AMI, the homes' zone, an end
 * date) and who sits where; before anything is made, so that a killed run finds it again.
 */
export function recordPlan(
  context: Context,
  { file, folders, plan }: Pick<DecidedAwsStack, "file" | "folders" | "plan">,
): void {
  const { id, seats } = plan;
  recordValues(context, { file }, plan.record);
  const before = fs.readFileSync(file, "utf8");
  const text = recordSeats(before, { id, ...seats });
  writeSeatRecord(folders.seatsFile, { id, seats });
  if (text === before) return;
  replaceFile(file, text);
  context.progress.note(`Seats are recorded in ${file}.`);
}
