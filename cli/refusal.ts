import type { Finding } from "../components/settings";
import { CommandFailure, ExitCode } from "./outcome";

/** Errors that are about the machine and not about what was written. */
const NOT_READY: readonly string[] = ["no-daemon"];

/** The refusal of a stack because of its findings; where all that stops it is a missing daemon, nobody wrote anything wrong. */
export function refusal(
  findings: readonly Finding[],
  data: Readonly<Record<string, unknown>> = {},
): CommandFailure {
  const errors = findings.filter(({ severity }) => severity === "error");
  const notReady = errors.length > 0 && errors.every(({ code }) => NOT_READY.includes(code));
  return new CommandFailure(
    notReady ? ExitCode.notReady : ExitCode.badInput,
    "Nothing was created or changed.",
    undefined,
    findings,
    data,
  );
}
