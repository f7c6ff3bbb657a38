import { describe, expect, it } from "vitest";
import { makePlan } from "../../components/plan";
import { codes, errorsOf, gpu, gpus, machine, RTX5090, settingsOf, theFinding } from "./world";

function withDriver(driver: string, toolkit: string | undefined = "1.19.1", devices = gpus(1)) {
  const facts = { devices, driver, ...(toolkit === undefined ? {} : { toolkit }) };
  return machine(devices, { gpus: { known: true, value: facts } });
}

const CU130 = { image: { torch: "2.12.1", cuda: "13.0", base: "ubuntu:24.04" } };
const LOCKS = { "torch2.12.1-cu130-py3.12.txt": "9".repeat(64) };

describe("the driver", () => {
  it.each([
    { driver: "580.95.05", expected: [] },
    { driver: "550.54.14", expected: ["driver-branch-ended"] },
    { driver: "550.40.07", expected: ["driver-below-toolkit", "driver-branch-ended"] },
    { driver: "525.60.13", expected: ["driver-below-toolkit"] },
    { driver: "525.60.11", expected: ["driver-too-old"] },
    { driver: "470.256.02", expected: ["driver-too-old"] },
  ])("$driver with CUDA 12.4: $expected", ({ driver, expected }) => {
    const plan = makePlan(settingsOf(["a"]), withDriver(driver));
    expect(codes(plan.findings).filter((code) => code !== "seat-unrecorded")).toEqual(expected);
  });

  it("below a build's floor is an error", () => {
    const world = { ...withDriver("575.57.08"), locks: LOCKS };
    const plan = makePlan(settingsOf(["a"], CU130), world);
    expect(theFinding(plan, "driver-too-old")).toMatchObject({
      severity: "error",
      path: "gpudev:image.cuda",
      message:
        "torch 2.12.1 with CUDA 13.0 needs NVIDIA driver 580 or newer, and this machine has 575.57.08.",
    });
  });

  it("matters to nobody who works on the CPU", () => {
    const plan = makePlan(
      settingsOf(["a"], { gpu: { perUser: "none" } }),
      withDriver("390.157", "1.0.0"),
    );
    expect(codes(plan.findings)).toEqual(["seat-unrecorded"]);
  });
});

describe("the container toolkit", () => {
  it.each([
    ["1.19.1", []],
    ["1.20.0", []],
    ["2.0.0", []],
    ["1.19.0", ["toolkit-vulnerable"]],
    ["1.17.8", ["toolkit-vulnerable"]],
    ["1.9.9", ["toolkit-vulnerable"]],
  ])("%s: %j", (toolkit, expected) => {
    const plan = makePlan(settingsOf(["a"]), withDriver("580.95.05", toolkit));
    expect(codes(plan.findings, "warning")).toEqual(expected);
  });

  it("that is vulnerable is named with its CVE", () => {
    const plan = makePlan(settingsOf(["a"]), withDriver("580.95.05", "1.17.8"));
    expect(theFinding(plan, "toolkit-vulnerable").message).toBe(
      "NVIDIA container toolkit 1.17.8 has CVE-2026-24260 (CVSS 8.5): an image can break out to the machine.",
    );
  });

  it("that could not be asked is a hint", () => {
    const devices = gpus(1);
    const facts = { known: true as const, value: { devices, driver: "580.95.05" } };
    const plan = makePlan(settingsOf(["a"]), machine(devices, { gpus: facts }));
    expect(theFinding(plan, "toolkit-unknown").severity).toBe("hint");
  });
});

describe("the GPU's architecture", () => {
  it("Blackwell is refused for torch 2.6, with builds that know it", () => {
    const plan = makePlan(settingsOf(["a", "b"]), machine(gpus(2, RTX5090)));
    expect(errorsOf(plan)).toEqual(["gpu-not-in-build"]);
    const { path, message, mend } = theFinding(plan, "gpu-not-in-build");
    expect(path).toBe("gpudev:image.torch");
    expect(message).toBe(
      "GPU 0 and GPU 1 (NVIDIA GeForce RTX 5090) have compute capability 12.0, for which torch 2.6.0 with CUDA 12.4 has no machine code (it has 5.0, 6.0, 7.0, 7.5, 8.0, 8.6, 9.0).",
    );
    expect(mend).toMatch(/^Take torch 2\.7\.0 with CUDA 12\.8, or /);
  });

  it("is taken from the catalog where the driver does not say it", () => {
    const silent = { name: RTX5090.name, memoryMiB: RTX5090.memoryMiB };
    const plan = makePlan(settingsOf(["a"]), machine(gpus(1, silent)));
    expect(errorsOf(plan)).toEqual(["gpu-not-in-build"]);
  });

  it("is judged only for devices that somebody gets", () => {
    const world = machine([gpu(0), gpu(1, RTX5090)]);
    expect(errorsOf(makePlan(settingsOf(["a"]), world))).toEqual([]);
    expect(errorsOf(makePlan(settingsOf(["a", "b"]), world))).toEqual(["gpu-not-in-build"]);
  });

  it("8.9 runs on machine code for 8.6", () => {
    expect(errorsOf(makePlan(settingsOf(["a"]), machine(gpus(1))))).toEqual([]);
  });
});

describe("the GPU model that a stack is meant for", () => {
  it.each([
    ["L4", []],
    ["l4", []],
    ["A100", ["gpu-model-differs"]],
    ["Voodoo 2", ["gpu-model-unknown"]],
  ])("%s on a machine with an L4: %j", (model, expected) => {
    const plan = makePlan(settingsOf(["a"], { gpu: { model } }), machine(gpus(1)));
    expect(codes(plan.findings, "warning")).toEqual(expected);
  });
});
