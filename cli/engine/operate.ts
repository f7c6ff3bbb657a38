import { CommandError, ConcurrentUpdateError, type OpMap } from "@pulumi/pulumi/automation";
import { CommandFailure, ExitCode } from "../outcome";
import type { Progress } from "../progress";
import { countEvent, newTally, plainText, type EngineTally } from "./events";
import { interruptible } from "./interrupt";
import type { EngineRun } from "./workspace";

/** How an operation of the engine ended. */
export interface Operated {
  readonly changes: OpMap;
  readonly warnings: readonly string[];
  /** Containers that are replaced or removed: what runs in them ends. */
  readonly ended: readonly string[];
}

/** What a failed operation is about, from the engine's events, else from what the CLI printed last. */
export function failureText(tally: EngineTally, printed: string): string {
  // The engine repeats a resource's failure as one of the whole update.
  const own = tally.errors.filter(({ message }) => !/^(update|preview) failed$/.test(message));
  if (own.length > 0)
    return own
      .map(({ resource, message }) => (resource === "" ? message : `${resource}: ${message}`))
      .join("\n");
  const lines = printed
    .split("\n")
    .map(plainText)
    .filter((line) => line.startsWith("error:"));
  return lines.join("\n") || "Pulumi's engine ended without saying why.";
}

function asFailure(
  error: unknown,
  tally: EngineTally,
  heard: NodeJS.Signals | undefined,
): CommandFailure {
  if (heard !== undefined)
    return new CommandFailure(
      ExitCode.failed,
      `Stopped by ${heard}. What was finished is recorded, and homes are untouched.`,
      "Run `gpudev up` to go on from there.",
    );
  if (!(error instanceof CommandError)) throw error;
  if (error instanceof ConcurrentUpdateError)
    return new CommandFailure(
      ExitCode.failed,
      "Another Pulumi works on this stack.",
      "Wait until it is done. If it was killed on another machine, run `pulumi cancel` there.",
    );
  return new CommandFailure(
    ExitCode.failed,
    failureText(tally, error.message),
    "Mend what it says and run this again: what is done already stays, and homes are untouched.",
  );
}

/**
 * Runs an operation of the engine with progress, and so that signals stop it in order.
 * @throws CommandFailure (failed) with what went wrong, in the providers' own words
 */
export async function operate(
  progress: Progress,
  title: string,
  refresh: boolean,
  operation: (run: EngineRun) => Promise<void>,
): Promise<Operated> {
  const tally = newTally();
  return interruptible(progress, async ({ signal, heard }) => {
    try {
      await progress.step(title, (report) =>
        operation({
          signal,
          refresh,
          onEvent: (event) => {
            const detail = countEvent(tally, event);
            if (detail !== undefined)
              report(`${tally.done === 0 ? "" : `${tally.done} done, `}${detail}`);
          },
        }),
      );
      return { changes: tally.changes, warnings: tally.warnings, ended: tally.ended };
    } catch (error) {
      throw asFailure(error, tally, heard());
    }
  });
}
