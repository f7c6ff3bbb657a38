import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { CommandFailure, ExitCode } from "../outcome";
import { isGone, startTicks, type LockHolder } from "./processes";

/** Who works on a stack, as its lock file says. */
interface Holder extends LockHolder {
  readonly command: string;
  readonly since: string;
  readonly started?: string;
}

/** What a lock file says. */
interface Lock {
  /** Absent where the file is broken. */
  readonly holder?: Holder;
}

/** The lock; undefined where there is none. */
function readLock(file: string): Lock | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return { holder: JSON.parse(text) as Holder };
  } catch {
    return {};
  }
}

function isStale({ holder }: Lock): boolean {
  if (holder === undefined) return true;
  if (isGone(holder)) return true;
  const started = holder.hostname === os.hostname() ? startTicks(holder.pid) : undefined;
  return started !== undefined && holder.started !== undefined && started !== holder.started;
}

/**
 * Removes a lock whose holder is gone: one command at a time and after another look, since what was
 * stale a moment ago may have made way for the lock of another command.
 * @throws CommandFailure (failed) where another command is just doing that
 */
export function removeStaleLock(lockFile: string, stack: string): void {
  const guard = `${lockFile}.takeover`;
  try {
    fs.closeSync(fs.openSync(guard, "wx"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new CommandFailure(
      ExitCode.failed,
      `Another command is taking over stack ${stack} from one that was killed.`,
      `Run this again. If it says the same then, that one was killed too: remove ${guard}.`,
    );
  }
  try {
    const lock = readLock(lockFile);
    if (lock !== undefined && isStale(lock)) fs.rmSync(lockFile, { force: true });
  } finally {
    fs.rmSync(guard);
  }
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    fs.accessSync(folder, fs.constants.W_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CommandFailure(
      ExitCode.notReady,
      `gpudev cannot keep its state in ${folder}: ${message.split(",")[0]}.`,
      "Make that folder yours and writable, or name another by GPUDEV_STATE_DIR.",
    );
  }
}

/**
 * Takes the stack for one gpudev command, so that two of them never change it at once.
 *
 * @returns what gives it back
 * @throws CommandFailure (failed) that names the command that has it, or (not ready) where no lock can be written
 */
export function takeStack(lockFile: string, stack: string, command: string): () => void {
  makeFolder(path.dirname(lockFile));
  const started = startTicks(process.pid);
  const mine: Holder = {
    pid: process.pid,
    hostname: os.hostname(),
    command,
    since: new Date().toISOString(),
    ...(started === undefined ? {} : { started }),
  };
  const made = `${lockFile}.${process.pid}`;
  fs.writeFileSync(made, JSON.stringify(mine));
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        fs.linkSync(made, lockFile);
        return () => fs.rmSync(lockFile, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const lock = readLock(lockFile);
      if (lock === undefined) continue;
      const { holder } = lock;
      if (!isStale(lock))
        throw new CommandFailure(
          ExitCode.failed,
          `Another command works on stack ${stack}: ${holder?.command} (process ${holder?.pid} on ${holder?.hostname}, since ${holder?.since}).`,
          `Wait until it is done, or end that process and run this again.${holder?.hostname === mine.hostname ? "" : ` If that machine is gone for good, remove ${lockFile}.`}`,
        );
      removeStaleLock(lockFile, stack);
    }
    throw new CommandFailure(ExitCode.failed, `The lock of stack ${stack} changes hands too fast.`);
  } finally {
    fs.rmSync(made, { force: true });
  }
}
