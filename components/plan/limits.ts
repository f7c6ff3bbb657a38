import type { Lookups } from "../lookups/model";
import type { Finding } from "../settings/finding";
import type { Settings, User } from "../settings/schema";
import { type Decided, error, hint, listed, warning } from "./findings";
import type { Member } from "./members";

/** Limits of one environment. Sizes in bytes. */
export interface Limits {
  readonly memory: number;
  readonly cpus?: number;
  readonly shm: number;
  readonly pids: number;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** Left to the machine itself where nobody sets a limit. */
const MACHINE_MEMORY = 2 * GIB;
/** Memory that a plan shows while the machine's own is not known; nothing is created then. */
const UNKNOWN_MEMORY = 8 * GIB;
/** More shared memory than this hardly helps data loaders, and it counts as memory. */
const MOST_SHM = 8 * GIB;
/** JupyterLab alone holds about 150 MiB. */
const LEAST_MEMORY = 256 * MIB;
const PIDS = 4096;

type LimitName = "memory" | "cpus" | "shm" | "pids";

function explicit(settings: Settings, { user, path }: Member, name: LimitName) {
  const profile = user.profile === undefined ? undefined : settings.profiles[user.profile];
  const sources: readonly [Pick<User, LimitName> | undefined, string][] = [
    [user, path],
    [profile, `gpudev:profiles.${user.profile}`],
    [settings.limits, "gpudev:limits"],
  ];
  for (const [source, base] of sources) {
    const value = source?.[name];
    if (value !== undefined) return { value, path: `${base}.${name}` };
  }
  return undefined;
}

/**
 * Memory limit where settings name none: the machine's memory less 2 GiB; on a machine with several
 * GPUs the part that goes with the user's. It does not depend on how many users there are, so that
 * adding one changes nobody's container; and it is rounded down to whole GiB, so that a new kernel
 * that keeps a little more for itself does not either.
 */
export function defaultMemory(machine: number, machineGpus: number, gpus: number): number {
  const usable = Math.max(machine - MACHINE_MEMORY, machine / 2);
  const part = (usable * Math.max(1, gpus)) / Math.max(1, machineGpus);
  const step = part >= 2 * GIB ? GIB : 256 * MIB;
  return Math.max(step, Math.floor(part / step) * step);
}

/** What limits are held against. */
export interface Machine {
  readonly memory?: number;
  readonly cpus?: number;
  readonly gpus: number;
}

export function machineOf(lookups: Lookups): Machine {
  const { daemon, gpus } = lookups;
  return {
    ...(daemon.known ? { memory: daemon.value.memory, cpus: daemon.value.cpus } : {}),
    gpus: gpus.known ? gpus.value.devices.length : 0,
  };
}

function text(bytes: number): string {
  return bytes >= GIB
    ? `${Number((bytes / GIB).toFixed(1))} GiB`
    : `${Math.round(bytes / MIB)} MiB`;
}

function judge(member: Member, limits: Limits, settings: Settings, machine: Machine): Finding[] {
  const found: Finding[] = [];
  const memory = explicit(settings, member, "memory");
  const shm = explicit(settings, member, "shm");
  const cpus = explicit(settings, member, "cpus");
  if (memory && machine.memory !== undefined && memory.value > machine.memory) {
    found.push(
      error(
        "memory-beyond-machine",
        memory.path,
        `${text(memory.value)} are more than the ${text(machine.memory)} that this machine has`,
        `Write ${text(Math.floor(defaultMemory(machine.memory, 1, 1))).replace(" ", "")} or less.`,
      ),
    );
  }
  if (memory && memory.value < LEAST_MEMORY) {
    found.push(
      error(
        "memory-too-small",
        memory.path,
        `${text(memory.value)} are too little for JupyterLab to start`,
        "Write 1GiB or more; the unit may be wrong (16g is 16 GiB, 16m is 16 MiB).",
      ),
    );
  }
  if (shm && shm.value > limits.memory) {
    found.push(
      error(
        "shm-over-memory",
        shm.path,
        `/dev/shm counts as memory, and ${text(shm.value)} are more than the memory limit of ${text(limits.memory)}`,
        "Make shm half of memory, or leave it out.",
      ),
    );
  }
  if (cpus && machine.cpus !== undefined && cpus.value > machine.cpus) {
    found.push(
      error(
        "cpus-beyond-machine",
        cpus.path,
        `${cpus.value} CPUs are more than the ${machine.cpus} that this machine has, and Docker refuses that`,
        `Write ${machine.cpus} or less.`,
      ),
    );
  }
  return found;
}

function oversubscription(
  all: ReadonlyMap<string, Limits>,
  anyExplicit: boolean,
  machine: Machine,
): Finding[] {
  const sum = [...all.values()].reduce((total, limits) => total + limits.memory, 0);
  if (machine.memory === undefined || sum <= machine.memory || all.size < 2) return [];
  const make = anyExplicit ? warning : hint;
  return [
    make(
      "memory-oversubscribed",
      "gpudev:limits.memory",
      `The memory limits of ${listed([...all.keys()])} come to ${text(sum)}, and this machine has ${text(machine.memory)}: if all use theirs at once, the kernel ends processes`,
      `Write limits.memory: ${text(Math.max(LEAST_MEMORY, Math.floor((machine.memory - MACHINE_MEMORY) / all.size / (256 * MIB)) * 256 * MIB)).replace(" ", "")} for an equal share, if that must not happen.`,
    ),
  ];
}

/** Resolves every user's limits: the user's own, else the profile's, else the stack's, else the default. */
export function resolveLimits(
  settings: Settings,
  members: readonly Member[],
  machine: Machine,
  gpuCounts: ReadonlyMap<string, number>,
): Decided<ReadonlyMap<string, Limits>> {
  const findings: Finding[] = [];
  const value = new Map<string, Limits>();
  let anyExplicit = false;
  for (const member of members) {
    const { name } = member.user;
    const own = (limit: LimitName) => explicit(settings, member, limit)?.value;
    anyExplicit ||= own("memory") !== undefined;
    const memory =
      own("memory") ??
      (machine.memory === undefined
        ? UNKNOWN_MEMORY
        : defaultMemory(machine.memory, machine.gpus, gpuCounts.get(name) ?? 0));
    const cpus = own("cpus");
    const limits: Limits = {
      memory,
      shm: own("shm") ?? Math.min(MOST_SHM, Math.floor(memory / 2 / MIB) * MIB),
      pids: own("pids") ?? PIDS,
      ...(cpus === undefined ? {} : { cpus }),
    };
    value.set(name, limits);
    findings.push(...judge(member, limits, settings, machine));
  }
  findings.push(...oversubscription(value, anyExplicit, machine));
  return { value, findings };
}
