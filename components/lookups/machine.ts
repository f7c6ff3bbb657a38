import { type CommandResult, runCommand } from "./command";
import type { Answer } from "./model";
import { sshTurns } from "./turns";

/** Longest time that one question to a machine may take, in milliseconds. */
export const QUESTION_MS = 15_000;

/** The machine that a daemon runs on: runs commands there, or says why it cannot. */
export interface Machine {
  readonly local: boolean;
  run(file: string, args: readonly string[]): Promise<Answer<CommandResult>>;
}

/** True where a daemon's address is on this machine. */
export function isLocal(host: string | undefined): boolean {
  if (host === undefined || host.startsWith("unix://")) return true;
  if (!host.startsWith("tcp://")) return false;
  const name = new URL(host).hostname;
  return name === "localhost" || name === "[::1]" || name.startsWith("127.");
}

/** A word that a POSIX shell takes literally. */
export function shellWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Arguments of `ssh` that run a command on the machine of an `ssh://` daemon, without ever asking for a password. */
export function sshArguments(host: string, file: string, args: readonly string[]): string[] {
  const { username, hostname, port } = new URL(host);
  return [
    "-o",
    "BatchMode=yes",
    "-o",
    "ConnectTimeout=10",
    ...(port === "" ? [] : ["-p", port]),
    ...(username === "" ? [] : ["-l", decodeURIComponent(username)]),
    "--",
    hostname,
    [file, ...args].map(shellWord).join(" "),
  ];
}

const known = <T>(value: T): Answer<T> => ({ known: true, value });
const unknown = (because: string): Answer<never> => ({ known: false, because });

/** A machine elsewhere that can be asked for nothing, and why. */
export function silentMachine(because: string): Machine {
  return { local: false, run: () => Promise.resolve(unknown(because)) };
}

/** What `ssh` ends with where it could not log in; a command's own code is at most 254. */
const SSH_FAILED = 255;

/** The machine behind a daemon's address: this one, or one that is asked over SSH. */
export function machineOf(host: string | undefined): Machine {
  if (isLocal(host)) {
    return {
      local: true,
      run: async (file, args) => {
        const result = await runCommand(file, args, { timeout: QUESTION_MS });
        if (!result.timedOut) return known(result);
        return unknown(`${file} did not answer within ${QUESTION_MS / 1000} seconds`);
      },
    };
  }
  if (host?.startsWith("ssh://") !== true) {
    return silentMachine(`the machine behind ${host} can be asked for nothing but Docker`);
  }
  const name = new URL(host).hostname;
  return {
    local: false,
    run: async (file, args) => {
      const result = await sshTurns(() =>
        runCommand("ssh", sshArguments(host, file, args), { timeout: QUESTION_MS }),
      );
      if (result.timedOut) {
        return unknown(`${name} did not answer within ${QUESTION_MS / 1000} seconds`);
      }
      if (result.exitCode === SSH_FAILED) {
        return unknown(`ssh could not log in to ${name}: ${lastLine(result.stderr)}`);
      }
      return known(result);
    },
  };
}

/** The last line that says something: where programs put the reason. */
export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
