import { RunError } from "@pulumi/pulumi";
import type { Finding } from "./finding";

/**
 * The error that stops a Pulumi program because of its settings: every error finding with its
 * config path and mend, at once. A `RunError`, since that is the one kind that Pulumi prints
 * without a stack trace; of an `InputPropertiesError` from a program it prints the source lines.
 */
export function settingsError(findings: readonly Finding[]): RunError {
  const errors = findings.filter(({ severity }) => severity === "error");
  const count = errors.length === 1 ? "1 problem" : `${errors.length} problems`;
  const lines = errors.map(({ path, message, mend }) => `  ${path}: ${message} ${mend}`);
  const error = new RunError(
    [`The settings have ${count}; nothing was created.`, ...lines].join("\n"),
  );
  // Pulumi's runner colours the stack for its own trace, which Node 20.20 takes half a minute for.
  error.stack = "";
  return error;
}
