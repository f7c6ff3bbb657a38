import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { removeStalePidFiles } from "../../cli/bootstrap/stalePidFiles";
import { run, start, eventually } from "./processes";

/** Folder of this run, for what one test file leaves for the next; removed at the end. */
export const RUN_FOLDER = "GPUDEV_E2E_FOLDER";

/**
 * Runs once before all end-to-end tests. A machine without Docker is left as it is: there
 * `npm start` has to install it, and its test runs first.
 */
export default async function setup(): Promise<() => void> {
  if (await installed("docker")) await startDaemon();
  // Where the tests run in several parts, whoever parts them makes the folder.
  if (process.env[RUN_FOLDER] !== undefined) return () => undefined;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-e2e-"));
  process.env[RUN_FOLDER] = folder;
  return () => fs.rmSync(folder, { recursive: true, force: true });
}

async function answers(): Promise<boolean> {
  return (await run("docker", ["info", "--format", "{{.ServerVersion}}"])).code === 0;
}

async function installed(command: string): Promise<boolean> {
  return (await run("sh", ["-c", `command -v ${command}`])).code === 0;
}

async function startDaemon(): Promise<void> {
  if ((await answers()) || !(await installed("dockerd"))) return;
  removeStalePidFiles();
  const daemon = start("setsid", ["--fork", "dockerd"], { timeout: 24 * 3_600_000 });
  daemon.child.unref();
  await eventually("the Docker daemon answers", answers);
}
