import type { Progress } from "../progress";

/** What was heard while an operation ran. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** The signal that asked to stop; undefined while nobody has. */
  readonly heard: () => NodeJS.Signals | undefined;
}

const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs an operation of the engine so that Ctrl-C, SIGTERM and a closed terminal stop it in order: what is at
 * work is finished and recorded. A second signal stops at once.
 *
 * Ctrl-C on a terminal reaches the Pulumi CLI by itself, and a second one makes it drop everything; so the
 * first is passed on only where there is no terminal.
 */
export async function interruptible<T>(
  progress: Progress,
  work: (interruption: Interruption) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  let first: NodeJS.Signals | undefined;
  const listen = (signal: NodeJS.Signals) => {
    const again = first !== undefined;
    first ??= signal;
    if (!again)
      progress.note(
        `Stopping once what is at work is done${process.stdin.isTTY ? " (again: at once)" : ""}. The next \`gpudev up\` goes on from there.`,
      );
    const reachedPulumi = signal === "SIGINT" && process.stdin.isTTY;
    if (again || !reachedPulumi) abort.abort();
  };
  SIGNALS.forEach((signal) => process.on(signal, listen));
  try {
    return await work({ signal: abort.signal, heard: () => first });
  } finally {
    SIGNALS.forEach((signal) => process.off(signal, listen));
  }
}
