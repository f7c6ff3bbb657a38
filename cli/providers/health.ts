import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "../../components/lookups/command";
import type { Call } from "./resource";

const POLL_MS = 400;
const LOG_LINES = 30;
/** Docker waits twice as long before each try; by then it is between two of them nearly always. */
const MANY_RESTARTS = 6;

/** The part of `docker inspect` that tells how a container fares. */
export interface ContainerState {
  readonly Status: string;
  readonly ExitCode: number;
  readonly Restarting: boolean;
  readonly OOMKilled: boolean;
  readonly Health?: {
    readonly Status: string;
    readonly Log?: readonly { readonly Output: string }[] | null;
  };
}

/** How a container that was started fares: undefined while it is still starting. */
export function verdict(
  state: ContainerState | undefined,
  restarts: number,
): { readonly healthy: boolean; readonly because: string } | undefined {
  if (state === undefined) return { healthy: false, because: "was removed while it started" };
  const exit = state.OOMKilled
    ? "ran out of memory (its limit is `gpudev:limits: {memory: …}`)"
    : `ended with exit code ${state.ExitCode}`;
  if (state.Restarting || restarts > 0) {
    // While Docker tries again, it does not say how the last try ended; the next one ends soon.
    const unsaid = state.Status === "running" && state.ExitCode === 0 && !state.OOMKilled;
    return unsaid && restarts < MANY_RESTARTS ? undefined : { healthy: false, because: exit };
  }
  if (state.Status === "exited" || state.Status === "dead")
    return { healthy: false, because: exit };
  if (state.Health?.Status === "unhealthy") {
    const said = state.Health.Log?.at(-1)?.Output.trim() ?? "";
    const detail = said === "" ? "" : `; its health check says: ${said}`;
    return { healthy: false, because: `is unhealthy${detail}` };
  }
  return state.Health?.Status === "healthy" ? { healthy: true, because: "healthy" } : undefined;
}

/** Waits until the container's health check succeeds. Throws why it did not, with its last log lines. */
export async function waitUntilHealthy(
  id: string,
  name: string,
  timeoutSeconds: number,
  { docker, report, signal }: Call,
): Promise<void> {
  const started = Date.now();
  for (;;) {
    const found = await docker.inspect("container", id);
    const now = verdict(
      found?.["State"] as ContainerState | undefined,
      Number(found?.["RestartCount"] ?? 0),
    );
    if (now?.healthy === true) return;
    const seconds = Math.round((Date.now() - started) / 1000);
    const because =
      now?.because ??
      (signal.aborted
        ? "was not healthy yet when the run was stopped"
        : seconds >= timeoutSeconds
          ? `did not become healthy within ${timeoutSeconds} s`
          : undefined);
    if (because !== undefined) throw new Error(await failure(id, name, because, docker.env));
    if (seconds > 1) report(`starting, ${seconds} s`);
    await sleep(POLL_MS);
  }
}

async function failure(
  id: string,
  name: string,
  because: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const logs = await runCommand("docker", ["logs", "--tail", String(LOG_LINES), id], { env });
  const lines = `${logs.stdout}\n${logs.stderr}`.split("\n").filter((line) => line.trim() !== "");
  const shown =
    lines.length === 0
      ? "It printed nothing."
      : `Its last log lines:\n${lines.map((line) => `    ${line}`).join("\n")}`;
  return `container ${name} ${because}.\n${shown}\nThe container was removed again, its home is kept. Mend the cause and run \`up\` again.`;
}
