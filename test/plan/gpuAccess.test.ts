import { describe, expect, it } from "vitest";
import { makePlan } from "../../components/plan";
import { readsCdi } from "../../components/plan/gpuAccess";
import { errorsOf, gpus, machine, settingsOf, theFinding } from "./world";

function access(plan: ReturnType<typeof makePlan>) {
  return plan.environments.map(({ profile }) => profile.gpu);
}

const CDI = ["nvidia.com/gpu=0", "nvidia.com/gpu=1", "nvidia.com/gpu=all"];

describe("the way that GPUs are handed over", () => {
  it.each([
    ["26.1.0", true],
    ["26.0.2", false],
    ["25.0.3", false],
    ["28.3.1", true],
    ["20.10.24+dfsg1", false],
    ["27.5.1-1", true],
  ])("Docker %s reads CDI: %s", (version, expected) => {
    expect(readsCdi(version)).toBe(expected);
  });

  it.each([
    { access: "auto", version: "28.3.1", cdi: CDI, runtimes: ["nvidia"], via: "cdi" },
    { access: "auto", version: "28.3.1", cdi: [], runtimes: ["nvidia"], via: "runtime" },
    { access: "auto", version: "25.0.3", cdi: CDI, runtimes: ["nvidia"], via: "runtime" },
    { access: "cdi", version: "26.1.0", cdi: CDI, runtimes: ["runc"], via: "cdi" },
    { access: "runtime", version: "28.3.1", cdi: CDI, runtimes: ["nvidia"], via: "runtime" },
  ])("is $via for $access on Docker $version", ({ access: way, version, cdi, runtimes, via }) => {
    const world = machine(gpus(2), {}, { version, cdiDevices: cdi, runtimes });
    const plan = makePlan(settingsOf(["a", "b"], { gpu: { access: way } }), world);
    expect(access(plan)).toEqual([
      { via, devices: ["0"] },
      { via, devices: ["1"] },
    ]);
    expect(errorsOf(plan)).toEqual([]);
  });

  it.each([
    { access: "auto", version: "28.3.1", cdi: [], runtimes: ["runc"], code: "no-gpu-access" },
    { access: "cdi", version: "25.0.3", cdi: CDI, runtimes: ["nvidia"], code: "no-cdi" },
    { access: "cdi", version: "28.3.1", cdi: [], runtimes: ["nvidia"], code: "no-cdi" },
    { access: "runtime", version: "28.3.1", cdi: CDI, runtimes: ["runc"], code: "no-gpu-access" },
  ])(
    "is an error ($code) for $access on Docker $version",
    ({ access: way, version, cdi, runtimes, code }) => {
      const world = machine(gpus(2), {}, { version, cdiDevices: cdi, runtimes });
      const plan = makePlan(settingsOf(["a"], { gpu: { access: way } }), world);
      expect(errorsOf(plan)).toEqual([code]);
      expect(theFinding(plan, code).path).toBe("gpudev:gpu.access");
    },
  );

  it("names devices as the CDI specification does: by UUID where it has no index", () => {
    const [first] = gpus(1);
    const world = machine(gpus(1), {}, { cdiDevices: [`nvidia.com/gpu=${first?.uuid}`] });
    expect(access(makePlan(settingsOf(["a"]), world))).toEqual([
      { via: "cdi", devices: [first?.uuid] },
    ]);
  });

  it("is an error where the CDI specification lacks a device", () => {
    const world = machine(gpus(2), {}, { cdiDevices: ["nvidia.com/gpu=0"] });
    const plan = makePlan(settingsOf(["a", "b"]), world);
    expect(theFinding(plan, "no-cdi-device").message).toBe(
      "CDI does not know GPU 1, though the driver does.",
    );
  });

  it("is nobody's concern where nobody has a GPU", () => {
    const world = machine(gpus(2), {}, { runtimes: ["runc"], cdiDevices: [] });
    const plan = makePlan(settingsOf(["a"], { gpu: { perUser: "none" } }), world);
    expect(access(plan)).toEqual([undefined]);
    expect(errorsOf(plan)).toEqual([]);
  });
});
