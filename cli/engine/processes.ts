import * as fs from "node:fs";
import * as os from "node:os";
import { runCommand } from "../../components/lookups/command";

/** A process of some machine, as a lock file names it. */
export interface LockHolder {
  readonly pid: number;
  readonly hostname: string;
}

/**
 * Whether a process runs. One that belongs to somebody else counts as running; one that has ended and that
 * nobody has waited for does not, though its number still answers signals: a killed engine stays so for as
 * long as init is busy.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return !/^[ZX]/.test(statFields(pid)?.[0] ?? "");
}

/** Whether a lock's holder is known to be gone: a process of this machine that no longer runs. */
export function isGone(
  holder: LockHolder,
  hostname: string = os.hostname(),
  alive: (pid: number) => boolean = isAlive,
): boolean {
  return holder.hostname === hostname && !alive(holder.pid);
}

/** Command line of a process; empty where it cannot be read. */
export async function commandLine(pid: number): Promise<string> {
  if (fs.existsSync("/proc/self/cmdline")) {
    try {
      return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    } catch {
      return "";
    }
  }
  return (await runCommand("ps", ["-o", "args=", "-p", String(pid)])).stdout;
}

/** Start of a process in clock ticks since boot, which tells a pid from a later one with its number. Linux only. */
export function startTicks(pid: number): string | undefined {
  return statFields(pid)?.[19];
}

/** Fields of a process from its state on (man proc_pid_stat); absent where it is gone, or elsewhere than on Linux. */
function statFields(pid: number): string[] | undefined {
  try {
    return fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ");
  } catch {
    return undefined;
  }
}
