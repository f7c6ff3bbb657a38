import { STACK_ID_LABEL, STACK_LABEL } from "../components/catalog/labels";
import { runCommand, type CommandOptions, type CommandResult } from "../components/lookups/command";
import { sshTurns } from "../components/lookups/turns";
import { CommandFailure, ExitCode } from "./outcome";

/** A stack as its objects on a daemon are labelled. */
export interface StackIdentity {
  readonly stack: string;
  readonly id: string;
}

/** Arguments by which a list of Docker's is of one stack. By both labels: a copied stack file has another stack's id. */
export function ofStack({ stack, id }: StackIdentity): readonly string[] {
  const labels = [`${STACK_ID_LABEL}=${id}`, `${STACK_LABEL}=${stack}`];
  return labels.flatMap((label) => ["--filter", `label=${label}`]);
}

/** The Docker client on one daemon. */
export interface Docker {
  /** Runs a Docker command; a failure is a value. */
  try(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /**
   * Runs a Docker command and returns what it printed.
   * @throws CommandFailure (failed) with what Docker said
   */
  run(args: readonly string[], options?: CommandOptions): Promise<string>;
}

/** A Docker command's end as a failure that says what Docker said. */
export function dockerFailure(args: readonly string[], result: CommandResult): CommandFailure {
  const said = result.stderr.trim().split("\n").at(-1) ?? "";
  return new CommandFailure(
    ExitCode.failed,
    `docker ${args.slice(0, 2).join(" ")} failed${result.timedOut ? " (no answer in time)" : ""}: ${said}`,
    "Run `gpudev doctor` to see what Docker lacks.",
  );
}

/** The Docker client, on the daemon that settings name or on the client's own. */
export function dockerOn(host: string | undefined): Docker {
  const before = host === undefined ? [] : ["--host", host];
  const start = (args: readonly string[], options?: CommandOptions) =>
    runCommand("docker", [...before, ...args], options);
  const attempt: typeof start = (args, options) =>
    host?.startsWith("ssh://") === true
      ? sshTurns(() => start(args, options))
      : start(args, options);
  return {
    try: attempt,
    run: async (args, options) => {
      const result = await attempt(args, options);
      if (result.exitCode !== 0) throw dockerFailure(args, result);
      return result.stdout;
    },
  };
}
