import { describe, expect, it } from "vitest";
import { makePlan } from "../../components/plan";
import type { GpuDevice } from "../../components/lookups";
import {
  errorsOf,
  gpu,
  gpus,
  machine,
  record,
  settingsOf,
  theFinding,
  withUsers,
  L4,
} from "./world";

function devices(plan: ReturnType<typeof makePlan>) {
  return Object.fromEntries(plan.environments.map(({ user, seat }) => [user, seat.devices ?? []]));
}

interface Case {
  readonly what: string;
  readonly users: readonly (string | Record<string, unknown>)[];
  readonly rest?: Record<string, unknown>;
  readonly gpus: number;
  readonly expected: Record<string, unknown>;
}

const cases: readonly Case[] = [
  {
    what: "one each by default, in order",
    users: ["alice", "bob"],
    gpus: 4,
    expected: { alice: [0], bob: [1] },
  },
  {
    what: "none on a machine without GPUs",
    users: ["alice", "bob"],
    gpus: 0,
    expected: { alice: [], bob: [] },
  },
  {
    what: "the user's count goes before the profile's, and that before the stack's",
    users: [
      "alice",
      { name: "bob", profile: "big" },
      { name: "carol", profile: "big", gpus: "none" },
    ],
    rest: { gpu: { perUser: 1 }, profiles: { big: { gpus: 2 } } },
    gpus: 4,
    expected: { alice: [0], bob: [1, 2], carol: [] },
  },
  {
    what: "lists are served before counts",
    users: ["alice", { name: "bob", gpus: [0, 2] }],
    gpus: 4,
    expected: { alice: [1], bob: [0, 2] },
  },
  {
    what: "a list may name UUIDs",
    users: [{ name: "alice", gpus: ["GPU-20000000"] }, "bob"],
    gpus: 3,
    expected: { alice: ["GPU-20000000"], bob: [0] },
  },
  {
    what: "recorded devices stay, whatever the order of the list",
    users: ["zoe", "alice", "bob"],
    rest: {
      seats: {
        id: "7f3k2m",
        alice: { slot: 0, devices: [2] },
        bob: { slot: 1, devices: ["GPU-00000000"] },
      },
    },
    gpus: 3,
    expected: { zoe: [1], alice: [2], bob: ["GPU-00000000"] },
  },
  {
    what: "more for a user who asks for more: the recorded ones stay",
    users: ["alice", { name: "bob", gpus: 2 }],
    rest: {
      seats: { id: "7f3k2m", alice: { slot: 0, devices: [0] }, bob: { slot: 1, devices: [1] } },
    },
    gpus: 3,
    expected: { alice: [0], bob: [1, 2] },
  },
  {
    what: "fewer for a user who asks for fewer: the first recorded one stays",
    users: [{ name: "alice", gpus: 1 }, "bob"],
    rest: { seats: { id: "7f3k2m", alice: { slot: 0, devices: [3, 1] } } },
    gpus: 4,
    expected: { alice: [3], bob: [0] },
  },
  {
    what: "none for a user who now asks for none",
    users: [{ name: "alice", gpus: "none" }, "bob"],
    rest: { seats: { id: "7f3k2m", alice: { slot: 0, devices: [0] } } },
    gpus: 1,
    expected: { alice: [], bob: [0] },
  },
  {
    what: "a list goes before the record",
    users: [{ name: "alice", gpus: [1] }],
    rest: { seats: { id: "7f3k2m", alice: { slot: 0, devices: [0] } } },
    gpus: 2,
    expected: { alice: [1] },
  },
  {
    what: "devices of a user who left are free for others",
    users: ["bob"],
    rest: { seats: { id: "7f3k2m", gone: { slot: 0, devices: [0] } } },
    gpus: 1,
    expected: { bob: [0] },
  },
  {
    what: "shared ones go round, once each has none of its own",
    users: ["a", "b", "c", "d", "e"],
    rest: { gpu: { share: true } },
    gpus: 2,
    expected: { a: [0], b: [1], c: [0], d: [1], e: [0] },
  },
];

describe("GPU devices", () => {
  it.each(cases)("$what", ({ users, rest, gpus: count, expected }) => {
    const plan = makePlan(settingsOf(users, rest), machine(gpus(count)));
    expect(devices(plan)).toEqual(expected);
    expect(errorsOf(plan)).toEqual([]);
  });

  it("shared by several are a warning that says who shares what", () => {
    const plan = makePlan(settingsOf(["a", "b", "c"], { gpu: { share: true } }), machine(gpus(2)));
    expect(theFinding(plan, "gpu-shared")).toMatchObject({
      severity: "warning",
      message: "GPU 0 is shared by a and c.",
    });
  });

  it("fewer than asked for are one error that names those who would go without", () => {
    const plan = makePlan(settingsOf(["a", "b", "c", "d"]), machine(gpus(2)));
    expect(errorsOf(plan)).toEqual(["too-few-gpus"]);
    expect(theFinding(plan, "too-few-gpus")).toMatchObject({
      path: "gpudev:gpu.perUser",
      message: "4 GPUs are asked for and this machine has 2: c and d would go without.",
    });
  });

  it("asked for by number on a machine without any are an error at the one who asks", () => {
    const plan = makePlan(settingsOf(["a", { name: "b", gpus: 1 }]), machine());
    expect(theFinding(plan, "too-few-gpus")).toMatchObject({
      path: "gpudev:users[1].gpus",
      message: "One GPU is asked for and this machine has no NVIDIA GPU: b would go without.",
    });
  });

  it("more than the machine has for one user are an error, shared or not", () => {
    const settings = settingsOf([{ name: "a", gpus: 3 }], { gpu: { share: true } });
    expect(errorsOf(makePlan(settings, machine(gpus(2))))).toEqual(["too-few-gpus"]);
  });

  it("named and not there are an error", () => {
    const plan = makePlan(settingsOf([{ name: "a", gpus: [0, 5] }]), machine(gpus(2)));
    expect(theFinding(plan, "no-such-device")).toMatchObject({
      path: "gpudev:users[0].gpus",
      message: "User a asks for GPU 5, and this machine has only GPU 0 and GPU 1.",
    });
  });

  it("held by another are an error that says which are free", () => {
    const world = machine(gpus(3));
    const before = record(settingsOf(["alice"]), world);
    const settings = {
      ...before,
      users: [...before.users, { name: "bob", sshKeys: [], gpus: [0] }],
    };
    const plan = makePlan(settings, world);
    expect(devices(plan)).toEqual({ alice: [0], bob: [] });
    expect(theFinding(plan, "device-taken")).toMatchObject({
      path: "gpudev:users[1].gpus",
      message: "GPU 0 is asked for by bob and held by alice.",
      mend: "Take a free one (GPU 1 and GPU 2), or set gpudev:gpu.share to true, which shares memory and faults too.",
    });
  });

  it("recorded twice are an error once sharing is off, and stay in the record", () => {
    const seats = { id: "7f3k2m", a: { slot: 0, devices: [0] }, b: { slot: 1, devices: [0] } };
    const plan = makePlan(settingsOf(["a", "b"], { seats }), machine(gpus(2)));
    expect(theFinding(plan, "device-taken").path).toBe("gpudev:seats.b.devices");
    expect(plan.seats.b).toEqual({ slot: 1, host: 0, devices: [0] });
  });

  it("recorded and gone are an error, and nobody is moved behind the engineer's back", () => {
    const before = record(settingsOf(["a", "b"]), machine(gpus(2)));
    const plan = makePlan(before, machine(gpus(1)));
    expect(errorsOf(plan)).toEqual(["device-gone"]);
    expect(theFinding(plan, "device-gone")).toMatchObject({
      path: "gpudev:seats.b.devices",
      message: "The seat of b names GPU 1, and this machine has only GPU 0.",
    });
    expect(plan.seats.b).toEqual({ slot: 1, host: 0, devices: [1] });
  });

  it("of a MIG GPU are its slices, by UUID", () => {
    const slice = (uuid: string): GpuDevice => ({ ...gpu(0), ...L4, uuid, slice: true });
    const world = machine([slice("MIG-a"), slice("MIG-b"), gpu(1)]);
    const plan = makePlan(settingsOf(["x", "y", "z"]), world);
    expect(devices(plan)).toEqual({ x: ["MIG-a"], y: ["MIG-b"], z: [1] });
    expect(plan.environments.map(({ profile }) => profile.gpu?.devices)).toEqual([
      ["MIG-a"],
      ["MIG-b"],
      ["1"],
    ]);
  });
});

describe("GPUs that could not be asked", () => {
  const unknown = {
    gpus: {
      known: false as const,
      because: "nvidia-smi says: Driver/library version mismatch",
    },
  };

  it("leave environments on the CPU with a warning, where gpudev chooses", () => {
    const plan = makePlan(settingsOf(["a"]), machine([], unknown));
    expect(theFinding(plan, "gpus-unknown")).toMatchObject({
      severity: "warning",
      message:
        "The GPUs of this machine could not be asked, so that environments work on the CPU: nvidia-smi says: Driver/library version mismatch.",
    });
    expect(errorsOf(plan)).toEqual([]);
  });

  it("are an error where somebody asks for one, or has one, and the record stays", () => {
    const seats = { id: "7f3k2m", a: { slot: 0, devices: [0] } };
    const plan = makePlan(
      settingsOf(["a", { name: "b", gpus: 1 }], { seats }),
      machine([], unknown),
    );
    expect(theFinding(plan, "gpus-unknown")).toMatchObject({
      severity: "error",
      message:
        "a and b should get GPUs, and those of this machine could not be asked: nvidia-smi says: Driver/library version mismatch.",
    });
    expect(plan.seats.a).toEqual({ slot: 0, host: 0, devices: [0] });
  });

  it("matter to nobody who wants none", () => {
    const plan = makePlan(settingsOf(["a"], { gpu: { perUser: "none" } }), machine([], unknown));
    expect(plan.findings.filter(({ code }) => code === "gpus-unknown")).toEqual([]);
  });
});

describe("adding and removing", () => {
  it("a user leaves the others' devices alone, also when devices are few", () => {
    const world = machine(gpus(3));
    const first = record(settingsOf(["a", "b"]), world);
    const second = record(withUsers(first, ["new", "a", "b"]), world);
    expect(devices(makePlan(second, world))).toEqual({ a: [0], b: [1], new: [2] });
    const third = record(withUsers(second, ["b", "new"]), world);
    const fourth = makePlan(withUsers(third, ["b", "late", "new"]), world);
    expect(devices(fourth)).toEqual({ b: [1], new: [2], late: [0] });
  });

  it("a user who comes back finds a free device where the old one was given away meanwhile", () => {
    const world = machine(gpus(2));
    const both = record(settingsOf(["a", "b"]), world);
    const left = record(withUsers(both, ["b"]), world);
    expect(left.seats.a).toEqual({ slot: 0, host: 0, devices: [0] });
    const taken = record(withUsers(left, ["b", "new"]), world);
    expect(taken.seats.a).toEqual({ slot: 0, host: 0 });
    const back = makePlan(withUsers(taken, ["a", "b"]), world);
    expect(devices(back)).toEqual({ a: [0], b: [1] });
    expect(errorsOf(back)).toEqual([]);
  });
});
