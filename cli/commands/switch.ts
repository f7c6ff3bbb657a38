import type { Context } from "../context";
import { containerOf } from "../environments";
import { inspectContainers } from "../containers";
import { loadStack, type LoadedStack } from "../loadStack";
import { CommandFailure, ExitCode, type Report } from "../outcome";
import { startContainers } from "../startStopped";

/** Docker waits for the container's own time to stop before it kills; this is for a daemon that does not answer. */
const STOP_MS = 300_000;

async function stateOf(loaded: LoadedStack, container: string): Promise<string | undefined> {
  const [found] = await inspectContainers(loaded.docker, [container]);
  return found?.state;
}

function missing(user: string): CommandFailure {
  return new CommandFailure(
    ExitCode.failed,
    `The environment of ${user} does not exist.`,
    "`gpudev up` makes it.",
  );
}

/** `gpudev start NAME`: starts a user's stopped environment, and waits until it answers. */
export async function start(context: Context, user: string): Promise<Report> {
  const loaded = loadStack(context);
  const container = containerOf(loaded, user);
  const state = await stateOf(loaded, container);
  if (state === undefined) throw missing(user);
  const started = state === "exited" || state === "created";
  await startContainers(context, loaded, [container]);
  context.print(`The environment of ${user} ${started ? "runs" : "runs already"}.`);
  return { stack: loaded.stack, findings: [], user, container, started };
}

/** `gpudev stop NAME`: ends what runs in a user's environment, in order; home and container stay. */
export async function stop(context: Context, user: string): Promise<Report> {
  const loaded = loadStack(context);
  const container = containerOf(loaded, user);
  const state = await stateOf(loaded, container);
  if (state === undefined) throw missing(user);
  const stopped = state !== "exited" && state !== "created";
  if (stopped)
    await context.progress.step(`Stop ${container}`, () =>
      loaded.docker.run(["stop", container], { timeout: STOP_MS }),
    );
  context.print(
    `The environment of ${user} is stopped${stopped ? "" : " already"}; the home stays. \`gpudev start ${user}\` starts it.`,
  );
  return { stack: loaded.stack, findings: [], user, container, stopped };
}
