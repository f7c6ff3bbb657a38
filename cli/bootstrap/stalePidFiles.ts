import * as fs from "node:fs";

/** Where dockerd and the containerd that it starts note their process ids, and the program each must be. */
const PID_FILES = [
  { file: "/var/run/docker.pid", program: "dockerd" },
  { file: "/var/run/docker/containerd/containerd.pid", program: "containerd" },
] as const;

function programOf(pid: string): string | undefined {
  try {
    return fs.readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return undefined;
  }
}

/**
 * Removes the process id files of a Docker daemon that was killed. dockerd takes any live process with the
 * noted id for itself and refuses to start, which happens where ids are given out anew, as after a restart.
 */
export function removeStalePidFiles(): void {
  for (const { file, program } of PID_FILES) {
    if (!fs.existsSync(file)) continue;
    const pid = fs.readFileSync(file, "utf8").trim();
    if (/^\d+$/.test(pid) && programOf(pid) === program) continue;
    fs.rmSync(file, { force: true });
  }
}
