import type { ContainerProfile, GpuAccess, Mount, Port, Tmpfs } from "../container";

const MIB = 2 ** 20;

/** What a container is besides its profile. */
export interface ContainerIdentity {
  readonly container: string;
  readonly network: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Renders one control; the types hold that every control of the profile has a renderer. */
type Controls = {
  readonly [K in keyof Required<ContainerProfile>]: (
    value: NonNullable<ContainerProfile[K]>,
    profile: ContainerProfile,
  ) => readonly string[];
};

/**
 * Controls for which `docker run` has no argument because the daemon does them by itself; the ready
 * gate of a host holds that it does.
 */
export const DELEGATED: Readonly<Partial<Record<keyof ContainerProfile, string>>> = {
  seccomp: "dockerd's default profile is on unless an option turns it off",
};

const mebibytes = (bytes: number) => `${Math.floor(bytes / MIB)}m`;

function tmpfsOption({ target, sizeBytes, exec }: Tmpfs): string {
  const size = Math.floor(sizeBytes);
  return `${target}:rw,nosuid,nodev,${exec ? "exec" : "noexec"},mode=1777,size=${size}`;
}

/** `--mount` takes CSV: a field with a comma or a quote stands in quotes. */
function csv(fields: readonly string[]): string {
  return fields
    .map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(",");
}

function mountOption({ kind, source, target, readOnly }: Mount): string {
  const fields = [`type=${kind}`, `source=${source}`, `target=${target}`];
  return csv(readOnly ? [...fields, "readonly"] : fields);
}

function portOption({ container, published }: Port): string[] {
  if (published === undefined) return [];
  return ["--publish", `${published.address}:${published.port}:${container}`];
}

function gpuOptions({ via, devices }: GpuAccess): string[] {
  if (devices.length === 0) return [];
  // The quotes are part of the value: Docker reads it as CSV.
  if (via === "runtime") return ["--gpus", `"device=${devices.join(",")}"`];
  return devices.flatMap((device) => ["--device", `nvidia.com/gpu=${device}`]);
}

const CONTROLS: Controls = {
  uid: (uid, { gid }) => ["--user", `${uid}:${gid}`],
  gid: () => [],
  capDrop: (names) => names.flatMap((name) => ["--cap-drop", name]),
  noNewPrivileges: () => ["--security-opt", "no-new-privileges:true"],
  seccomp: () => [],
  readOnlyRoot: () => ["--read-only"],
  tmpfs: (all) => all.flatMap((one) => ["--tmpfs", tmpfsOption(one)]),
  mounts: (all) => all.flatMap((one) => ["--mount", mountOption(one)]),
  pidsLimit: (limit) => ["--pids-limit", `${limit}`],
  memoryBytes: (memory) => ["--memory", mebibytes(memory)],
  swapBytes: (swap, { memoryBytes }) => ["--memory-swap", mebibytes(memoryBytes + swap)],
  cpus: (cpus) => ["--cpus", `${cpus}`],
  shmBytes: (shm) => ["--shm-size", mebibytes(shm)],
  ulimits: (all) => all.flatMap(({ name, soft, hard }) => ["--ulimit", `${name}=${soft}:${hard}`]),
  gpu: gpuOptions,
  env: (all) => Object.entries(all).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
  command: () => [],
  ports: (all) => all.flatMap(portOption),
  healthCheck: (check) => [
    "--health-cmd",
    check.command.join(" "),
    "--health-interval",
    `${check.intervalSeconds}s`,
    "--health-timeout",
    `${check.timeoutSeconds}s`,
    "--health-retries",
    `${check.retries}`,
    "--health-start-period",
    `${check.startPeriodSeconds}s`,
  ],
  stopGraceSeconds: (seconds) => ["--stop-timeout", `${seconds}`],
};

const NAMES = Object.keys(CONTROLS) as (keyof ContainerProfile)[];

function rendered<K extends keyof ContainerProfile>(name: K, profile: ContainerProfile) {
  const value = profile[name];
  return value === undefined ? [] : CONTROLS[name](value, profile);
}

/**
 * Arguments of `docker` that run an environment in the foreground, for a service manager that
 * restarts it. It never pulls: the image has to be there.
 */
export function dockerRun(
  { container, network, labels }: ContainerIdentity,
  profile: ContainerProfile,
  image: string,
): string[] {
  const words = [
    "run",
    "--rm",
    "--pull",
    "never",
    // What a user's programs print goes to the journal once, not also to a log file without a bound.
    "--log-driver",
    "none",
    "--name",
    container,
    "--hostname",
    container,
    "--network",
    network,
  ];
  for (const [label, value] of Object.entries(labels)) words.push("--label", `${label}=${value}`);
  for (const name of NAMES) words.push(...rendered(name, profile));
  words.push(image, ...profile.command);
  return words;
}
