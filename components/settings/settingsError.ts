import { InputPropertiesError } from "@pulumi/pulumi";
import type { Finding } from "./finding";

/**
 * The error that stops a Pulumi program because of its settings: every error
 * finding with its config path. Pulumi prints it without a stack trace.
 */
export function settingsError(findings: readonly Finding[]): InputPropertiesError {
  const errors = findings.filter(({ severity }) => severity === "error");
  const count = errors.length === 1 ? "1 problem" : `${errors.length} problems`;
  return new InputPropertiesError({
    message: `The settings have ${count}; nothing was created.`,
    errors: errors.map(({ path, message, mend }) => ({
      propertyPath: path,
      reason: `${message} ${mend}`,
    })),
  });
}
