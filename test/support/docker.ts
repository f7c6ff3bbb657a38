import { must, run, type Ended } from "./processes";

/** Runs `docker` with arguments that have to succeed. */
export function docker(...args: string[]): Promise<string> {
  return must("docker", args);
}

/** As far as these tests look at it. */
export interface ContainerState {
  readonly Id: string;
  readonly Image: string;
  readonly State: {
    readonly Status: string;
    readonly StartedAt: string;
    readonly ExitCode: number;
    readonly Pid: number;
    readonly Health?: { readonly Status: string };
  };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>;
    readonly Ports: Readonly<
      Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
    >;
  };
}

export async function inspect(container: string): Promise<ContainerState> {
  const [state] = JSON.parse(
    await docker("inspect", "--type", "container", container),
  ) as ContainerState[];
  if (state === undefined) throw new Error(`no container ${container}`);
  return state;
}

/** What must stay the same where nothing was touched. */
export async function identity(container: string): Promise<{ id: string; startedAt: string }> {
  const state = await inspect(container);
  return { id: state.Id, startedAt: state.State.StartedAt };
}

/** The container's address in its one network. */
export async function address(container: string): Promise<string> {
  const [network] = Object.values((await inspect(container)).NetworkSettings.Networks);
  if (network === undefined) throw new Error(`${container} has no network`);
  return network.IPAddress;
}

/** Runs a script with bash inside, as the environment's own user. */
export function inside(container: string, script: string): Promise<Ended> {
  return run("docker", ["exec", "-i", container, "bash", "-l"], { input: script });
}

/** The same for a script that has to succeed; returns what it printed, trimmed. */
export async function insideMust(container: string, script: string): Promise<string> {
  const result = await inside(container, script);
  if (result.code !== 0) {
    throw new Error(
      `in ${container}: ${script}\nended with ${result.code}\n${result.stdout}\n${result.stderr}`,
    );
  }
  return result.stdout.trim();
}

type Kind = "container" | "network" | "volume";

/** Names of the objects of a kind that carry a label. */
export async function labelled(kind: Kind, label: string): Promise<string[]> {
  const list =
    kind === "container"
      ? ["ps", "-a", "--format", "{{.Names}}"]
      : [kind, "ls", "--format", "{{.Name}}"];
  const lines = await docker(...list, "--filter", `label=${label}`);
  return lines.split("\n").filter(Boolean).sort();
}

/** Everything that a stack has on the daemon, by names. */
export function objectsOf(stack: string): Promise<Record<`${Kind}s`, string[]>> {
  return objectsWith(`dev.gpudev.stack=${stack}`);
}

/** Everything on the daemon that carries a label, by names. */
export async function objectsWith(label: string): Promise<Record<`${Kind}s`, string[]>> {
  return {
    containers: await labelled("container", label),
    networks: await labelled("network", label),
    volumes: await labelled("volume", label),
  };
}

/** Removes everything that carries the label, homes too: only for what a test made. */
export async function removeLabelled(label: string): Promise<void> {
  for (const name of await labelled("container", label)) await docker("rm", "-f", "-v", name);
  for (const name of await labelled("network", label)) await docker("network", "rm", name);
  for (const name of await labelled("volume", label)) await docker("volume", "rm", "-f", name);
}
