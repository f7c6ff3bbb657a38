import { isAwsStack } from "../components/plan/aws/stack";
import type { AwsStackOnFile } from "./aws/awsStack";
import type { Context } from "./context";
import { CommandFailure, ExitCode, type Report } from "./outcome";
import { hasErrors } from "./output/findings";
import { readStack } from "./readStack";
import { refusal } from "./refusal";

/** A command's way on each target; a target that is left out has none. */
export interface ByTarget {
  readonly workstation?: () => Promise<Report>;
  readonly aws?: (stack: AwsStackOnFile) => Promise<Report>;
}

/**
 * Goes the way of the stack's target. A target's code is loaded when it is called: the clouds' libraries take
 * a while, and a workstation needs none of them.
 * @throws CommandFailure (bad input) where the command has no way on the stack's target
 */
export async function byTarget(context: Context, ways: ByTarget): Promise<Report> {
  const read = readStack(context);
  const { settings } = read;
  if (isAwsStack(settings) && ways.aws !== undefined) return ways.aws({ ...read, settings });
  if (settings.target === "workstation" && ways.workstation !== undefined)
    return ways.workstation();
  // A target whose own section is missing.
  if (hasErrors(read.findings)) throw refusal(read.findings);
  throw new CommandFailure(
    ExitCode.badInput,
    `Stack \`${read.stack}\` is for the target ${settings.target}, where this command does nothing.`,
    `It is for ${Object.keys(ways).join(" and ")} stacks.`,
  );
}
