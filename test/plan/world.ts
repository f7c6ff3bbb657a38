import type { DaemonFacts, GpuDevice, Lookups } from "../../components/lookups";
import { makePlan, type WorkstationPlan } from "../../components/plan";
import { parseSettings, type Finding, type Settings } from "../../components/settings";

export const GIB = 2 ** 30;
export const ID = "7f3k2m";

/** Settings as the parser makes them of a stack file; they have to be free of errors. */
export function settingsOf(
  users: readonly (string | Record<string, unknown>)[],
  rest: Record<string, unknown> = {},
): Settings {
  const list = users.map((user) => (typeof user === "string" ? { name: user } : user));
  const all: Record<string, unknown> = { users: list, seats: { id: ID }, ...rest };
  const config: Record<string, string> = { "gpudev:target": "workstation" };
  for (const [key, value] of Object.entries(all)) config[`gpudev:${key}`] = JSON.stringify(value);
  const { settings, findings } = parseSettings({
    stack: "team",
    config,
    readFile: (name) => {
      throw new Error(`no file ${name}`);
    },
  });
  const errors = findings.filter(({ severity }) => severity === "error");
  if (settings === undefined || errors.length > 0) throw new Error(JSON.stringify(findings));
  return settings;
}

export const L4 = { name: "NVIDIA L4", capability: "8.9", memoryMiB: 23_034 } as const;
export const RTX5090 = {
  name: "NVIDIA GeForce RTX 5090",
  capability: "12.0",
  memoryMiB: 32_607,
} as const;

export function gpu(index: number, of: Omit<GpuDevice, "index" | "uuid"> = L4): GpuDevice {
  return { index, uuid: `GPU-${index}`.padEnd(12, "0"), ...of };
}

/** `count` GPUs of one model. */
export function gpus(count: number, of: Omit<GpuDevice, "index" | "uuid"> = L4): GpuDevice[] {
  return Array.from({ length: count }, (_, index) => gpu(index, of));
}

const known = <T>(value: T) => ({ known: true as const, value });

const DAEMON: DaemonFacts = {
  version: "28.3.1",
  cpus: 16,
  memory: 130 * GIB,
  runtimes: ["nvidia", "runc"],
  cdiDevices: [],
  root: "/var/lib/docker",
  local: true,
  rootless: false,
  architecture: "x86_64",
  enforces: ["memory", "swap", "cpus", "pids"],
  seccomp: true,
};

/** A healthy machine with Docker 28, its GPUs known to CDI, plenty of disk, and nothing on it. */
export function machine(
  devices: readonly GpuDevice[] = [],
  changes: Partial<Lookups> = {},
  daemon: Partial<DaemonFacts> = {},
): Lookups {
  const cdiDevices = devices.flatMap((device) => [
    ...(device.slice ? [] : [`nvidia.com/gpu=${device.index}`]),
    `nvidia.com/gpu=${device.uuid}`,
  ]);
  return {
    time: "2026-11-23T12:00:00.000Z",
    docker: { local: true },
    daemon: known({ ...DAEMON, cdiDevices, ...daemon }),
    gpus: known(
      devices.length === 0 ? { devices } : { devices, driver: "580.95.05", toolkit: "1.19.1" },
    ),
    freeDisk: known(200 * GIB),
    containers: known([]),
    networks: known([{ name: "bridge", subnets: ["172.17.0.0/16"] }]),
    volumes: known([]),
    takenPorts: known([]),
    addresses: known(["192.168.1.20", "172.17.0.1"]),
    base: known({ present: true }),
    images: known([]),
    stateDirectory: "/home/ada/.local/state/gpudev",
    imageContextHash: "c".repeat(64),
    locks: {
      "torch2.6.0-cu124-py3.10.txt": "a".repeat(64),
      "torch2.6.0-cu124-py3.11.txt": "b".repeat(64),
    },
    files: {},
    ...changes,
  };
}

export function codes(findings: readonly Finding[], severity?: Finding["severity"]): string[] {
  return findings
    .filter((finding) => severity === undefined || finding.severity === severity)
    .map(({ code }) => code);
}

export function errorsOf(plan: WorkstationPlan): string[] {
  return codes(plan.findings, "error");
}

/** The one finding of a code; there has to be exactly one. */
export function theFinding(plan: WorkstationPlan, code: string): Finding {
  const found = plan.findings.filter((finding) => finding.code === code);
  if (found[0] === undefined || found.length > 1) {
    throw new Error(`${found.length} findings ${code} among ${codes(plan.findings).join(", ")}`);
  }
  return found[0];
}

/** Plans, records the seats as gpudev does, and returns the settings of the next time. */
export function record(settings: Settings, lookups: Lookups): Settings {
  return {
    ...settings,
    seats: { ...makePlan(settings, lookups).seats, id: ID } as Settings["seats"],
  };
}

/** The same settings with other users. */
export function withUsers(settings: Settings, names: readonly string[]): Settings {
  const before = new Map(settings.users.map((user) => [user.name, user]));
  return {
    ...settings,
    users: names.map((name) => before.get(name) ?? { name, sshKeys: [] }),
  };
}
