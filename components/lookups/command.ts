import execa from "execa";

/** What a command printed and how it ended. `exitCode` is 127 where it could not be started. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

export interface CommandOptions {
  /** Milliseconds until the command is ended. Default 20,000: a lookup must never hang a preview. */
  readonly timeout?: number;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Called with every line that the command prints, on either stream. */
  readonly onLine?: (line: string) => void;
  /** Aborting ends the command. */
  readonly signal?: AbortSignal;
}

/** Runs a command without a shell and returns how it ended; a failure is a value, not an exception. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = execa(file, [...args], {
    reject: false,
    timeout: options.timeout ?? 20_000,
    maxBuffer: 64 * 2 ** 20,
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input === undefined ? { stdin: "ignore" } : { input: options.input }),
  });
  const onLine = options.onLine;
  if (onLine !== undefined) {
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream?.on("data", (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split(/\r?\n|\r/);
        rest = lines.pop() ?? "";
        lines.filter((line) => line.trim() !== "").forEach(onLine);
      });
    }
  }
  const end = () => child.cancel();
  options.signal?.addEventListener("abort", end, { once: true });
  const result = await child;
  options.signal?.removeEventListener("abort", end);
  return {
    exitCode: result.exitCode ?? 127,
    stdout: result.stdout ?? "",
    stderr:
      result.stderr ||
      (result.failed ? ((result as { shortMessage?: string }).shortMessage ?? "") : ""),
    timedOut: result.timedOut,
  };
}
