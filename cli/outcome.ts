import type { Finding } from "../components/settings/finding";

/** How `gpudev` ends, for scripts. Documented in docs/command.md. */
export const ExitCode = {
  /** Done. */
  ok: 0,
  /** Something in the world failed: a build, the daemon, an environment. */
  failed: 1,
  /** What was asked cannot be: settings, arguments, names. Nothing was created. */
  badInput: 2,
  /** Something that gpudev needs is not there: Docker, a Pulumi CLI. */
  notReady: 3,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** An end that the person can understand and mend: printed as a sentence, never as a stack trace. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";

  /**
   * @param exitCode how the process ends
   * @param message what is wrong, in a sentence
   * @param mend what to do about it, in a sentence
   * @param findings where the reason is a list of findings
   * @param data what `--json` adds
   */
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    readonly mend: string | undefined = undefined,
    readonly findings: readonly Finding[] = [],
    readonly data: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** What a command hands back: the body of `--json`. Text is printed by the command itself. */
export interface Report {
  readonly findings: readonly Finding[];
  /** How the process ends, where that is not 0. */
  readonly exitCode?: number;
  readonly [key: string]: unknown;
}
