import { CommandError } from "@pulumi/pulumi/automation";
import { CommandFailure, ExitCode } from "../outcome";
import { plainText } from "./events";

/** What a Pulumi command that failed says is wrong, from what it printed. */
export function errorLines(printed: string): string {
  const lines = printed
    .split("\n")
    .map((line) => plainText(line).replace(/^stderr: /, ""))
    .filter((line) => line.startsWith("error:"));
  // The Automation API repeats what was printed in the error that it makes of it.
  return [...new Set(lines)].join("\n");
}

/**
 * Awaits a short Pulumi command, such as an export of the state.
 * @throws CommandFailure (failed) with what Pulumi said
 */
export async function ask<T>(what: string, command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const last = error.message.trim().split("\n").at(-1) ?? "";
    throw new CommandFailure(
      ExitCode.failed,
      `Pulumi could not ${what}: ${errorLines(error.message) || last}`,
      "Mend what it says and run this again; nothing was changed by it, and homes are untouched.",
    );
  }
}
