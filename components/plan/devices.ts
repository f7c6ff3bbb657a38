import type { GpuDevice } from "../lookups/model";
import type { Finding } from "../settings/finding";
import { type Decided, error, listed, warning } from "./findings";
import { type DeviceId, deviceTitle, DeviceTable, idOf } from "./deviceTable";
import type { Member } from "./members";

/** The devices of each user who has any, and the machine's view of them. */
export interface DeviceAssignment {
  readonly ids: ReadonlyMap<string, readonly DeviceId[]>;
  readonly gpus: ReadonlyMap<string, readonly GpuDevice[]>;
}

/** Every name, index or UUID, of devices that somebody holds. */
export function heldNames({ ids, gpus }: DeviceAssignment): ReadonlySet<DeviceId> {
  const devices = [...gpus.values()].flat();
  const names = devices.flatMap(({ index, uuid, slice }) => (slice ? [uuid] : [index, uuid]));
  return new Set<DeviceId>([...[...ids.values()].flat(), ...names]);
}

/** How many devices a request comes to on a machine with `total` of them; a list stands for itself. */
function requestedCount(gpus: Member["gpus"], total: number): number {
  if (gpus === "none") return 0;
  if (gpus === "auto") return total > 0 ? 1 : 0;
  return typeof gpus === "number" ? gpus : gpus.length;
}

function taken(table: DeviceTable, name: string, path: string, device: GpuDevice): Finding {
  const free = table.devices
    .filter((other) => table.holdersOf(other).length === 0)
    .map(deviceTitle);
  return error(
    "device-taken",
    path,
    `${deviceTitle(device)} is asked for by ${name} and held by ${listed(table.holdersOf(device))}`,
    `${free.length > 0 ? `Take a free one (${listed(free)})` : "None is free: change one of them"}, or set gpudev:gpu.share to true, which shares memory and faults too.`,
  );
}

function seatRecorded(table: DeviceTable, member: Member, findings: Finding[]): void {
  const { name } = member.user;
  const list = Array.isArray(member.gpus) ? member.gpus : undefined;
  const listedDevices = list?.map((id) => table.find(id));
  const most = member.gpus === "auto" ? 1 : requestedCount(member.gpus, table.devices.length);
  const path = `gpudev:seats.${name}.devices`;
  for (const id of member.recorded?.devices ?? []) {
    if (table.heldBy(name).length >= most) break;
    const device = table.find(id);
    if (device === undefined) {
      if (list !== undefined) continue;
      findings.push(
        error(
          "device-gone",
          path,
          `The seat of ${name} names GPU ${id}, and this machine has ${table.devices.length === 0 ? "no NVIDIA GPU" : `only ${listed(table.devices.map(deviceTitle))}`}`,
          `Bring the GPU back (nvidia-smi shows what the driver sees), or delete the devices of gpudev:seats.${name}, so that gpudev gives a free one.`,
        ),
      );
    } else if (listedDevices === undefined || listedDevices.includes(device)) {
      if (table.holdersOf(device).length > 0 && !table.share) {
        findings.push(taken(table, name, path, device));
      } else if (!table.holds(name, device)) table.take(name, id, device);
    }
  }
}

function seatListed(table: DeviceTable, member: Member, findings: Finding[]): void {
  const { name } = member.user;
  for (const id of Array.isArray(member.gpus) ? member.gpus : []) {
    const device = table.find(id);
    if (device === undefined) {
      findings.push(
        error(
          "no-such-device",
          member.gpusPath,
          `User ${name} asks for GPU ${id}, and this machine has ${table.devices.length === 0 ? "no NVIDIA GPU" : `only ${listed(table.devices.map(deviceTitle))}`}`,
          "Name devices that `nvidia-smi -L` lists, or write a count.",
        ),
      );
    } else if (table.holds(name, device)) continue;
    else if (table.holdersOf(device).length > 0 && !table.share) {
      findings.push(taken(table, name, member.gpusPath, device));
    } else table.take(name, id, device);
  }
}

function tooFew(table: DeviceTable, lacking: readonly Member[], asked: number): Finding {
  const total = table.devices.length;
  const paths = new Set(lacking.map((member) => member.gpusPath));
  const own = paths.size === 1 ? [...paths][0] : undefined;
  return error(
    "too-few-gpus",
    own ?? "gpudev:gpu.perUser",
    `${asked === 1 ? "One GPU is" : `${asked} GPUs are`} asked for and this machine has ${total === 0 ? "no NVIDIA GPU" : total}: ${listed(lacking.map((member) => member.user.name))} would go without`,
    total === 0
      ? "Write gpus: none (or auto) for the CPU; if there is a GPU, `nvidia-smi` has to see it first."
      : "Write gpus: none for those who can do with the CPU, or set gpudev:gpu.share to true, which shares memory and faults too.",
  );
}

/**
 * Gives devices to users. Recorded devices stay; then come lists, then counts, each in order. Nobody
 * shares a device unless `share` says so; then the least used one is shared.
 */
export function assignDevices(
  members: readonly Member[],
  devices: readonly GpuDevice[],
  share: boolean,
): Decided<DeviceAssignment> {
  const findings: Finding[] = [];
  const table = new DeviceTable(devices, share);
  for (const member of members) seatRecorded(table, member, findings);
  for (const member of members) seatListed(table, member, findings);
  const unsettled = new Set(findings.map((finding) => finding.path));
  const lacking: Member[] = [];
  for (const member of members) {
    if (Array.isArray(member.gpus)) continue;
    const { name } = member.user;
    // Whoever's recorded device is gone or doubly held gets no other one behind the engineer's back.
    if (unsettled.has(`gpudev:seats.${name}.devices`)) continue;
    const count = requestedCount(member.gpus, devices.length);
    while (table.heldBy(name).length < count) {
      const device = table.next(name);
      if (device === undefined) {
        lacking.push(member);
        break;
      }
      table.take(name, idOf(device), device);
    }
  }
  if (lacking.length > 0) {
    const asked = members.reduce((sum, m) => sum + requestedCount(m.gpus, devices.length), 0);
    findings.push(tooFew(table, lacking, asked));
  }
  const shared = devices.filter((device) => table.holdersOf(device).length > 1);
  if (shared.length > 0) {
    findings.push(
      warning(
        "gpu-shared",
        "gpudev:gpu.share",
        shared
          .map((device) => `${deviceTitle(device)} is shared by ${listed(table.holdersOf(device))}`)
          .join("; "),
        "Nothing to do if that is meant: they share memory and faults, so one can starve or stop the others. MIG slices isolate.",
      ),
    );
  }
  const ids = new Map<string, readonly DeviceId[]>();
  const gpus = new Map<string, readonly GpuDevice[]>();
  for (const { user, recorded } of members) {
    const held = table.heldBy(user.name);
    // What is recorded stays recorded until someone has settled it.
    const open = unsettled.has(`gpudev:seats.${user.name}.devices`);
    const own = open ? (recorded?.devices ?? []) : held.map(({ id }) => id);
    if (own.length > 0) ids.set(user.name, own);
    if (held.length > 0)
      gpus.set(
        user.name,
        held.map(({ device }) => device),
      );
  }
  return { value: { ids, gpus }, findings };
}
