import * as fs from "node:fs";
import type { Running } from "../support/processes";
import type { Victim } from "./killedRun";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly name: string;
}

/** All processes of this machine. */
function processes(): Process[] {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
        const [, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
        return [{ pid: Number(pid), parent: Number(parent), group: Number(group), name }];
      } catch {
        return []; // It has ended in the meantime.
      }
    });
}

function descendants(root: number): Process[] {
  const all = processes();
  const found = all.filter(({ pid }) => pid === root);
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid));
  return found;
}

function kill(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Kills part of a run; where the engine is not there yet, gpudev itself. */
export function killPart(running: Running, victim: Victim): void {
  const root = running.child.pid;
  if (root === undefined) return;
  const tree = descendants(root);
  const engines = tree.filter(({ name }) => name === "pulumi");
  switch (victim) {
    case "everything":
      return kill(tree.map(({ pid }) => pid));
    case "process group":
      return running.signalGroup("SIGKILL");
    case "gpudev alone":
      return kill([root]);
    case "engine alone":
      return kill(engines.length === 0 ? [root] : engines.map(({ pid }) => pid));
  }
}

/** Command lines of processes that were started with a state directory. */
export function processesOf(stateDir: string): string[] {
  return processes().flatMap(({ pid }) => {
    try {
      const environment = fs.readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      if (!environment.includes(`GPUDEV_STATE_DIR=${stateDir}`)) return [];
      return [fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
    } catch {
      return []; // It has ended in the meantime.
    }
  });
}
