import { promises as fs } from "node:fs";
import * as os from "node:os";
import type { Machine } from "./machine";
import type { Answer } from "./model";

/** Free bytes that `df --output=avail --block-size=1` prints. */
export function parseDf(text: string): number | undefined {
  const value = text.trim().split("\n").at(-1)?.trim() ?? "";
  return /^\d+$/.test(value) ? Number(value) : undefined;
}

/** IPv4 addresses that `hostname -I` prints. */
export function parseAddresses(text: string): string[] {
  return text.split(/\s+/).filter((word) => /^\d+\.\d+\.\d+\.\d+$/.test(word));
}

/** Free space for a user without root rights where the daemon keeps its data. */
export async function readFreeDisk(
  machine: Machine,
  root: Answer<string>,
): Promise<Answer<number>> {
  if (!root.known) return root;
  if (machine.local) {
    try {
      const { bavail, bsize } = await fs.statfs(root.value);
      return { known: true, value: bavail * bsize };
    } catch (error) {
      return { known: false, because: `${root.value} cannot be looked at (${reason(error)})` };
    }
  }
  const result = await machine.run("df", ["--output=avail", "--block-size=1", root.value]);
  if (!result.known) return result;
  const value = result.value.exitCode === 0 ? parseDf(result.value.stdout) : undefined;
  if (value !== undefined) return { known: true, value };
  return { known: false, because: `df says: ${result.value.stderr.trim()}` };
}

/** IPv4 addresses of the machine, loopback left out. */
export async function readAddresses(machine: Machine): Promise<Answer<string[]>> {
  if (machine.local) {
    const all = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? []);
    const value = all.filter((a) => a.family === "IPv4" && !a.internal).map((a) => a.address);
    return { known: true, value };
  }
  const result = await machine.run("hostname", ["-I"]);
  if (!result.known) return result;
  if (result.value.exitCode === 0)
    return { known: true, value: parseAddresses(result.value.stdout) };
  return { known: false, because: `hostname says: ${result.value.stderr.trim()}` };
}

/** Whether a file or folder is there. */
export async function readExists(machine: Machine, file: string): Promise<Answer<boolean>> {
  if (machine.local) {
    try {
      await fs.stat(file);
      return { known: true, value: true };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOENT" || code === "ENOTDIR") return { known: true, value: false };
      return { known: false, because: reason(error) };
    }
  }
  const result = await machine.run("test", ["-e", file]);
  return result.known ? { known: true, value: result.value.exitCode === 0 } : result;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
