import type { Deployment } from "@pulumi/pulumi/automation";
import { STACK_ID_LABEL, type Docker } from "../docker";
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

/** A stack's state as `pulumi stack export` writes it, as far as recovery needs it. */
export interface StateFile {
  readonly resources?: readonly StateResource[];
  readonly pending_operations?: readonly unknown[];
}

/** A container or network on the daemon. */
export interface FoundObject {
  readonly id: string;
  readonly name: string;
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
  return {
    dropPending: (state.pending_operations ?? []).length > 0,
    removeContainers: found.containers.filter(unknownTo(containers)),
    removeNetworks: found.networks.filter(unknownTo(networks)),
    refresh:
      isMissing(containers, found.containers) ||
      isMissing(networks, found.networks) ||
      isMissing(volumes, found.volumes),
  };
}

/** Asks the daemon what it has under the stack's label. */
async function findObjects(docker: Docker, stackId: string): Promise<FoundObjects> {
  const filter = ["--filter", `label=${STACK_ID_LABEL}=${stackId}`];
  const parse = (text: string): FoundObject[] =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [id = "", name = ""] = line.split(" ");
        return { id, name };
      });
  const [containers, networks, volumes] = await Promise.all([
    docker.run(["ps", "-a", "--no-trunc", ...filter, "--format", "{{.ID}} {{.Names}}"]),
    docker.run(["network", "ls", "--no-trunc", ...filter, "--format", "{{.ID}} {{.Name}}"]),
    docker.run(["volume", "ls", ...filter, "--format", "{{.Name}} {{.Name}}"]),
  ]);
  return {
    containers: parse(containers),
    networks: parse(networks),
    volumes: parse(volumes),
  };
}

/**
 * Puts right what a killed run left behind. Call it with the stack taken and dead locks cleared.
 * @returns true where the engine has to look at the world before it decides
 */
export async function recover(
  engine: Engine,
  docker: Docker,
  stackId: string,
  progress: Progress,
): Promise<boolean> {
  const deployment = await engine.exportState();
  const state = stateOf(deployment);
  const recovery = planRecovery(state, await findObjects(docker, stackId));
  if (recovery.dropPending) {
    await engine.importState(withState(deployment, { ...state, pending_operations: [] }));
    progress.note("An earlier run was killed: its open operations are dropped.");
  }
  for (const { name, id } of recovery.removeContainers) {
    await docker.run(["rm", "--force", id], { timeout: 60_000 });
    progress.note(`An earlier run was killed: its unfinished container ${name} is removed.`);
  }
  for (const { name, id } of recovery.removeNetworks) {
    await docker.run(["network", "rm", id]);
    progress.note(`An earlier run was killed: its unfinished network ${name} is removed.`);
  }
  return recovery.refresh || recovery.dropPending;
}
