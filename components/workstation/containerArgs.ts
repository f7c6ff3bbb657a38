import type * as docker from "@pulumi/docker";
import type { ContainerProfile, GpuAccess, PlannedEnvironment, Tmpfs } from "../plan/model";

const MIB = 2 ** 20;

/** Docker's arguments for an environment, all plain values; image, volume and network join them as outputs. */
type PlainContainerArgs = Pick<
  docker.ContainerArgs,
  | "capabilities"
  | "command"
  | "cpus"
  | "destroyGraceSeconds"
  | "deviceRequests"
  | "envs"
  | "gpus"
  | "healthcheck"
  | "hostname"
  | "labels"
  | "memory"
  | "memorySwap"
  | "mounts"
  | "name"
  | "ports"
  | "readOnly"
  | "restart"
  | "securityOpts"
  | "shmSize"
  | "stopTimeout"
  | "tmpfs"
  | "ulimits"
  | "user"
  | "wait"
  | "waitTimeout"
>;

/** A container's arguments, and the controls that they cannot express. */
export interface RenderedContainer {
  readonly args: PlainContainerArgs;
  /** Inputs that Docker has and Pulumi's Docker SDK lacks; the bundled provider takes them. */
  readonly more: Readonly<{ pidsLimit: number }>;
}

/** Renders an environment's container profile as arguments of `docker.Container`. Decides nothing. */
export function containerArgs(environment: PlannedEnvironment): RenderedContainer {
  const { profile } = environment;
  const memory = mebibytes(profile.memoryBytes);
  return {
    args: {
      name: environment.container,
      hostname: environment.container,
      user: `${profile.uid}:${profile.gid}`,
      command: [...profile.command],
      envs: Object.entries(profile.env).map(([name, value]) => `${name}=${value}`),
      labels: labelArgs(environment.labels),
      restart: "unless-stopped",

      readOnly: profile.readOnlyRoot,
      capabilities: { drops: [...profile.capDrop] },
      // Docker's seccomp profile is on unless an option here turns it off.
      securityOpts: ["no-new-privileges:true"],
      tmpfs: Object.fromEntries(profile.tmpfs.map((one) => [one.target, tmpfsOptions(one)])),
      mounts: profile.mounts.map(({ kind, source, target, readOnly }) => ({
        type: kind,
        source,
        target,
        readOnly,
      })),
      ports: profile.ports.flatMap(({ container, published }) =>
        published === undefined
          ? []
          : [{ internal: container, external: published.port, ip: published.address }],
      ),

      memory,
      memorySwap: memory + mebibytes(profile.swapBytes),
      ...(profile.cpus === undefined ? {} : { cpus: String(profile.cpus) }),
      shmSize: mebibytes(profile.shmBytes),
      ulimits: profile.ulimits.map(({ name, soft, hard }) => ({ name, soft, hard })),
      ...gpuArgs(profile.gpu),

      healthcheck: healthArgs(profile),
      wait: true,
      waitTimeout: waitSeconds(profile),
      stopTimeout: profile.stopGraceSeconds,
      destroyGraceSeconds: profile.stopGraceSeconds,
    },
    more: { pidsLimit: profile.pidsLimit },
  };
}

/** Labels as Pulumi's Docker resources take them. */
export function labelArgs(
  labels: Readonly<Record<string, string>>,
): { label: string; value: string }[] {
  return Object.entries(labels).map(([label, value]) => ({ label, value }));
}

function tmpfsOptions({ sizeBytes, exec }: Tmpfs): string {
  const size = Math.floor(sizeBytes);
  return ["rw", "nosuid", "nodev", exec ? "exec" : "noexec", "mode=1777", `size=${size}`].join(",");
}

function gpuArgs(gpu: GpuAccess | undefined): Pick<PlainContainerArgs, "gpus" | "deviceRequests"> {
  if (gpu === undefined || gpu.devices.length === 0) return {};
  if (gpu.via === "runtime") return { gpus: `device=${gpu.devices.join(",")}` };
  const deviceIds = gpu.devices.map((device) => `nvidia.com/gpu=${device}`);
  return { deviceRequests: [{ driver: "cdi", deviceIds }] };
}

function healthArgs({ healthCheck }: ContainerProfile) {
  return {
    tests: ["CMD", ...healthCheck.command],
    interval: `${healthCheck.intervalSeconds}s`,
    timeout: `${healthCheck.timeoutSeconds}s`,
    startPeriod: `${healthCheck.startPeriodSeconds}s`,
    retries: healthCheck.retries,
  };
}

// Longer than the container needs to find itself unhealthy: then its own reason is the one shown.
function waitSeconds({ healthCheck }: ContainerProfile): number {
  const { startPeriodSeconds, retries, intervalSeconds, timeoutSeconds } = healthCheck;
  return startPeriodSeconds + (retries + 1) * (intervalSeconds + timeoutSeconds) + 60;
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / MIB);
}
