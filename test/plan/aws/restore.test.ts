import { describe, expect, it } from "vitest";
import { makeAwsPlan } from "../../../components/plan/aws/makeAwsPlan";
import {
  homesNamed,
  homesTwice,
  newestOf,
  restoredRecord,
  restoredValues,
  withoutVolume,
  withRestored,
  type HomesSnapshot,
} from "../../../components/plan/aws/restore";
import { account, awsErrors, awsSettings, GIB, known, oneFinding, recordAws } from "./world";

const lookups = account({
  volumes: known([
    { id: "vol-0", zone: "eu-west-1a", host: 0, sizeGiB: 300 },
    { id: "vol-1", zone: "eu-west-1a", host: 1, sizeGiB: 300 },
  ]),
});
const settings = recordAws(
  awsSettings(["ada", "bob"], { hosts: { ladder: [{ type: "g6.xlarge" }] } }),
  account(),
);
const SNAPSHOT = "snap-0123456789abcdef0";
const to = (host: string, zone: string) => ({ host, zone, snapshot: SNAPSHOT, sizeGiB: 300 });

const moved = (host: string, zone: string, from = settings) =>
  withRestored(
    from,
    restoredRecord(from, to(host, zone), makeAwsPlan(from, lookups).homes.volumes),
  );

describe("homes restored in another zone", () => {
  it("take their host along and no other, and are made from the snapshot, no smaller than it", () => {
    const plan = makeAwsPlan(moved("host-0", "eu-west-1b"), withoutVolume(lookups, 0));
    expect(awsErrors(plan)).toEqual([]);
    expect(plan.hosts.map(({ name, zone }) => [name, zone])).toEqual([
      ["host-0", "eu-west-1b"],
      ["host-1", "eu-west-1a"],
    ]);
    expect(
      plan.homes.volumes.map(({ name, zone, snapshot, sizeGiB }) => [
        name,
        zone,
        snapshot,
        sizeGiB,
      ]),
    ).toEqual([
      ["host-0", "eu-west-1b", SNAPSHOT, 300],
      ["host-1", "eu-west-1a", undefined, 300],
    ]);
    expect(plan.network.subnets.map(({ zone }) => zone)).toEqual(
      expect.arrayContaining(["eu-west-1a", "eu-west-1b"]),
    );
  });

  it("stay where they are once the volume is there, whatever becomes of the record's size", () => {
    const after = account({
      volumes: known([
        { id: "vol-2", zone: "eu-west-1b", host: 0, sizeGiB: 300 },
        { id: "vol-1", zone: "eu-west-1a", host: 1, sizeGiB: 300 },
      ]),
    });
    const plan = makeAwsPlan(moved("host-0", "eu-west-1b"), after);
    expect(awsErrors(plan)).toEqual([]);
    expect(plan.hosts[0]?.zone).toBe("eu-west-1b");
  });

  it("take new hosts along once no host's homes are anywhere else", () => {
    const one = moved("host-0", "eu-west-1b");
    expect(one.aws.homes.zone).toBe("eu-west-1a");
    const volumes = makeAwsPlan(one, withoutVolume(lookups, 0)).homes.volumes;
    const record = restoredRecord(one, to("host-1", "eu-west-1b"), volumes);
    expect(record.zone).toBe("eu-west-1b");
    expect(Object.keys(record.restored)).toEqual(["host-0", "host-1"]);
  });

  it("are refused while AWS has the volume of before as theirs: only gpudev restore puts that aside", () => {
    const plan = makeAwsPlan(moved("host-0", "eu-west-1b"), lookups);
    expect(oneFinding(plan, "homes-elsewhere")).toMatchObject({
      severity: "error",
      path: "gpudev:aws.homes.restored.host-0.zone",
      mend: "Write zone: eu-west-1a; to move homes, restore them from a snapshot with gpudev restore host-0 --zone eu-west-1b.",
    });
  });

  it("are refused where the zone does not offer the type", () => {
    const plan = makeAwsPlan(moved("host-0", "eu-west-1c"), withoutVolume(lookups, 0));
    expect(oneFinding(plan, "type-not-in-zone").message).toContain("eu-west-1c does not offer");
  });

  it("are recorded beside what stands there, and read back the same", () => {
    const record = restoredRecord(
      settings,
      to("host-0", "eu-west-1b"),
      makeAwsPlan(settings, lookups).homes.volumes,
    );
    expect(restoredValues(to("host-0", "eu-west-1b"), record)).toEqual({
      "gpudev:aws.homes.restored.host-0": {
        zone: "eu-west-1b",
        snapshot: SNAPSHOT,
        size: "300GiB",
      },
      "gpudev:aws.homes.zone": "eu-west-1a",
    });
    expect(record.restored["host-0"]?.size).toBe(300 * GIB);
  });
});

describe("a name", () => {
  const plan = makeAwsPlan(settings, lookups);

  it.each([
    ["host-1", "host"],
    ["bob", "user"],
  ])("%s means homes of host-1, as a %s", (name, is) => {
    expect(homesNamed(plan, name)).toMatchObject({ is, volume: { name: "host-1" } });
  });

  it("of nobody is told with the hosts that there are", () => {
    expect(homesNamed(plan, "eve")).toEqual({ is: "unknown", hosts: ["host-0", "host-1"] });
  });
});

describe("the newest snapshot", () => {
  const snapshot = (id: string, startedAt: string, state = "completed"): HomesSnapshot => ({
    id,
    startedAt,
    state,
    sizeGiB: 100,
  });

  it("is the newest that is finished", () => {
    expect(
      newestOf([
        snapshot("snap-1", "2026-11-20T03:00:00.000Z"),
        snapshot("snap-2", "2026-11-22T03:00:00.000Z"),
        snapshot("snap-3", "2026-11-23T03:00:00.000Z", "pending"),
        snapshot("snap-4", "2026-11-21T03:00:00.000Z"),
      ])?.id,
    ).toBe("snap-2");
    expect(newestOf([snapshot("snap-3", "2026-11-23T03:00:00.000Z", "error")])).toBeUndefined();
  });
});

describe("two volumes with the homes of one host", () => {
  const volume = (id: string, host: number) => ({ id, zone: "eu-west-1b", host, sizeGiB: 300 });
  const twins = account({
    volumes: known([volume("vol-old", 0), volume("vol-1", 1), volume("vol-new", 0)]),
  });

  it("stop every plan, and both are named with what puts one aside", () => {
    const { message, mend, severity } = oneFinding(makeAwsPlan(settings, twins), "homes-twice");
    expect(severity).toBe("error");
    expect(message).toBe(
      "AWS has 2 volumes with the homes of host-0: vol-old (eu-west-1b, 300 GiB) and vol-new (eu-west-1b, 300 GiB).",
    );
    expect(mend).toMatch(/create-tags --region \S+ --resources VOLUME .*delete-tags --region/);
  });

  it("are not seen where each host has one, nor where AWS could not be asked", () => {
    const plan = { id: "7f3k2m", region: "eu-west-1" };
    expect(homesTwice(plan, lookups)).toEqual([]);
    expect(homesTwice(plan, { volumes: { known: false, because: "denied" } })).toEqual([]);
  });
});
