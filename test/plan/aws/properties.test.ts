import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AwsPlan } from "../../../components/plan";
import { hostDocument } from "../../../components/plan/aws/hostDocument";
import { makeAwsPlan } from "../../../components/plan/aws/makeAwsPlan";
import type { AwsStack } from "../../../components/plan/aws/stack";
import type { HostDocument } from "../../../components/plan/aws/documentModel";
import { account, awsErrors, awsSettings, exampleStack, recordAws, withAwsUsers } from "./world";

const WORLD = account();
const IMAGE = `111122223333.dkr.ecr.eu-west-1.amazonaws.com/x@sha256:${"0".repeat(64)}`;

const name = fc
  .stringMatching(/^[a-z][a-z0-9]{1,8}$/)
  .filter((text) => !["id", "root", "constructor"].includes(text));
const names = (max: number) => fc.uniqueArray(name, { minLength: 1, maxLength: max });
const request = fc.constantFrom("auto", "none", 1, 2, 4);

/** Ways to share, each with a type that has four to eight places or so. */
const hosts = fc.constantFrom(
  { ladder: [{ type: "g6.12xlarge" }] },
  { ladder: [{ type: "g6.48xlarge" }] },
  { ladder: [{ type: "g6.12xlarge" }], usersPerHost: 2 },
  { ladder: [{ type: "g6.12xlarge" }], sharing: "time-slicing" },
  { ladder: [{ type: "p4d.24xlarge" }], sharing: "mig", migProfile: "3g.20gb" },
  { ladder: [{ type: "p4d.24xlarge" }], sharing: "mig", migProfile: "1g.5gb" },
);

const stack = (max: number) =>
  fc.tuple(names(max), hosts).chain(([users, on]) =>
    fc.array(request, { minLength: users.length, maxLength: users.length }).map((asked) =>
      awsSettings(
        users.map((user, index) => ({ name: user, gpus: asked[index] ?? "none" })),
        { hosts: on },
        { limits: { memory: "2GiB" } },
      ),
    ),
  );

const where = (plan: AwsPlan) =>
  new Map(
    plan.environments.map(({ user, host, seat, profile }) => [user, { host, seat, profile }]),
  );

/** What two on one host may never share, and what no host may have too much of. */
function expectApart(plan: AwsPlan, settings: AwsStack) {
  const { sharing, usersPerHost } = settings.aws.hosts;
  for (const host of plan.hosts) {
    const on = plan.environments.filter((environment) => environment.host === host.index);
    expect(on.length).toBeGreaterThan(0);
    if (usersPerHost !== undefined) expect(on.length).toBeLessThanOrEqual(usersPerHost);
    expect(new Set(on.map(({ seat }) => seat.slot)).size).toBe(on.length);
    const ports = on.flatMap(({ profile }) => profile.ports.map((port) => port.published?.port));
    expect(new Set(ports).size).toBe(2 * on.length);
    expect(new Set(on.map(({ network }) => network.subnet)).size).toBe(on.length);
    expect(new Set(on.map(({ home }) => home.path)).size).toBe(on.length);
    const devices = on.flatMap(({ profile }) => profile.gpu?.devices ?? []);
    if (sharing !== "time-slicing") expect(new Set(devices).size).toBe(devices.length);
    const memory = on.reduce((sum, { profile }) => sum + profile.memoryBytes, 0);
    expect(memory).toBeLessThanOrEqual(host.type.memoryGiB * 2 ** 30);
  }
}

function documents(plan: AwsPlan): ReadonlyMap<string, HostDocument> {
  return new Map(
    plan.documents.map((draft) => [draft.host, hostDocument(draft, { image: IMAGE })]),
  );
}

describe("for any stack on AWS", () => {
  it("nobody shares a slot, port, subnet, home or device with another on the host", () => {
    fc.assert(
      fc.property(stack(30), (settings) => {
        const plan = makeAwsPlan(settings, WORLD);
        expect(awsErrors(plan)).toEqual([]);
        expect(plan.environments.map(({ user }) => user).toSorted()).toEqual(
          settings.users.map((user) => user.name).toSorted(),
        );
        expectApart(plan, settings);
      }),
      { numRuns: 80 },
    );
  });

  it("everybody gets as many devices as asked for", () => {
    fc.assert(
      fc.property(stack(20), (settings) => {
        const plan = makeAwsPlan(settings, WORLD);
        const counts = { auto: 1, none: 0 };
        for (const { user, profile } of plan.environments) {
          const asked = settings.users.find((one) => one.name === user)?.gpus ?? "auto";
          const wanted = typeof asked === "string" ? counts[asked] : asked;
          expect(profile.gpu?.devices.length ?? 0).toBe(wanted);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("the same settings and lookups give the same plan, and neither is changed", () => {
    fc.assert(
      fc.property(stack(15), (settings) => {
        const before = JSON.stringify([settings, WORLD]);
        expect(makeAwsPlan(settings, WORLD)).toEqual(makeAwsPlan(settings, WORLD));
        expect(JSON.stringify([settings, WORLD])).toBe(before);
      }),
      { numRuns: 30 },
    );
  });

  it("what is recorded is found again, and leaves nothing to record", () => {
    fc.assert(
      fc.property(stack(20), (settings) => {
        const first = makeAwsPlan(settings, WORLD);
        const again = makeAwsPlan(recordAws(settings, WORLD), WORLD);
        expect(again.environments).toEqual(first.environments);
        expect(again.seats).toEqual(first.seats);
        expect(again.record).toEqual({});
        expect(again.findings.map(({ code }) => code)).not.toContain("seat-unrecorded");
        expect(documents(again)).toEqual(documents(first));
      }),
      { numRuns: 40 },
    );
  });
});

describe("once seats are recorded", () => {
  it("adding a user, anywhere in the list, moves nobody, and changes the document of one host only", () => {
    fc.assert(
      fc.property(stack(20), name, fc.nat(), (first, newcomer, at) => {
        fc.pre(first.users.every((user) => user.name !== newcomer));
        const settings = recordAws(first, WORLD);
        const list = settings.users.map((user) => user.name);
        const plan = makeAwsPlan(
          withAwsUsers(settings, list.toSpliced(at % (list.length + 1), 0, newcomer)),
          WORLD,
        );
        expect(awsErrors(plan)).toEqual([]);
        const old = makeAwsPlan(settings, WORLD);
        const [now, before] = [where(plan), where(old)];
        for (const [user, place] of before) expect(now.get(user)).toEqual(place);
        expectApart(plan, settings);
        const [fresh, stale] = [documents(plan), documents(old)];
        const changed = [...fresh].filter(
          ([host, one]) => stale.get(host)?.version !== one.version,
        );
        expect(changed.map(([host]) => host)).toEqual([`host-${now.get(newcomer)?.host ?? -1}`]);
        for (const [host, one] of fresh) {
          if (stale.get(host)?.version === one.version) expect(one).toEqual(stale.get(host));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("volumes and instances of hosts that exist stay as they are when a user is added", () => {
    fc.assert(
      fc.property(stack(12), name, (first, newcomer) => {
        fc.pre(first.users.every((user) => user.name !== newcomer));
        const settings = recordAws(first, WORLD);
        const list = settings.users.map((user) => user.name);
        const old = makeAwsPlan(settings, WORLD);
        const plan = makeAwsPlan(withAwsUsers(settings, [...list, newcomer]), WORLD);
        for (const { host, sizeGiB, zone } of old.homes.volumes) {
          const now = plan.homes.volumes.find((volume) => volume.host === host);
          expect([now?.sizeGiB, now?.zone]).toEqual([sizeGiB, zone]);
        }
        for (const { index, type, zone, market } of old.hosts) {
          const now = plan.hosts.find((host) => host.index === index);
          expect([now?.type, now?.zone, now?.market]).toEqual([type, zone, market]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("a leaver's home stays, others are untouched, and coming back gives the place back", () => {
    fc.assert(
      fc.property(stack(15), fc.nat(), (first, at) => {
        const settings = recordAws(first, WORLD);
        const list = settings.users.map((user) => user.name);
        const leaver = list[at % list.length] ?? "";
        const before = makeAwsPlan(settings, WORLD);
        const without = withAwsUsers(
          settings,
          list.filter((user) => user !== leaver),
        );
        const plan = makeAwsPlan(without, WORLD);
        expect(plan.homes.volumes.flatMap(({ users }) => users).toSorted()).toEqual(
          [...list].toSorted(),
        );
        const [now, then] = [where(plan), where(before)];
        for (const [user, place] of then) {
          if (user !== leaver) expect(now.get(user)).toEqual(place);
        }
        const back = { ...settings, seats: recordAws(without, WORLD).seats };
        expect(makeAwsPlan(back, WORLD).environments).toEqual(before.environments);
      }),
      { numRuns: 40 },
    );
  });

  it("any number of comings and goings puts nobody in another's place", () => {
    const steps = fc.array(fc.uniqueArray(fc.constantFrom(..."abcdefghij"), { minLength: 1 }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(steps, hosts, (lists, on) => {
        let settings = awsSettings([], { hosts: on });
        const places = new Map<string, string>();
        for (const list of lists) {
          settings = recordAws(withAwsUsers(settings, list), WORLD);
          const plan = makeAwsPlan(settings, WORLD);
          // Who comes back may find the devices of their host given away; nothing is doubled even then.
          expect(awsErrors(plan).filter((code) => code !== "host-full")).toEqual([]);
          const taken = Object.values(plan.seats).map(({ host, slot }) => `${host} ${slot}`);
          expect(new Set(taken).size).toBe(taken.length);
          for (const [user, { host, slot }] of Object.entries(plan.seats)) {
            expect(places.get(user) ?? `${host} ${slot}`).toBe(`${host} ${slot}`);
            places.set(user, `${host} ${slot}`);
          }
          const devices = plan.environments.map(({ host, profile }) =>
            (profile.gpu?.devices ?? []).map((device) => `${host} ${device}`),
          );
          if (settings.aws.hosts.sharing !== "time-slicing") {
            expect(new Set(devices.flat()).size).toBe(devices.flat().length);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("many users on shared hosts", () => {
  it.each([1, 40, 500, 10_000])("%i sit apart on as few hosts as hold them", (count) => {
    const users = Array.from({ length: count }, (_, index) => `user${index}`);
    const settings = awsSettings(users, { hosts: { ladder: [{ type: "g6.12xlarge" }] } });
    const plan = makeAwsPlan(settings, account({ quotas: {} }));
    expect(awsErrors(plan)).toEqual([]);
    expect(plan.environments).toHaveLength(count);
    expect(plan.hosts).toHaveLength(Math.ceil(count / 4));
    const places = plan.environments.map(({ host, seat }) => `${host} ${seat.slot}`);
    expect(new Set(places).size).toBe(count);
    // Session documents are shared by hosts: their number follows the places of one, not users.
    expect(plan.access.documents).toHaveLength(2 * 4);
  });
});

describe("the example stacks", () => {
  it.each(["team-vision", "research-a100", "solo-spot"])("%s has no error", (stackName) => {
    const settings = exampleStack(stackName);
    const plan = makeAwsPlan(settings, account({}, settings.aws.region));
    expect(awsErrors(plan)).toEqual([]);
    expect(plan.findings.filter(({ severity }) => severity === "warning")).toEqual([]);
    expectApart(plan, settings);
  });
});
