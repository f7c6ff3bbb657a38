import { namesOf } from "../../components/plan/names";
import { inspectContainers, type ContainerState } from "../containers";
import type { Context } from "../context";
import { ofStack } from "../docker";
import { loadStack, rememberedSettings, type LoadedStack } from "../loadStack";
import type { Report } from "../outcome";
import { sinceText } from "../output/since";
import { table } from "../output/table";

/** One user's environment as it is now. */
export interface EnvironmentStatus {
  readonly user: string;
  readonly container: string;
  /** `healthy`, `starting`, `unhealthy`, `running` (without a check), `stopped`, `missing` or Docker's own word. */
  readonly state: string;
  readonly since?: string;
  readonly image?: string;
  /** Published addresses. */
  readonly jupyter?: string;
  readonly ssh?: string;
  readonly devices: readonly string[];
  /** Something to know: killed for want of memory, or no longer in the list of users. */
  readonly note?: string;
}

/** One word for how an environment is. */
export function stateWord({ state, health }: ContainerState): string {
  if (state === "running") return health ?? "running";
  return state === "exited" || state === "created" ? "stopped" : state;
}

/** An environment's state from what Docker says of its container. */
export function statusOf(
  user: string,
  container: string,
  found: ContainerState | undefined,
  listed: boolean,
): EnvironmentStatus {
  if (found === undefined) return { user, container, state: "missing", devices: [] };
  const jupyter = found.ports["8888"];
  const ssh = found.ports["2222"];
  const notes = [
    ...(found.outOfMemory ? ["killed: out of memory"] : []),
    ...(listed ? [] : ["no longer a user; `gpudev up` takes it away"]),
  ];
  return {
    user,
    container,
    state: stateWord(found),
    since: found.since,
    image: found.image,
    ...(jupyter === undefined ? {} : { jupyter }),
    ...(ssh === undefined ? {} : { ssh }),
    devices: found.devices,
    ...(notes.length === 0 ? {} : { note: notes.join("; ") }),
  };
}

async function labelled(loaded: LoadedStack, kind: readonly string[], format: string) {
  const { id } = rememberedSettings(loaded).seats;
  if (id === undefined) return [];
  const filter = ofStack({ stack: loaded.stack, id });
  const text = await loaded.docker.run([...kind, ...filter, "--format", format]);
  return text.split("\n").filter((line) => line !== "");
}

/** `gpudev status`: how each environment is. Asks Docker alone. */
export async function status(context: Context): Promise<Report> {
  const loaded = loadStack(context);
  const users = loaded.settings.users.map(({ name }) => name);
  const nameOf = (user: string) => namesOf(loaded.stack, user).container;
  const [containers, volumes] = await Promise.all([
    labelled(loaded, ["ps", "-a"], "{{.Names}}"),
    labelled(loaded, ["volume", "ls"], "{{.Name}}"),
  ]);
  const names = [...new Set([...users.map(nameOf), ...containers])];
  const found = new Map(
    (await inspectContainers(loaded.docker, names)).map((one) => [one.name, one]),
  );
  const own = new Set(users.map(nameOf));
  const environments = [
    ...users.map((user) => statusOf(user, nameOf(user), found.get(nameOf(user)), true)),
    ...[...found.values()]
      .filter(({ name }) => !own.has(name))
      .map((one) => statusOf(one.user ?? one.name, one.name, one, false)),
  ];
  const inUse = new Set(users.map((user) => namesOf(loaded.stack, user).homeVolume));
  const keptHomes = volumes.filter((volume) => !inUse.has(volume)).sort();
  context.print(
    environments.length === 0
      ? `Stack ${loaded.stack} has no users.`
      : table(
          ["USER", "STATE", "SINCE", "JUPYTER", "SSH", "GPU", "IMAGE", "NOTE"],
          environments.map((one) => [
            one.user,
            one.state,
            one.since === undefined ? "" : sinceText(one.since, new Date()),
            one.jupyter ?? "",
            one.ssh ?? "",
            one.state === "missing" ? "" : one.devices.join(",") || "CPU",
            one.image ?? "",
            one.note ?? "",
          ]),
        ),
  );
  if (keptHomes.length > 0)
    context.print(`\nHomes of users who have left: ${keptHomes.join(", ")}`);
  return { stack: loaded.stack, findings: loaded.findings, environments, keptHomes };
}
