import { parse } from "csv-parse/sync";
import type { Machine } from "./machine";
import type { Answer, GpuDevice, GpuFacts } from "./model";

const FIELDS = ["index", "uuid", "name", "memory.total", "driver_version", "mig.mode.current"];
const NOT_FOUND = 127;
/** nvidia-smi's code where the driver runs and sees no device. */
const NO_DEVICES = 6;

/** Rows of `nvidia-smi --query-gpu=… --format=csv,noheader,nounits`, with or without `compute_cap` at the end. */
export function parseGpuRows(csv: string): {
  driver?: string;
  devices: GpuDevice[];
  mig: Set<number>;
} {
  const rows = parse(csv, { trim: true, relaxColumnCount: true, skipEmptyLines: true });
  const mig = new Set<number>();
  const devices = rows.map(
    ([index, uuid = "", name = "", memory, , mode, capability]): GpuDevice => {
      if (mode === "Enabled") mig.add(Number(index));
      return {
        index: Number(index),
        uuid,
        name,
        memoryMiB: Number.parseInt(memory ?? "", 10) || 0,
        ...(capability !== undefined && /^\d+\.\d+$/.test(capability) ? { capability } : {}),
      };
    },
  );
  const driver = rows[0]?.[4];
  return { devices, mig, ...(driver === undefined ? {} : { driver }) };
}

/** MIG slices as `nvidia-smi -L` lists them below their GPU. Memory is what the profile's name says. */
export function parseSlices(text: string, gpus: readonly GpuDevice[]): GpuDevice[] {
  let parent: GpuDevice | undefined;
  return text.split("\n").flatMap((line): GpuDevice[] => {
    const gpu = /^GPU (\d+):/.exec(line);
    if (gpu !== null) {
      parent = gpus.find((device) => device.index === Number(gpu[1]));
      return [];
    }
    const slice = /^\s+MIG (\S+)\s+Device\s+\d+:\s+\(UUID: (MIG-[^)]+)\)/.exec(line);
    if (slice === null || parent === undefined) return [];
    const [, profile = "", uuid = ""] = slice;
    const gigabytes = Number(/(\d+)gb/.exec(profile)?.[1] ?? 0);
    return [
      {
        ...parent,
        uuid,
        name: `${parent.name} MIG ${profile}`,
        memoryMiB: gigabytes * 1024,
        slice: true,
      },
    ];
  });
}

/** Version that `nvidia-ctk --version` prints. */
export function parseToolkit(text: string): string | undefined {
  return /version\s+v?(\d+\.\d+\.\d+\S*)/i.exec(text)?.[1];
}

async function query(machine: Machine, fields: readonly string[]) {
  const args = [`--query-gpu=${fields.join(",")}`, "--format=csv,noheader,nounits"];
  return machine.run("nvidia-smi", args);
}

async function readToolkit(machine: Machine): Promise<string | undefined> {
  const result = await machine.run("nvidia-ctk", ["--version"]);
  return result.known && result.value.exitCode === 0
    ? parseToolkit(result.value.stdout)
    : undefined;
}

/** Asks the machine for its GPUs. Without nvidia-smi there are none; one that fails is a reason, not an answer. */
export async function readGpus(machine: Machine): Promise<Answer<GpuFacts>> {
  const [asked, toolkit] = await Promise.all([
    query(machine, [...FIELDS, "compute_cap"]),
    readToolkit(machine),
  ]);
  const with_ = toolkit === undefined ? {} : { toolkit };
  if (!asked.known) return asked;
  let result = asked.value;
  if (result.exitCode === NOT_FOUND) return { known: true, value: { devices: [], ...with_ } };
  if (/compute_cap/.test(result.stdout + result.stderr) && result.exitCode !== 0) {
    const older = await query(machine, FIELDS);
    if (!older.known) return older;
    result = older.value;
  }
  if (result.exitCode === NO_DEVICES) return { known: true, value: { devices: [], ...with_ } };
  if (result.exitCode !== 0) {
    const words = (result.stderr.trim() || result.stdout.trim()).replaceAll(/\s*\n\s*/g, "; ");
    return { known: false, because: `nvidia-smi says: ${words || `code ${result.exitCode}`}` };
  }
  const { driver, devices, mig } = parseGpuRows(result.stdout);
  const slices: GpuDevice[] = [];
  if (mig.size > 0) {
    const list = await machine.run("nvidia-smi", ["-L"]);
    if (list.known) slices.push(...parseSlices(list.value.stdout, devices));
  }
  const all = devices.flatMap((device) =>
    mig.has(device.index) ? slices.filter((slice) => slice.index === device.index) : [device],
  );
  return {
    known: true,
    value: { devices: all, ...with_, ...(driver === undefined ? {} : { driver }) },
  };
}
