import { CommandFailure, ExitCode } from "../outcome";

/** The machine lacks something that gpudev may not or cannot put there by itself. */
export function notReady(problem: string, mend: string): CommandFailure {
  return new CommandFailure(ExitCode.notReady, problem, mend);
}
