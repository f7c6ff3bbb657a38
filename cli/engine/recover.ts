import type { Deployment } from "@pulumi/pulumi/automation";
import { ofStack, type Docker, type StackIdentity } from "../docker";
import type { Progress } from "../progress";
import { CONTAINER, NETWORK, VOLUME } from "./resourceTypes";
import type { Engine } from "./workspace";

/** A resource as the state records it, as far as recovery needs it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly protect?: boolean;
  readonly parent?: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** An operation that a killed run left open, as far as recovery needs it. */
interface PendingOperation {
  readonly resource?: { readonly inputs?: Readonly<Record<string, unknown>> };
}

/** A stack's state as `pulumi stack export` writes it, as far as recovery needs it. */
export interface StateFile {
  readonly resources?: readonly StateResource[];
  readonly pending_operations?: readonly PendingOperation[];
}

/** A container or network on the daemon. */
interface FoundObject {
  readonly id: string;
  readonly name: string;
  /** True for a container that runs. */
  readonly running?: boolean;
}

/** What the daemon has under the stack's label. */
export interface FoundObjects {
  readonly containers: readonly FoundObject[];
  readonly networks: readonly FoundObject[];
  readonly volumes: readonly FoundObject[];
}

/** What has to be put right before the engine runs. */
export interface Recovery {
  /** Operations that a killed run left open are dropped from the state. */
  readonly dropPending: boolean;
  /** Made by a killed run and unknown to the state. */
  readonly removeContainers: readonly FoundObject[];
  readonly removeNetworks: readonly FoundObject[];
  /**
   * Those of the containers that run and that no open operation was making, so that no killed run left
   * them: they were made with another state, and somebody may be at work in them.
   */
  readonly strangers: readonly string[];
  /** The state names things that are gone: the engine has to look before it decides. */
  readonly refresh: boolean;
}

/** The state in an exported deployment. */
export function stateOf(deployment: Deployment): StateFile {
  return (deployment.deployment ?? {}) as StateFile;
}

/** A deployment with another state in it. */
export function withState(deployment: Deployment, state: StateFile): Deployment {
  return { ...deployment, deployment: state };
}

function idsOf(state: StateFile, type: string): ReadonlySet<string> {
  return new Set(
    (state.resources ?? []).flatMap(({ type: own, id }) =>
      own === type && id !== undefined ? [id] : [],
    ),
  );
}

function isMissing(known: ReadonlySet<string>, found: readonly FoundObject[]): boolean {
  const there = new Set(found.flatMap(({ id, name }) => [id, name]));
  return [...known].some((id) => !there.has(id));
}

/**
 * Compares the state with what the daemon has. Volumes are homes: they are never removed, and the next run
 * adopts one that the state lacks.
 */
export function planRecovery(state: StateFile, found: FoundObjects): Recovery {
  const containers = idsOf(state, CONTAINER);
  const networks = idsOf(state, NETWORK);
  const volumes = idsOf(state, VOLUME);
  const unknownTo = (ids: ReadonlySet<string>) => (object: FoundObject) =>
    !ids.has(object.id) && !ids.has(object.name);
  const removeContainers = found.containers.filter(unknownTo(containers));
  const pending = state.pending_operations ?? [];
  const begun = new Set(pending.map(({ resource }) => resource?.inputs?.["name"]));
  return {
    dropPending: pending.length > 0,
    removeContainers,
    removeNetworks: found.networks.filter(unknownTo(networks)),
    strangers: removeContainers
      .filter(({ name, running }) => running === true && !begun.has(name))
      .map(({ name }) => name),
    refresh:
      isMissing(containers, found.containers) ||
      isMissing(networks, found.networks) ||
      isMissing(volumes, found.volumes),
  };
}

/** Asks the daemon what it has under the stack's labels. */
async function findObjects(docker: Docker, stack: StackIdentity): Promise<FoundObjects> {
  const filter = ofStack(stack);
  const parse = (text: string): FoundObject[] =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [id = "", name = "", state] = line.split(" ");
        return { id, name, ...(state === "running" ? { running: true } : {}) };
      });
  const [containers, networks, volumes] = await Promise.all([
    docker.run(["ps", "-a", "--no-trunc", ...filter, "--format", "{{.ID}} {{.Names}} {{.State}}"]),
    docker.run(["network", "ls", "--no-trunc", ...filter, "--format", "{{.ID}} {{.Name}}"]),
    docker.run(["volume", "ls", ...filter, "--format", "{{.Name}} {{.Name}}"]),
  ]);
  return {
    containers: parse(containers),
    networks: parse(networks),
    volumes: parse(volumes),
  };
}

/** Longest time that a container may take to stop: as a rule its own grace is much shorter. */
const STOP_MS = 600_000;

/**
 * Puts right what a killed run left behind. Call it with the stack taken and dead locks cleared.
 * @param mayEnd asks before containers end that no killed run left; throws where they must not
 * @returns true where the engine has to look at the world before it decides
 */
export async function recover(
  engine: Engine,
  docker: Docker,
  stack: StackIdentity,
  progress: Progress,
  mayEnd: (containers: readonly string[]) => Promise<void>,
): Promise<boolean> {
  const [deployment, found] = await progress.step("Look for what a killed run left", () =>
    Promise.all([engine.exportState(), findObjects(docker, stack)]),
  );
  const state = stateOf(deployment);
  const recovery = planRecovery(state, found);
  if (recovery.strangers.length > 0) await mayEnd(recovery.strangers);
  await Promise.all(
    recovery.removeContainers.map(async ({ name, id }) => {
      // Whatever works in it may want to save that first; what counts is that it goes.
      await docker.try(["stop", id], { timeout: STOP_MS });
      await docker.run(["rm", "--force", id], { timeout: 60_000 });
      progress.note(`The state does not know the container ${name}: it is removed.`);
    }),
  );
  for (const { name, id } of recovery.removeNetworks) {
    await docker.run(["network", "rm", id]);
    progress.note(`The state does not know the network ${name}: it is removed.`);
  }
  // Last, since they tell what a killed run was making from what others made.
  if (recovery.dropPending) {
    await engine.importState(withState(deployment, { ...state, pending_operations: [] }));
    progress.note("An earlier run was killed: its open operations are dropped.");
  }
  return recovery.refresh || recovery.dropPending;
}
