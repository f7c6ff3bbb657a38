import { describe, expect, it } from "vitest";
import type { CommandResult } from "../../components/lookups/command";
import { parseGpuRows, parseSlices, parseToolkit, readGpus } from "../../components/lookups/gpus";
import type { Machine } from "../../components/lookups/machine";

const TWO_L4 = [
  "0, GPU-4cf8db2d-06c0-7d70-1a51-e59b25b2c16c, NVIDIA L4, 23034, 580.95.05, [N/A], 8.9",
  "1, GPU-4404041a-04cf-1ccf-9e70-f139a9b1e23c, NVIDIA L4, 23034, 580.95.05, [N/A], 8.9",
  "",
].join("\n");

const ONE_A100 =
  "0, GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77, NVIDIA A100-SXM4-40GB, 40960, 570.124.06, Enabled, 8.0\n";
const SLICES = [
  "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77)",
  "  MIG 3g.20gb     Device  0: (UUID: MIG-c7384736-a75d-5afc-978f-d2f1294409fd)",
  "  MIG 1g.5gb      Device  1: (UUID: MIG-a28ad590-3fda-56dd-84fc-0a0b96edc58d)",
  "",
].join("\n");

function ended(stdout: string, exitCode = 0, stderr = ""): CommandResult {
  return { exitCode, stdout, stderr, timedOut: false };
}

/** A machine that answers these command lines, and has no other command. */
function machine(answers: Record<string, CommandResult>): Machine {
  return {
    local: true,
    run: (file, args) =>
      Promise.resolve({
        known: true,
        value: answers[[file, ...args].join(" ")] ?? ended("", 127, `spawn ${file} ENOENT`),
      }),
  };
}

const QUERY =
  "nvidia-smi --query-gpu=index,uuid,name,memory.total,driver_version,mig.mode.current,compute_cap --format=csv,noheader,nounits";
const OLD_QUERY = QUERY.replace(",compute_cap", "");

describe("nvidia-smi's rows", () => {
  it("of two GPUs", () => {
    expect(parseGpuRows(TWO_L4)).toEqual({
      driver: "580.95.05",
      mig: new Set(),
      devices: [
        {
          index: 0,
          uuid: "GPU-4cf8db2d-06c0-7d70-1a51-e59b25b2c16c",
          name: "NVIDIA L4",
          memoryMiB: 23034,
          capability: "8.9",
        },
        {
          index: 1,
          uuid: "GPU-4404041a-04cf-1ccf-9e70-f139a9b1e23c",
          name: "NVIDIA L4",
          memoryMiB: 23034,
          capability: "8.9",
        },
      ],
    });
  });

  it("whose memory or capability the driver does not tell", () => {
    expect(parseGpuRows("0, GPU-1, NVIDIA GB10, [N/A], 580.95.05, [N/A], [N/A]\n").devices).toEqual(
      [{ index: 0, uuid: "GPU-1", name: "NVIDIA GB10", memoryMiB: 0 }],
    );
  });

  it("of MIG slices below their GPU", () => {
    const { devices } = parseGpuRows(ONE_A100);
    expect(parseSlices(SLICES, devices)).toEqual([
      {
        index: 0,
        uuid: "MIG-c7384736-a75d-5afc-978f-d2f1294409fd",
        name: "NVIDIA A100-SXM4-40GB MIG 3g.20gb",
        memoryMiB: 20_480,
        capability: "8.0",
        slice: true,
      },
      {
        index: 0,
        uuid: "MIG-a28ad590-3fda-56dd-84fc-0a0b96edc58d",
        name: "NVIDIA A100-SXM4-40GB MIG 1g.5gb",
        memoryMiB: 5120,
        capability: "8.0",
        slice: true,
      },
    ]);
  });
});

describe("nvidia-ctk --version", () => {
  it.each([
    [
      "NVIDIA Container Toolkit CLI version 1.17.8\ncommit: f202b80a9b9d0db00d9b1d73c0128c8962c55f4d\n",
      "1.17.8",
    ],
    ["NVIDIA Container Toolkit CLI version 1.19.0-rc.1\ncommit: abc\n", "1.19.0-rc.1"],
    ["something else", undefined],
  ])("%j", (text, expected) => {
    expect(parseToolkit(text)).toBe(expected);
  });
});

describe("the GPUs of a machine", () => {
  it("are none where there is no nvidia-smi", async () => {
    expect(await readGpus(machine({}))).toEqual({ known: true, value: { devices: [] } });
  });

  it("are none where the driver runs and finds none", async () => {
    const answer = await readGpus(machine({ [QUERY]: ended("No devices were found\n", 6) }));
    expect(answer).toEqual({ known: true, value: { devices: [] } });
  });

  it("come with driver and toolkit", async () => {
    const answer = await readGpus(
      machine({
        [QUERY]: ended(TWO_L4),
        "nvidia-ctk --version": ended("NVIDIA Container Toolkit CLI version 1.19.1\n"),
      }),
    );
    expect(answer).toMatchObject({
      known: true,
      value: { driver: "580.95.05", toolkit: "1.19.1", devices: [{ index: 0 }, { index: 1 }] },
    });
  });

  it("in MIG mode are their slices", async () => {
    const answer = await readGpus(
      machine({ [QUERY]: ended(ONE_A100), "nvidia-smi -L": ended(SLICES) }),
    );
    expect(answer.known && answer.value.devices.map(({ uuid }) => uuid)).toEqual([
      "MIG-c7384736-a75d-5afc-978f-d2f1294409fd",
      "MIG-a28ad590-3fda-56dd-84fc-0a0b96edc58d",
    ]);
  });

  it("of an old driver are asked for without the capability", async () => {
    const old = ended('Field "compute_cap" is not a valid field to query.\n', 2);
    const row = "0, GPU-1, Tesla T4, 15109, 450.80.02, [N/A]\n";
    const answer = await readGpus(machine({ [QUERY]: old, [OLD_QUERY]: ended(row) }));
    expect(answer).toEqual({
      known: true,
      value: {
        driver: "450.80.02",
        devices: [{ index: 0, uuid: "GPU-1", name: "Tesla T4", memoryMiB: 15109 }],
      },
    });
  });

  it("are unknown, in nvidia-smi's own words, where it fails", async () => {
    const text =
      "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.133\n";
    expect(await readGpus(machine({ [QUERY]: ended(text, 18) }))).toEqual({
      known: false,
      because:
        "nvidia-smi says: Failed to initialize NVML: Driver/library version mismatch; NVML library version: 570.133",
    });
  });
});
