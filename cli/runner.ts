import type { Context } from "./context";
import type { Report } from "./outcome";

/** Options that every command takes. */
export interface CommonOptions {
  readonly stack?: string;
  readonly json: boolean;
  readonly cwd?: string;
}

/** Runs one command: makes its context, prints its report or failure, and sets the exit code. */
export type Runner = (
  name: string,
  options: CommonOptions,
  work: (context: Context) => Promise<Report>,
) => Promise<void>;
