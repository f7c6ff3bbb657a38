import pc from "picocolors";
import { ExitCode } from "../outcome";
import type { Check } from "./model";

const MARK: Record<Check["state"], string> = {
  ok: pc.green("✓"),
  warning: pc.yellow("!"),
  error: pc.red("✗"),
  unknown: pc.dim("?"),
};

/** The checks for a person: one line each, with what to type below those that need it. */
export function doctorText(checks: readonly Check[]): string {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, state, found, mend }) => [
    `${MARK[state]} ${name.padEnd(width)}  ${found}`,
    ...(mend === undefined ? [] : [`  ${" ".repeat(width)}  ${pc.dim("→")} ${mend}`]),
  ]);
  return [...lines, "", summary(checks)].join("\n");
}

function summary(checks: readonly Check[]): string {
  const count = (state: Check["state"]) => checks.filter((check) => check.state === state).length;
  const parts = [
    [count("error"), "to mend"],
    [count("warning"), "to look at"],
    [count("unknown"), "not to be seen"],
  ] as const;
  const open = parts.filter(([number]) => number > 0).map((part) => part.join(" "));
  return open.length === 0 ? "All is well." : `${open.join(", ")}.`;
}

/** How `gpudev doctor` ends: 1 where something has to be mended. */
export function doctorExitCode(checks: readonly Check[]): ExitCode {
  return checks.some(({ state }) => state === "error") ? ExitCode.failed : ExitCode.ok;
}
