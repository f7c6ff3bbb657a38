import { spawn } from "node:child_process";
import * as os from "node:os";
import { CommandFailure, ExitCode } from "./outcome";

/** How `ssh` ended. */
export interface SshEnded {
  /** Its exit code; 255: there was no connection. */
  readonly exitCode: number;
  /** The end of what it said on stderr, where that was asked for. */
  readonly said: string;
}

const MOST_WORDS = 16_384;

/**
 * Runs OpenSSH's client on this terminal, to its end.
 * @param listen also keep what it says on stderr, so that a failure can be explained
 * @throws CommandFailure (not ready) where there is none
 */
export function runSsh(args: readonly string[], listen = false): Promise<SshEnded> {
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", [...args], {
      stdio: ["inherit", "inherit", listen ? "pipe" : "inherit"],
    });
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      process.stderr.write(chunk);
      said = (said + chunk.toString()).slice(-MOST_WORDS);
    });
    const ignore = () => undefined;
    // The terminal's Ctrl-C is the remote program's, not ours.
    process.on("SIGINT", ignore);
    child.on("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "ENOENT"
          ? new CommandFailure(
              ExitCode.notReady,
              "There is no `ssh` on this machine.",
              "Install an OpenSSH client (Debian and Ubuntu: openssh-client).",
            )
          : error,
      ),
    );
    child.on("close", (code, signal) => {
      process.off("SIGINT", ignore);
      resolve({
        exitCode: code ?? 128 + (signal === null ? 0 : os.constants.signals[signal]),
        said,
      });
    });
  });
}
