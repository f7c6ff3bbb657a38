import { z } from "zod";
import { USER_LABEL } from "../components/catalog/labels";
import { dockerFailure, type Docker } from "./docker";

const inspected = z.array(
  z.object({
    Name: z.string(),
    Created: z.string(),
    State: z.object({
      Status: z.string(),
      StartedAt: z.string(),
      FinishedAt: z.string(),
      ExitCode: z.number(),
      OOMKilled: z.boolean().optional(),
      Health: z.object({ Status: z.string() }).optional(),
    }),
    Config: z.object({ Image: z.string(), Labels: z.record(z.string(), z.string()).nullable() }),
    HostConfig: z.object({
      PortBindings: z
        .record(
          z.string(),
          z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullable(),
        )
        .nullable(),
      DeviceRequests: z
        .array(z.object({ DeviceIDs: z.array(z.string()).nullable() }))
        .nullable()
        .optional(),
    }),
  }),
);

/** A container as it is now. */
export interface ContainerState {
  readonly name: string;
  /** Docker's word: `running`, `exited`, `created`, `restarting`, `paused`, `dead`. */
  readonly state: string;
  /** `healthy`, `unhealthy` or `starting`; absent where it is not running or has no check. */
  readonly health?: string;
  /** Since when it is running or stopped, ISO 8601. */
  readonly since: string;
  readonly image: string;
  /** Value of the `dev.gpudev.user` label. */
  readonly user?: string;
  /** Published ports: the container's, such as `8888`, to `address:port` of the machine. */
  readonly ports: Readonly<Record<string, string>>;
  /** GPU devices that it was given. */
  readonly devices: readonly string[];
  /** Killed for want of memory. */
  readonly outOfMemory: boolean;
}

/** What `docker inspect` says of containers; one that does not exist is left out. */
export function parseInspect(text: string): ContainerState[] {
  return inspected.parse(JSON.parse(text)).map(({ Name, Created, State, Config, HostConfig }) => {
    const running = State.Status === "running";
    const user = Config.Labels?.[USER_LABEL];
    const since = running ? State.StartedAt : State.FinishedAt;
    return {
      name: Name.replace(/^\//, ""),
      state: State.Status,
      ...(running && State.Health !== undefined ? { health: State.Health.Status } : {}),
      // Docker's zero time: a container that never ran.
      since: since.startsWith("0001-") ? Created : since,
      image: Config.Image,
      ...(user === undefined ? {} : { user }),
      ports: Object.fromEntries(
        Object.entries(HostConfig.PortBindings ?? {}).flatMap(([port, bindings]) =>
          (bindings ?? []).map(({ HostIp, HostPort }) => [
            port.replace(/\/tcp$/, ""),
            `${HostIp}:${HostPort}`,
          ]),
        ),
      ),
      devices: (HostConfig.DeviceRequests ?? []).flatMap(({ DeviceIDs }) => DeviceIDs ?? []),
      outOfMemory: !running && State.OOMKilled === true,
    };
  });
}

/** Looks at containers by name; those that do not exist are left out. */
export async function inspectContainers(
  docker: Docker,
  names: readonly string[],
): Promise<ContainerState[]> {
  if (names.length === 0) return [];
  const args = ["container", "inspect", ...names];
  const result = await docker.try(args);
  // Docker prints what it found and fails because of what it did not.
  if (result.exitCode !== 0 && !/no such container/i.test(result.stderr))
    throw dockerFailure(args, result);
  return result.stdout.trim() === "" ? [] : parseInspect(result.stdout);
}
