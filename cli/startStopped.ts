import type { Context } from "./context";
import { inspectContainers, type ContainerState } from "./containers";
import type { LoadedStack, DecidedStack } from "./loadStack";
import { CommandFailure, ExitCode } from "./outcome";

const POLL_MS = 300;
const READY_MS = 180_000;

async function waitHealthy(loaded: LoadedStack, names: readonly string[]): Promise<void> {
  const end = Date.now() + READY_MS;
  for (;;) {
    const states = await inspectContainers(loaded.docker, names);
    const waiting = states.filter(
      ({ state, health }) => state !== "running" || (health ?? "healthy") !== "healthy",
    );
    if (waiting.length === 0) return;
    const lost = ({ state, health }: ContainerState) =>
      state === "exited" || health === "unhealthy";
    if (Date.now() > end || waiting.some(lost))
      throw new CommandFailure(
        ExitCode.failed,
        `Not ready: ${waiting.map(({ name, state, health }) => `${name} (${health ?? state})`).join(", ")}.`,
        `See why: docker logs ${waiting[0]?.name}`,
      );
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Starts those of some containers that are stopped, and waits until they answer. */
export async function startContainers(
  context: Context,
  loaded: LoadedStack,
  names: readonly string[],
): Promise<void> {
  const stopped = (await inspectContainers(loaded.docker, names))
    .filter(({ state }) => state === "exited" || state === "created")
    .map(({ name }) => name);
  if (stopped.length === 0) return;
  await context.progress.step(`Start ${stopped.join(", ")}`, async () => {
    await loaded.docker.run(["start", ...stopped], { timeout: 120_000 });
    await waitHealthy(loaded, stopped);
  });
}

/** Starts environments of the plan that exist and are stopped, and waits until they answer. */
export function startStopped(context: Context, decided: DecidedStack): Promise<void> {
  const names = decided.plan.environments.map(({ container }) => container);
  return startContainers(context, decided, names);
}
