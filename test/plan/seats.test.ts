import { describe, expect, it } from "vitest";
import { makePlan, seatLine } from "../../components/plan";
import { codes, errorsOf, gpus, machine, record, settingsOf, theFinding, withUsers } from "./world";

function slots(plan: ReturnType<typeof makePlan>) {
  return Object.fromEntries(plan.environments.map(({ user, seat }) => [user, seat.slot]));
}

describe("slots", () => {
  it("are given in list order where none is recorded", () => {
    const plan = makePlan(settingsOf(["carol", "alice", "bob"]), machine());
    expect(slots(plan)).toEqual({ carol: 0, alice: 1, bob: 2 });
  });

  it("stay as recorded, and newcomers take the free ones from below", () => {
    const seats = { id: "7f3k2m", alice: { slot: 3 }, bob: { slot: 0 } };
    const plan = makePlan(settingsOf(["dan", "alice", "erin", "bob"], { seats }), machine());
    expect(slots(plan)).toEqual({ bob: 0, dan: 1, erin: 2, alice: 3 });
    expect(plan.environments.map(({ user }) => user)).toEqual(["bob", "dan", "erin", "alice"]);
  });

  it("of users who left stay theirs, and their homes are kept", () => {
    const seats = { id: "7f3k2m", gone: { slot: 0 }, alice: { slot: 1 } };
    const plan = makePlan(settingsOf(["alice", "new"], { seats }), machine());
    expect(slots(plan)).toEqual({ alice: 1, new: 2 });
    expect(plan.retainedHomes).toEqual([
      {
        user: "gone",
        homeVolume: "gpudev-team-gone-home",
        labels: {
          "dev.gpudev.stack-id": "7f3k2m",
          "dev.gpudev.stack": "team",
          "dev.gpudev.user": "gone",
        },
      },
    ]);
    expect(plan.seats).toEqual({
      gone: { slot: 0, host: 0 },
      alice: { slot: 1, host: 0 },
      new: { slot: 2, host: 0 },
    });
  });

  it("come back to a user who comes back", () => {
    const world = machine(gpus(4));
    const first = record(settingsOf(["alice", "bob", "carol"]), world);
    const without = record(withUsers(first, ["alice", "carol"]), world);
    const again = makePlan(withUsers(without, ["carol", "bob", "alice"]), world);
    expect(again.seats).toEqual(makePlan(first, world).seats);
    expect(errorsOf(again)).toEqual([]);
  });

  it("recorded twice are an error that names both users", () => {
    const seats = { id: "7f3k2m", alice: { slot: 1 }, bob: { slot: 1 } };
    const plan = makePlan(settingsOf(["alice", "bob"], { seats }), machine());
    expect(theFinding(plan, "slot-twice")).toMatchObject({
      severity: "error",
      path: "gpudev:seats.bob.slot",
      message:
        "Slot 1 is recorded for alice and bob; a slot fixes ports and network, so each needs its own.",
    });
  });

  it("on another host are an error: a workstation is one machine", () => {
    const seats = { id: "7f3k2m", alice: { slot: 0, host: 2 } };
    const plan = makePlan(settingsOf(["alice"], { seats }), machine());
    expect(theFinding(plan, "no-such-host").path).toBe("gpudev:seats.alice.host");
  });
});

describe("the record", () => {
  it("is asked for with the line to paste", () => {
    const plan = makePlan(settingsOf(["alice", { name: "bob", gpus: 2 }]), machine(gpus(4)));
    expect(plan.findings.map(({ severity, path, mend }) => [severity, path, mend])).toEqual([
      [
        "hint",
        "gpudev:seats.alice",
        "Run gpudev up, which records it, or write under gpudev:seats:  alice: {slot: 0, host: 0, devices: [0]}",
      ],
      [
        "hint",
        "gpudev:seats.bob",
        "Run gpudev up, which records it, or write under gpudev:seats:  bob: {slot: 1, host: 0, devices: [1, 2]}",
      ],
    ]);
  });

  it("once made leaves nothing to say", () => {
    const world = machine(gpus(2));
    const plan = makePlan(record(settingsOf(["alice", "bob"]), world), world);
    expect(codes(plan.findings)).not.toContain("seat-unrecorded");
  });

  it.each([
    ["alice", { slot: 0, host: 0 }, "alice: {slot: 0, host: 0}"],
    ["bob", { slot: 7, host: 1, devices: [0, 3] }, "bob: {slot: 7, host: 1, devices: [0, 3]}"],
    [
      "eve",
      { slot: 1, host: 0, devices: ["GPU-a1-b2"] },
      "eve: {slot: 1, host: 0, devices: [GPU-a1-b2]}",
    ],
    ["null", { slot: 1, host: 0 }, '"null": {slot: 1, host: 0}'],
    ["on", { slot: 1, host: 0, devices: ["1e3"] }, '"on": {slot: 1, host: 0, devices: ["1e3"]}'],
  ])("of %s reads %j", (user, seat, line) => {
    expect(seatLine(user, seat)).toBe(line);
  });

  it("of the stack's id is asked for before anything is created", () => {
    const plan = makePlan(settingsOf(["alice"], { seats: {} }), machine());
    expect(plan.id).toBe("unrecorded");
    const finding = theFinding(plan, "no-id");
    expect(finding.severity).toBe("error");
    expect(finding.path).toBe("gpudev:seats.id");
    expect(finding.mend).toMatch(/ {2}id: [a-z0-9]{8}$/);
  });
});
