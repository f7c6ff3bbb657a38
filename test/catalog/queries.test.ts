import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BASES,
  compareVersions,
  driverVerdict,
  findGpus,
  findTorchBuild,
  GPU_MODELS,
  matchGpu,
  pythonOfBase,
  runsOn,
  TORCH_BUILDS,
} from "../../components/catalog";

function build(torch: string, cuda: string) {
  const found = findTorchBuild(torch, cuda);
  if (!found) throw new Error(`no build ${torch} ${cuda}`);
  return found;
}

describe("compareVersions", () => {
  it.each([
    ["580", "580.65.06", -1],
    ["580", "580.0.0", 0],
    ["525.60.13", "525.147.05", -1],
    ["2.10.0", "2.9.1", 1],
  ])("%s and %s", (left, right, sign) => {
    expect(Math.sign(compareVersions(left, right))).toBe(sign);
    expect(Math.sign(compareVersions(right, left)) + sign).toBe(0);
  });
});

describe("runsOn", () => {
  it.each([
    ["2.6", "12.4", "7.5", { runs: true, by: "exact", via: "7.5" }],
    ["2.6", "12.4", "8.9", { runs: true, by: "binary", via: "8.6" }],
    ["2.6", "12.4", "10.0", { runs: false }],
    ["2.6", "12.4", "12.0", { runs: false }],
    ["2.7", "12.6", "12.0", { runs: false }],
    ["2.7", "12.8", "12.0", { runs: true, by: "exact", via: "12.0" }],
    ["2.9", "13.0", "10.3", { runs: true, by: "binary", via: "10.0" }],
    ["2.9", "13.0", "12.1", { runs: true, by: "binary", via: "12.0" }],
    ["2.9", "13.0", "13.0", { runs: true, by: "ptx", via: "12.0" }],
    ["2.9", "12.8", "13.0", { runs: false }],
    ["2.9", "12.8", "7.0", { runs: true, by: "exact", via: "7.0" }],
    ["2.11", "12.8", "7.0", { runs: false }],
    ["2.14", "12.6", "7.0", { runs: true, by: "exact", via: "7.0" }],
    ["2.14", "13.0", "7.0", { runs: false }],
    ["2.5", "11.8", "3.7", { runs: true, by: "exact", via: "3.7" }],
    ["2.5", "12.4", "3.7", { runs: false }],
  ])("torch %s for CUDA %s on %s", (torch, cuda, capability, fit) => {
    expect(runsOn(build(torch, cuda), capability)).toEqual(fit);
  });

  it("runs every GPU from Turing to Ada with every build", () => {
    for (const row of TORCH_BUILDS)
      for (const gpu of GPU_MODELS.filter(({ architecture }) =>
        ["Turing", "Ampere", "Ada"].includes(architecture),
      ))
        expect(runsOn(row, gpu.capability).runs, `${row.torch} cu${row.cuda} ${gpu.model}`).toBe(
          true,
        );
  });
});

describe("driverVerdict", () => {
  it.each([
    ["2.6", "12.4", "525.60.12", "below-floor"],
    ["2.6", "12.4", "525.60.13", "below-toolkit"],
    ["2.6", "12.4", "550.54.13", "below-toolkit"],
    ["2.6", "12.4", "550.54.14", "ok"],
    ["2.6", "12.4", "580.173.02", "ok"],
    ["2.6", "11.8", "470.256.02", "below-toolkit"],
    ["2.9", "13.0", "575.57.08", "below-floor"],
    ["2.9", "13.0", "580.65.06", "ok"],
    ["2.14", "13.2", "580.173.02", "below-toolkit"],
    ["2.14", "13.2", "595.91.07", "ok"],
  ] as const)("torch %s for CUDA %s with driver %s: %s", (torch, cuda, driver, verdict) => {
    expect(driverVerdict(build(torch, cuda), driver)).toBe(verdict);
  });

  it("only gets better with a newer driver", () => {
    const rank = { "below-floor": 0, "below-toolkit": 1, ok: 2 };
    const driver = fc.tuple(fc.integer({ min: 400, max: 650 }), fc.nat(250), fc.nat(20));
    fc.assert(
      fc.property(fc.constantFrom(...TORCH_BUILDS), driver, driver, (row, a, b) => {
        const [older, newer] = [a.join("."), b.join(".")].sort(compareVersions);
        expect(rank[driverVerdict(row, older ?? "")]).toBeLessThanOrEqual(
          rank[driverVerdict(row, newer ?? "")],
        );
      }),
    );
  });
});

describe("GPU models", () => {
  it.each([
    ["Tesla V100-SXM2-16GB", "V100 16GB", "7.0", 16],
    ["Tesla V100-PCIE-32GB", "V100 32GB", "7.0", 32],
    ["Tesla T4", "T4", "7.5", 16],
    ["NVIDIA A100-SXM4-40GB", "A100 40GB", "8.0", 40],
    ["NVIDIA A100 80GB PCIe", "A100 80GB", "8.0", 80],
    ["NVIDIA A100-SXM4-40GB MIG 1g.5gb", "A100 40GB", "8.0", 40],
    ["NVIDIA A10", "A10", "8.6", 24],
    ["NVIDIA A10G", "A10G", "8.6", 24],
    ["NVIDIA GeForce RTX 3090", "RTX 3090", "8.6", 24],
    ["NVIDIA GeForce RTX 3090 Ti", "RTX 3090 Ti", "8.6", 24],
    ["NVIDIA RTX A6000", "RTX A6000", "8.6", 48],
    ["NVIDIA L4", "L4", "8.9", 24],
    ["NVIDIA L40S", "L40S", "8.9", 48],
    ["NVIDIA GeForce RTX 4090", "RTX 4090", "8.9", 24],
    ["NVIDIA RTX 6000 Ada Generation", "RTX 6000 Ada", "8.9", 48],
    ["NVIDIA H100 80GB HBM3", "H100", "9.0", 80],
    ["NVIDIA H100 PCIe", "H100", "9.0", 80],
    ["NVIDIA H100 NVL", "H100 NVL", "9.0", 94],
    ["NVIDIA H200", "H200", "9.0", 141],
    ["NVIDIA B200", "B200", "10.0", 179],
    ["NVIDIA B300 SXM6 AC", "B300", "10.3", 269],
    ["NVIDIA GeForce RTX 5090", "RTX 5090", "12.0", 32],
    ["NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX PRO 6000 Blackwell", "12.0", 96],
    ["NVIDIA RTX PRO 4500 Blackwell", "RTX PRO 4500 Blackwell", "12.0", 32],
  ])("knows %s as %s", (product, model, capability, memoryGiB) => {
    expect(matchGpu(product)).toMatchObject({ model, capability, memoryGiB });
  });

  it.each([
    "",
    "NVIDIA",
    "NVIDIA GeForce GTX 1080 Ti",
    "NVIDIA GeForce RTX 4090 Laptop GPU",
    "NVIDIA GeForce RTX 4090 D",
    "NVIDIA GeForce RTX 4080 SUPER",
    "Quadro RTX 6000",
    "AMD Instinct MI300X",
  ])("does not take %j for another", (product) => {
    expect(matchGpu(product)).toBeUndefined();
  });

  it.each([
    ["a100", ["A100 40GB", "A100 80GB"]],
    ["A100 80GB", ["A100 80GB"]],
    ["RTX 3090", ["RTX 3090"]],
    ["NVIDIA L4", ["L4"]],
    ["L5", []],
    ["", []],
  ])("finds %j", (wish, models) => {
    expect(findGpus(wish).map(({ model }) => model)).toEqual(models);
  });

  it("matches every model by its own name, with the capability of its architecture", () => {
    const majors = { Volta: "7", Turing: "7", Ampere: "8", Ada: "8", Hopper: "9", Blackwell: "1" };
    for (const row of GPU_MODELS) {
      expect(matchGpu(`NVIDIA ${row.model}`)?.model).toBe(row.model);
      expect(row.capability.startsWith(majors[row.architecture]), row.model).toBe(true);
      expect(row.memoryGiB).toBeGreaterThan(8);
      expect(new Date(row.asOf).toISOString().slice(0, 10)).toBe(row.asOf);
    }
  });
});

describe("pythonOfBase", () => {
  it.each([
    ["ubuntu:22.04", "3.10"],
    ["ubuntu:jammy", "3.10"],
    ["ubuntu:24.04", "3.12"],
    ["debian:12", "3.11"],
    ["debian:bookworm-slim", "3.11"],
    ["bootstrap:bookworm", "3.11"],
    [`registry.example.com:5000/mirror/ubuntu:22.04@sha256:${"0".repeat(64)}`, "3.10"],
    ["ubuntu", undefined],
    ["alpine:3.20", undefined],
  ])("%s has %s", (base, python) => {
    expect(pythonOfBase(base)).toBe(python);
  });

  it("names a Python that the default torch build has, for every base", () => {
    for (const { python } of BASES) expect(findTorchBuild("2.6")?.python).toContain(python);
  });
});
