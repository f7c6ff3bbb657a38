import * as fs from "node:fs";
import { removeValue, setValue } from "../../components/settings";
import type { Context } from "../context";
import { replaceFile } from "../stackFile";

/** Values by config path, such as `gpudev:aws.trial`; `undefined` takes one out. */
type StackValues = Readonly<Record<string, unknown>>;

function applied(text: string, [path, value]: readonly [string, unknown]): string {
  const [key = "", ...rest] = path.split(".");
  return value === undefined
    ? removeValue(text, [key, ...rest])
    : setValue(text, [key, ...rest], value);
}

const said = ([path, value]: readonly [string, unknown]) =>
  value === undefined ? `${path} taken out` : `${path} = ${JSON.stringify(value)}`;

/**
 * Writes values into a stack file and takes others out, in one step; the file is read anew, so that
 * whoever edited it meanwhile loses nothing.
 */
export function editStack(context: Context, file: string, values: StackValues): void {
  const before = fs.readFileSync(file, "utf8");
  const entries = Object.entries(values);
  const changed = entries.filter((one) => applied(before, one) !== before);
  if (changed.length === 0) return;
  replaceFile(file, changed.reduce(applied, before));
  context.progress.note(`Recorded in ${file}: ${changed.map(said).join(", ")}.`);
}
