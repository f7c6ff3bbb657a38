import * as path from "node:path";
import { packageRoot } from "../components/lookups/paths";
import { StackFileError } from "../components/settings";
import pc from "picocolors";
import type { Context } from "./context";
import { CommandFailure, ExitCode, type Report } from "./outcome";
import { findingsText } from "./output/findings";
import { lineProgress, silentProgress } from "./progress";
import type { CommonOptions, Runner } from "./runner";

function makeContext(options: CommonOptions, env: NodeJS.ProcessEnv): Context {
  const { json } = options;
  const silent = () => undefined;
  return {
    folder: options.cwd === undefined ? packageRoot() : path.resolve(options.cwd),
    stack: options.stack,
    env,
    json,
    progress: json ? silentProgress : lineProgress(),
    say: json ? silent : (text) => process.stderr.write(`${text}\n`),
    print: json ? silent : (text) => process.stdout.write(`${text}\n`),
  };
}

/** Any exception as an end that a person can read. Mistakes in a stack file become findings. */
export function asFailure(error: unknown, debug: boolean): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (error instanceof StackFileError)
    return new CommandFailure(
      ExitCode.badInput,
      "Nothing was created or changed.",
      undefined,
      error.findings,
    );
  const [first] = (error instanceof Error ? error.message : String(error)).split("\n");
  return new CommandFailure(
    ExitCode.failed,
    `Unexpected: ${first ?? ""}`,
    debug ? undefined : "Run this again with GPUDEV_DEBUG=1 to see where it comes from.",
  );
}

/** A failure for a person: what was found, what is wrong, the mend. */
export function failureText(failure: CommandFailure): string {
  const found = findingsText(failure.findings);
  return [
    ...(found === "" ? [] : [found, ""]),
    `${pc.red("✗")} ${failure.message}`,
    ...(failure.mend === undefined ? [] : [`  ${pc.dim("→")} ${failure.mend}`]),
  ].join("\n");
}

/** The `--json` document of a command that ended well or badly. */
export function jsonDocument(command: string, ended: Report | CommandFailure): string {
  if (!(ended instanceof CommandFailure)) {
    const { findings, exitCode = ExitCode.ok, ...data } = ended;
    return JSON.stringify({ command, ok: exitCode === ExitCode.ok, exitCode, findings, ...data });
  }
  const { exitCode, message, mend, findings, data } = ended;
  const error = { message, ...(mend === undefined ? {} : { mend }) };
  return JSON.stringify({ command, ok: false, exitCode, findings, error, ...data });
}

/** Runs commands for a process: results to stdout, everything else to stderr. */
export function runAndReport(env: NodeJS.ProcessEnv): Runner {
  return async (name, options, work) => {
    const debug = (env.GPUDEV_DEBUG ?? "") !== "";
    let ended: Report | CommandFailure;
    try {
      ended = await work(makeContext(options, env));
    } catch (error) {
      ended = asFailure(error, debug);
      if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    }
    if (options.json) process.stdout.write(`${jsonDocument(name, ended)}\n`);
    else if (ended instanceof CommandFailure) process.stderr.write(`${failureText(ended)}\n`);
    process.exitCode = ended.exitCode ?? ExitCode.ok;
  };
}
