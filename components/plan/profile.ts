import { posix } from "node:path";
import type { Settings } from "../settings/schema";
import type { Limits } from "./limits";
import type { ContainerProfile, GpuAccess, Mount, Port } from "./model";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Where things of the machine appear inside; the image looks for them there. */
export const INSIDE = {
  home: "/home/dev",
  authorizedKeys: "/etc/gpudev/authorized_keys.d",
  certificate: "/etc/gpudev/tls/tls.crt",
  key: "/etc/gpudev/tls/tls.key",
  aws: "/etc/gpudev/aws",
} as const;

/** What one environment's profile is made of. */
interface ProfileParts {
  /** Home, authorized keys, and what else appears inside. */
  readonly mounts: readonly Mount[];
  /** Jupyter serves https itself, with the certificate and key that are mounted. */
  readonly tls: boolean;
  readonly limits: Limits;
  readonly ports: readonly Port[];
  readonly gpu?: GpuAccess;
  /** Plain values beside those that every environment has. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Where the mounts of an environment on a machine with Docker come from. */
interface MountSources {
  readonly user: string;
  readonly homeVolume: string;
  /** True where files of this machine can be mounted. */
  readonly local: boolean;
  readonly stateDirectory: string;
}

/** Folder of this machine that holds a user's `dev` file of authorized keys, as it is mounted into the container. */
export function authorizedKeysFolder(stateDirectory: string, stack: string, user: string): string {
  return posix.join(stateDirectory, "stacks", stack, "authorized_keys", user);
}

/** A folder or file of the machine that appears inside. */
export function bindMount(source: string, target: string, readOnly: boolean): Mount {
  return { kind: "bind", source, target, readOnly };
}

/** True where Jupyter is to serve https by itself. */
export function servesTls(settings: Settings): boolean {
  return settings.services.jupyter && settings.bind.tls !== undefined;
}

/** Mounts of an environment on a machine with Docker. */
export function mountsOf(settings: Settings, from: MountSources): Mount[] {
  const mounts: Mount[] = [
    { kind: "volume", source: from.homeVolume, target: INSIDE.home, readOnly: false },
  ];
  if (settings.services.ssh && from.local) {
    const folder = authorizedKeysFolder(from.stateDirectory, settings.stack, from.user);
    mounts.push(bindMount(folder, INSIDE.authorizedKeys, true));
  }
  const { tls } = settings.bind;
  if (settings.services.jupyter && tls !== undefined) {
    mounts.push(
      bindMount(tls.certificate, INSIDE.certificate, true),
      bindMount(tls.key, INSIDE.key, true),
    );
  }
  for (const mount of settings.workspace) {
    if (mount.users === undefined || mount.users.includes(from.user)) {
      mounts.push(bindMount(mount.source, mount.target, mount.readOnly));
    }
  }
  return mounts;
}

function envOf(settings: Settings, { gpu, tls, env }: ProfileParts): Record<string, string> {
  return {
    GPUDEV_MANAGED: "1",
    // Docker's own time limit is the longer one, so that the entry point ends in order before it.
    GPUDEV_GRACE: `${Math.max(1, settings.lifetime.stopGrace - 5)}`,
    ...(tls ? { GPUDEV_TLS_CERT: INSIDE.certificate, GPUDEV_TLS_KEY: INSIDE.key } : {}),
    // Where NVIDIA's runtime is the default one, saying nothing may mean all GPUs.
    ...(gpu === undefined
      ? { NVIDIA_VISIBLE_DEVICES: "void" }
      : { NVIDIA_DRIVER_CAPABILITIES: "compute,utility" }),
    ...env,
  };
}

/** The container profile of one environment: every control that hardens or shapes it, with its value. */
export function profileOf(settings: Settings, parts: ProfileParts): ContainerProfile {
  const { limits, gpu } = parts;
  const services = (["jupyter", "ssh"] as const).filter((service) => settings.services[service]);
  return {
    uid: settings.image.uid,
    gid: settings.image.uid,
    capDrop: ["ALL"],
    noNewPrivileges: true,
    seccomp: "default",
    readOnlyRoot: true,
    tmpfs: [
      { target: "/tmp", sizeBytes: Math.min(Math.floor(limits.memory / 2), 8 * GIB), exec: true },
      { target: "/run", sizeBytes: 64 * MIB, exec: false },
    ],
    mounts: parts.mounts,
    pidsLimit: limits.pids,
    memoryBytes: limits.memory,
    swapBytes: 0,
    ...(limits.cpus === undefined ? {} : { cpus: limits.cpus }),
    shmBytes: limits.shm,
    // What NVIDIA advises for PyTorch: pinned memory must not be held back, and deep recursion is usual.
    // Pinning is for GPUs. Other limits stay the daemon's: one in a container or sandbox may not raise them.
    ulimits: [
      ...(gpu === undefined ? [] : [{ name: "memlock", soft: -1, hard: -1 }]),
      { name: "stack", soft: 64 * MIB, hard: 64 * MIB },
    ],
    ...(gpu === undefined ? {} : { gpu }),
    env: envOf(settings, parts),
    command: services,
    ports: parts.ports,
    healthCheck: {
      command: ["/usr/local/bin/gpudev-healthcheck"],
      intervalSeconds: 5,
      timeoutSeconds: 5,
      retries: 3,
      startPeriodSeconds: 60,
    },
    stopGraceSeconds: settings.lifetime.stopGrace,
  };
}
