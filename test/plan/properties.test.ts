import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makePlan, type WorkstationPlan } from "../../components/plan";
import type { Settings } from "../../components/settings";
import { groupBy } from "../../components/plan/findings";
import { toBlock } from "../../components/plan/ipv4";
import { errorsOf, gpus, machine, record, settingsOf, withUsers } from "./world";

const name = fc
  .stringMatching(/^[a-z][a-z0-9]{1,8}$/)
  .filter((text) => text !== "id" && text !== "root");
const names = (max: number) => fc.uniqueArray(name, { minLength: 1, maxLength: max });
const request = fc.constantFrom("auto", "none", 0, 1, 2);

/** A stack of users with GPU requests, on a machine with enough GPUs for all of them. */
const stack = (max: number) =>
  names(max).chain((users) =>
    fc
      .array(request, { minLength: users.length, maxLength: users.length })
      .map((asked) => users.map((user, index) => ({ name: user, gpus: asked[index] ?? "none" }))),
  );
const ROOMY = machine(gpus(64));

function environment(plan: WorkstationPlan, user: string) {
  return plan.environments.find((one) => one.user === user);
}

/** What may not be shared: ports, subnets and names of everybody. */
function expectApart(plan: WorkstationPlan) {
  const all = plan.environments;
  const ports = all.flatMap(({ profile }) => profile.ports.map(({ published }) => published?.port));
  expect(new Set(ports).size).toBe(2 * all.length);
  expect(new Set(all.map(({ container }) => container)).size).toBe(all.length);
  expect(new Set(all.map(({ homeVolume }) => homeVolume)).size).toBe(all.length);
  const blocks = all
    .map(({ network }) => toBlock(network.subnet) ?? { first: 0, last: 0 })
    .toSorted((a, b) => a.first - b.first);
  blocks.forEach((block, index) => {
    const next = blocks[index + 1];
    if (next !== undefined) expect(block.last).toBeLessThan(next.first);
  });
}

describe("for any stack", () => {
  it("no two environments share a port, a subnet, a name or a device", () => {
    fc.assert(
      fc.property(stack(30), (users) => {
        const plan = makePlan(settingsOf(users), ROOMY);
        expect(errorsOf(plan)).toEqual([]);
        expectApart(plan);
        const devices = plan.environments.flatMap(({ profile }) => profile.gpu?.devices ?? []);
        expect(new Set(devices).size).toBe(devices.length);
      }),
      { numRuns: 60 },
    );
  });

  it("shared devices are held by as many as it takes, and nobody goes without", () => {
    fc.assert(
      fc.property(names(20), fc.integer({ min: 1, max: 8 }), (users, count) => {
        const settings = settingsOf(users, { gpu: { share: true, perUser: 1 } });
        const plan = makePlan(settings, machine(gpus(count)));
        expect(errorsOf(plan)).toEqual([]);
        const held = plan.environments.map(({ profile }) => profile.gpu?.devices ?? []);
        expect(held.every((devices) => devices.length === 1)).toBe(true);
        const loads = [...groupBy(held, String)].map(([, holders]) => holders.length);
        expect(Math.max(...loads)).toBe(Math.ceil(users.length / count));
      }),
      { numRuns: 60 },
    );
  });

  it("the same settings and lookups give the same plan, and neither is changed", () => {
    fc.assert(
      fc.property(stack(20), (users) => {
        const settings = settingsOf(users);
        const before = JSON.stringify([settings, ROOMY]);
        expect(makePlan(settings, ROOMY)).toEqual(makePlan(settings, ROOMY));
        expect(JSON.stringify([settings, ROOMY])).toBe(before);
      }),
      { numRuns: 40 },
    );
  });

  it("what is recorded is found again: a second plan changes nothing and has no more to record", () => {
    fc.assert(
      fc.property(stack(20), (users) => {
        const settings = settingsOf(users);
        const first = makePlan(settings, ROOMY);
        const second = makePlan(record(settings, ROOMY), ROOMY);
        expect(second.environments).toEqual(first.environments);
        expect(second.seats).toEqual(first.seats);
        expect(second.findings.map(({ code }) => code)).not.toContain("seat-unrecorded");
      }),
      { numRuns: 40 },
    );
  });
});

describe("once seats are recorded", () => {
  it("the order of users does not matter", () => {
    const shuffled = stack(20).chain((users) =>
      fc.tuple(
        fc.constant(users),
        fc.shuffledSubarray(users, { minLength: users.length, maxLength: users.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([users, mixed]) => {
        const settings = record(settingsOf(users), ROOMY);
        const other: Settings = { ...settings, users: settingsOf(mixed).users };
        expect(makePlan(other, ROOMY)).toEqual(makePlan(settings, ROOMY));
      }),
      { numRuns: 40 },
    );
  });

  it("adding a user, anywhere in the list, changes nobody's environment", () => {
    fc.assert(
      fc.property(stack(15), name, fc.nat(), (users, newcomer, at) => {
        fc.pre(users.every((user) => user.name !== newcomer));
        const settings = record(settingsOf(users), ROOMY);
        const list = users.map((user) => user.name);
        const plan = makePlan(
          withUsers(settings, list.toSpliced(at % (list.length + 1), 0, newcomer)),
          ROOMY,
        );
        expect(errorsOf(plan)).toEqual([]);
        for (const old of makePlan(settings, ROOMY).environments) {
          expect(environment(plan, old.user)).toEqual(old);
        }
        expectApart(plan);
      }),
      { numRuns: 60 },
    );
  });

  it("removing a user changes nobody else, keeps the home, and adding the user again gives the seat back", () => {
    fc.assert(
      fc.property(stack(15), fc.nat(), (users, at) => {
        const settings = record(settingsOf(users), ROOMY);
        const list = users.map((user) => user.name);
        const leaver = list[at % list.length] ?? "";
        const before = makePlan(settings, ROOMY);
        const without = withUsers(
          settings,
          list.filter((user) => user !== leaver),
        );
        const plan = makePlan(without, ROOMY);
        expect(plan.retainedHomes.map(({ user, homeVolume }) => [user, homeVolume])).toEqual([
          [leaver, environment(before, leaver)?.homeVolume],
        ]);
        for (const old of before.environments.filter(({ user }) => user !== leaver)) {
          expect(environment(plan, old.user)).toEqual(old);
        }
        const recorded = { ...settings, seats: record(without, ROOMY).seats };
        expect(makePlan(recorded, ROOMY).environments).toEqual(before.environments);
      }),
      { numRuns: 60 },
    );
  });

  it("any number of comings and goings never puts two into one place", () => {
    const steps = fc.array(fc.uniqueArray(fc.constantFrom(..."abcdefghij"), { minLength: 1 }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(steps, (lists) => {
        let settings = settingsOf([]);
        const slots = new Map<string, number>();
        for (const list of lists) {
          settings = record(withUsers(settings, list), ROOMY);
          const plan = makePlan(settings, ROOMY);
          expect(errorsOf(plan)).toEqual([]);
          expectApart(plan);
          for (const [user, { slot }] of Object.entries(plan.seats)) {
            expect(slots.get(user) ?? slot).toBe(slot);
            slots.set(user, slot);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("many users", () => {
  it.each([1, 2, 40, 200, 1000])("%i sit apart", (count) => {
    const users = Array.from({ length: count }, (_, index) => `user${index}`);
    const rest = { gpu: { perUser: "none" }, limits: { memory: "256MiB" } };
    const plan = makePlan(settingsOf(users, rest), machine());
    expect(errorsOf(plan)).toEqual([]);
    expect(plan.environments.length).toBe(count);
    expectApart(plan);
  });
});
