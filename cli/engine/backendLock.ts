import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import type { Progress } from "../progress";
import { commandLine, isAlive, isGone, type LockHolder } from "./processes";
import { PROJECT } from "./stateFolders";

const ORPHAN_GRACE_MS = 60_000;
const POLL_MS = 250;

/** A lock file of Pulumi's file backend. */
export interface BackendLock extends LockHolder {
  readonly file: string;
}

/** Folder of a stack's locks in a file backend; undefined for backends elsewhere, whose locks are not gpudev's. */
export function lockFolder(backendUrl: string, stack: string): string | undefined {
  if (!backendUrl.startsWith("file://")) return undefined;
  const folder = backendUrl.startsWith("file:///")
    ? fileURLToPath(backendUrl)
    : path.resolve(backendUrl.slice("file://".length));
  return path.join(folder, ".pulumi", "locks", "organization", PROJECT, stack);
}

/** The locks in a folder; one that cannot be read (half written by a killed process) has pid 0 and is nobody's. */
export function readLocks(folder: string): BackendLock[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => {
      const file = path.join(folder, name);
      try {
        const { pid, hostname } = JSON.parse(fs.readFileSync(file, "utf8")) as LockHolder;
        return { file, pid, hostname };
      } catch {
        return { file, pid: 0, hostname: "" };
      }
    });
}

/** True for the command line of an engine that a gpudev started: its program lived in that gpudev. */
export function isInlineEngine(command: string): boolean {
  return command.includes("--exec-kind auto.inline") && command.includes(`--exec-agent ${PROJECT}`);
}

/** Whether a lock's process runs on this machine and is none of Pulumi's: it was given the number of one that is gone. */
async function isSomeoneElse(lock: BackendLock): Promise<boolean> {
  const command = lock.hostname === os.hostname() ? await commandLine(lock.pid) : "";
  return command !== "" && !command.includes("pulumi");
}

async function endOrphan(pid: number): Promise<void> {
  process.kill(pid, "SIGINT");
  const end = Date.now() + ORPHAN_GRACE_MS;
  while (isAlive(pid) && Date.now() < end)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  if (isAlive(pid)) process.kill(pid, "SIGKILL");
}

/**
 * Clears what a killed gpudev left of Pulumi's lock. Call it with the stack taken: an engine that still runs
 * for a gpudev then has lost its gpudev, and is asked to end. Locks of others stay.
 */
export async function clearDeadLocks(folder: string, progress: Progress): Promise<void> {
  for (const lock of readLocks(folder)) {
    const gone = lock.pid === 0 || isGone(lock) || (await isSomeoneElse(lock));
    if (!gone && !isInlineEngine(await commandLine(lock.pid))) continue;
    if (!gone)
      await progress.step(`End the engine of a killed run (process ${lock.pid})`, () =>
        endOrphan(lock.pid),
      );
    fs.rmSync(lock.file, { force: true });
    // The backend keeps a blob's attributes beside it.
    fs.rmSync(`${lock.file}.attrs`, { force: true });
    progress.note("An earlier run was killed: its lock on the stack is cleared.");
  }
}
