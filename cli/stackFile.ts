import * as fs from "node:fs";
import * as path from "node:path";
import { CommandFailure, ExitCode } from "./outcome";

const STACK_FILE = /^Pulumi\.([A-Za-z0-9][A-Za-z0-9_.-]{0,99})\.yaml$/;
const DEFAULT_STACK = "local";

/** What a stack's name is chosen from. */
export interface StackChoice {
  /** `--stack`. */
  readonly asked: string | undefined;
  /** `GPUDEV_STACK`. */
  readonly environment: string | undefined;
  /** Stacks that have a file. */
  readonly present: readonly string[];
}

/** The stack that a command works on: `--stack`, `GPUDEV_STACK`, the only one there is, else `local`. */
export function chooseStack({ asked, environment, present }: StackChoice): string {
  const named = asked ?? (environment === "" ? undefined : environment);
  if (named !== undefined) {
    if (!STACK_FILE.test(`Pulumi.${named}.yaml`))
      throw new CommandFailure(
        ExitCode.badInput,
        `\`${named}\` is no stack name.`,
        "Begin with a letter or digit, then letters, digits, -, _ and dots.",
      );
    return named;
  }
  const only = present.length === 1 ? present[0] : undefined;
  return only ?? DEFAULT_STACK;
}

/** Names of the stacks that have a file in a project folder. */
export function presentStacks(folder: string): string[] {
  const stacks = path.join(folder, "stacks");
  if (!fs.existsSync(stacks)) return [];
  return fs
    .readdirSync(stacks)
    .flatMap((name) => STACK_FILE.exec(name)?.[1] ?? [])
    .sort();
}

/** Path of a stack's file. */
export function stackFilePath(folder: string, stack: string): string {
  return path.join(folder, "stacks", `Pulumi.${stack}.yaml`);
}

/**
 * The stack file's text.
 * @throws CommandFailure (bad input) where there is none, with the stacks that there are
 */
export function readStackFile(folder: string, stack: string): string {
  const file = stackFilePath(folder, stack);
  if (fs.existsSync(file)) return fs.readFileSync(file, "utf8");
  const present = presentStacks(folder);
  throw new CommandFailure(
    ExitCode.badInput,
    `There is no stack file ${file}.`,
    present.length === 0
      ? "Write one, or run `gpudev up --bootstrap`, which makes one for you on this machine."
      : `Name one that is there by --stack: ${present.join(", ")}. Or run \`gpudev up --bootstrap\`, which makes \`${DEFAULT_STACK}\`.`,
  );
}

/** Replaces a file's text in one step, keeping its mode: a killed run leaves the old or the new text, never half of one. */
export function replaceFile(file: string, text: string, mode = 0o644): void {
  const made = `${file}.${process.pid}`;
  const kept = fs.existsSync(file) ? fs.statSync(file).mode & 0o777 : mode;
  fs.writeFileSync(made, text, { mode: kept });
  fs.renameSync(made, file);
}
