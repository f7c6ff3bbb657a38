import { describe, expect, it } from "vitest";
import { makePlan } from "../../components/plan";
import { defaultMemory } from "../../components/plan/limits";
import { codes, errorsOf, GIB, gpus, machine, settingsOf, theFinding } from "./world";

const MIB = 2 ** 20;

function limits(plan: ReturnType<typeof makePlan>) {
  return plan.environments.map(({ profile }) => ({
    memory: profile.memoryBytes / GIB,
    shm: profile.shmBytes / GIB,
    cpus: profile.cpus,
    pids: profile.pidsLimit,
  }));
}

describe("the default memory limit", () => {
  it.each([
    { what: "all but 2 GiB without a GPU", machine: 32, machineGpus: 0, gpus: 0, expected: 30 },
    { what: "all but 2 GiB with one GPU", machine: 32, machineGpus: 1, gpus: 1, expected: 30 },
    { what: "the GPU's part of it", machine: 130, machineGpus: 4, gpus: 1, expected: 32 },
    { what: "the parts of two GPUs", machine: 130, machineGpus: 4, gpus: 2, expected: 64 },
    { what: "one part without a GPU", machine: 130, machineGpus: 4, gpus: 0, expected: 32 },
    { what: "whole GiB", machine: 23.54, machineGpus: 0, gpus: 0, expected: 21 },
    { what: "half of a small machine", machine: 3, machineGpus: 0, gpus: 0, expected: 1.5 },
  ])("is $what", ({ machine: memory, machineGpus, gpus: count, expected }) => {
    expect(defaultMemory(memory * GIB, machineGpus, count) / GIB).toBe(expected);
  });

  it("stays when a new kernel keeps some memory for itself", () => {
    const before = defaultMemory(25_276_502_016, 0, 0);
    expect(defaultMemory(25_276_502_016 - 40 * MIB, 0, 0)).toBe(before);
  });
});

describe("limits", () => {
  it("default to memory, half of it as shm up to 8 GiB, all CPUs and 4096 processes", () => {
    const small = makePlan(settingsOf(["a"]), machine([], {}, { memory: 12 * GIB }));
    expect(limits(small)).toEqual([{ memory: 10, shm: 5, cpus: undefined, pids: 4096 }]);
    const large = makePlan(settingsOf(["a"]), machine(gpus(1)));
    expect(limits(large)).toEqual([{ memory: 128, shm: 8, cpus: undefined, pids: 4096 }]);
  });

  it("are the user's, else the profile's, else the stack's", () => {
    const users = [
      { name: "a", memory: "3GiB", profile: "big" },
      { name: "b", profile: "big" },
      { name: "c", pids: 100 },
    ];
    const rest = {
      limits: { memory: "8GiB", cpus: 2, shm: "1GiB", pids: 500 },
      profiles: { big: { memory: "16g", shm: "2GiB" } },
    };
    expect(limits(makePlan(settingsOf(users, rest), machine()))).toEqual([
      { memory: 3, shm: 2, cpus: 2, pids: 500 },
      { memory: 16, shm: 2, cpus: 2, pids: 500 },
      { memory: 8, shm: 1, cpus: 2, pids: 100 },
    ]);
  });

  it.each([
    {
      code: "memory-beyond-machine",
      users: ["a", { name: "b", memory: "200GiB" }],
      rest: {},
      path: "gpudev:users[1].memory",
      message: "200 GiB are more than the 130 GiB that this machine has.",
    },
    {
      code: "memory-beyond-machine",
      users: ["a", "b"],
      rest: { limits: { memory: "1TiB" } },
      path: "gpudev:limits.memory",
      message: "1024 GiB are more than the 130 GiB that this machine has.",
    },
    {
      code: "memory-too-small",
      users: [{ name: "a", profile: "tiny" }],
      rest: { profiles: { tiny: { memory: "16m" } } },
      path: "gpudev:profiles.tiny.memory",
      message: "16 MiB are too little for JupyterLab to start.",
    },
    {
      code: "cpus-beyond-machine",
      users: ["a"],
      rest: { limits: { cpus: 17 } },
      path: "gpudev:limits.cpus",
      message: "17 CPUs are more than the 16 that this machine has, and Docker refuses that.",
    },
    {
      code: "shm-over-memory",
      users: [{ name: "a", shm: "12GiB" }],
      rest: { limits: { memory: "8GiB" } },
      path: "gpudev:users[0].shm",
      message: "/dev/shm counts as memory, and 12 GiB are more than the memory limit of 8 GiB.",
    },
  ])(
    "that cannot be are an error ($code at $path), said once",
    ({ code, users, rest, path, message }) => {
      const plan = makePlan(settingsOf(users, rest), machine());
      expect(errorsOf(plan)).toEqual([code]);
      expect(theFinding(plan, code)).toMatchObject({ path, message });
    },
  );

  it("that are given out twice are a warning where somebody set them, else a hint", () => {
    const explicit = makePlan(settingsOf(["a", "b"], { limits: { memory: "100GiB" } }), machine());
    expect(theFinding(explicit, "memory-oversubscribed")).toMatchObject({
      severity: "warning",
      path: "gpudev:limits.memory",
      message:
        "The memory limits of a and b come to 200 GiB, and this machine has 130 GiB: if all use theirs at once, the kernel ends processes.",
      mend: "Write limits.memory: 64GiB for an equal share, if that must not happen.",
    });
    expect(
      theFinding(makePlan(settingsOf(["a", "b"]), machine()), "memory-oversubscribed"),
    ).toMatchObject({
      severity: "hint",
    });
    const fits = makePlan(settingsOf(["a", "b"]), machine(gpus(2)));
    expect(codes(fits.findings)).not.toContain("memory-oversubscribed");
  });
});
