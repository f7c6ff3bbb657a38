import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../components/settings";
import { ed25519 } from "./keys";

const KEY = ed25519();
const USERS = [{ name: "ada", sshKeys: [KEY] }];

function parse(aws: unknown, rest: Record<string, unknown> = {}, target = "aws") {
  const all: Record<string, unknown> = {
    users: USERS,
    ...(aws === undefined ? {} : { aws }),
    ...rest,
  };
  const config = Object.fromEntries(
    Object.entries(all).map(([key, value]) => [
      `gpudev:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  return parseSettings({
    stack: "team",
    config: { "gpudev:target": target, ...config },
    readFile: (name) => {
      if (name === "twice.csv") return `name,sshKeys\nada,${KEY}\nbob,${ed25519()}\nada,${KEY}\n`;
      throw new Error(`no file ${name}`);
    },
  });
}

const brief = (aws: unknown, rest: Record<string, unknown> = {}, target = "aws") =>
  parse(aws, rest, target).findings.map(
    ({ severity, code, path }) => `${severity} ${code} ${path}`,
  );
const region = "eu-west-1";

describe("settings of a stack on AWS", () => {
  it("tell as many addresses of a budget as AWS Budgets does: ten", () => {
    const notify = (count: number) =>
      Array.from({ length: count }, (_, index) => `ops${index}@example.com`);
    const found = (count: number) =>
      parse({ region, budget: { monthlyUsd: 100, notify: notify(count) } }).findings;
    expect(found(10)).toEqual([]);
    expect(found(11)).toHaveLength(1);
    expect(found(11)[0]).toMatchObject({
      severity: "error",
      path: "gpudev:aws.budget.notify",
      message: expect.stringContaining("has more than 10 items") as string,
      mend: "Name at most 10.",
    });
  });

  it("need a region and nothing else", () => {
    const { settings, findings } = parse({ region });
    expect(findings).toEqual([]);
    expect(settings?.aws).toEqual({
      region,
      accounts: [],
      tags: {},
      network: { range: "10.64.0.0/20", private: false, egress: "nat" },
      hosts: {
        rung: 0,
        sharing: "devices",
        rootVolume: 100 * 2 ** 30,
        ami: { kind: "deep-learning" },
        driverModules: "open",
      },
      homes: { kind: "volume", size: 100 * 2 ** 30, restored: {}, snapshotsKept: 7 },
      access: { directFrom: [], allowWorld: false },
      wait: true,
      image: {},
      data: [],
      livePrices: false,
      state: { allowLocal: false },
    });
  });

  it("are asked for where they are missing", () => {
    expect(parse(undefined).findings).toEqual([
      {
        severity: "error",
        code: "aws-missing",
        path: "gpudev:aws",
        message: "The target is aws, and nothing says where.",
        mend: "Add `gpudev:aws: {region: eu-west-1}` with your region.",
      },
    ]);
    expect(brief({})).toEqual(["error missing gpudev:aws.region"]);
  });

  it("do nothing for another target", () => {
    expect(brief({ region }, {}, "workstation")).toEqual(["hint aws-unused gpudev:aws"]);
  });
});

describe("what is wrong with", () => {
  it.each<[string, unknown, string[]]>([
    ["a region", { region: "Ireland" }, ["error bad-value gpudev:aws.region"]],
    ["an account", { region, accounts: ["12345"] }, ["error bad-value gpudev:aws.accounts[0]"]],
    [
      "an unknown key",
      { region, hosts: { instanceType: "g6.xlarge" } },
      ["error unknown-key gpudev:aws.hosts.instanceType"],
    ],
    [
      "zones of another region",
      {
        region,
        zones: ["eu-west-1a", "us-east-1a"],
        homes: { zone: "us-east-1b" },
        hosts: { ladder: [{ type: "g6.xlarge", zone: "us-east-1c" }] },
      },
      [
        "error zone-elsewhere gpudev:aws.zones[1]",
        "error zone-elsewhere gpudev:aws.homes.zone",
        "error zone-elsewhere gpudev:aws.hosts.ladder[0].zone",
      ],
    ],
    [
      "a range that does not begin where it should",
      { region, network: { range: "10.64.1.0/20" } },
      ["error range-unaligned gpudev:aws.network.range"],
    ],
    [
      "a range that is too small",
      { region, network: { range: "10.64.0.0/24" } },
      ["error range-size gpudev:aws.network.range"],
    ],
    [
      "subnets without a VPC",
      { region, network: { subnetIds: ["subnet-0abc"] } },
      ["error subnets-without-vpc gpudev:aws.network.subnetIds"],
    ],
    [
      "endpoints for public hosts",
      { region, network: { egress: "endpoints" } },
      ["error egress-of-public gpudev:aws.network.egress"],
    ],
    [
      "two reservations",
      { region, hosts: { capacityBlock: "cr-0abc", capacityReservation: "cr-0def" } },
      ["error two-reservations gpudev:aws.hosts.capacityBlock"],
    ],
    [
      "spot in a reservation",
      {
        region,
        hosts: { capacityBlock: "cr-0abc", ladder: [{ type: "p5.48xlarge", market: "spot" }] },
      },
      ["error spot-in-reservation gpudev:aws.hosts.ladder[0].market"],
    ],
    [
      "a domain without direct access",
      { region, access: { domain: "gpu.example.com" } },
      ["hint domain-unused gpudev:aws.access.domain"],
    ],
    [
      "an insistence on nothing",
      { region, access: { allowWorld: true } },
      ["hint world-nowhere gpudev:aws.access.allowWorld"],
    ],
    [
      "hours of no length, in no time zone",
      { region, hours: { start: "08:00", stop: "08:00", timezone: "Mars/Olympus" } },
      ["error no-hours gpudev:aws.hours.stop", "error no-timezone gpudev:aws.hours.timezone"],
    ],
    [
      "tags that are not ours to set",
      { region, tags: { "aws:owner": "x", "gpudev:stack": "y", "a#b": "z" } },
      [
        'error reserved-tag gpudev:aws.tags["aws:owner"]',
        'error reserved-tag gpudev:aws.tags["gpudev:stack"]',
        'error bad-tag gpudev:aws.tags["a#b"]',
      ],
    ],
    [
      "data twice",
      { region, data: [{ bucket: "one" }, { bucket: "one", prefix: "a/" }, { bucket: "one" }] },
      ["warning same-data gpudev:aws.data[2]"],
    ],
    [
      "a prefix that is no folder",
      { region, data: [{ bucket: "one", prefix: "/a" }] },
      ["error bad-value gpudev:aws.data[0].prefix"],
    ],
  ])("%s", (_, aws, expected) => {
    expect(brief(aws)).toEqual(expected);
  });

  it("a user twice, though they would sit on two hosts, is told with both lines", () => {
    const { findings } = parse({ region }, { users: "twice.csv" });
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([
      {
        severity: "error",
        code: "duplicate-user",
        path: "gpudev:users[twice.csv:4].name",
        message: "There are two users with the name `ada`; the other is gpudev:users[twice.csv:2].",
        mend: "Give one of them another name, or take one out.",
      },
    ]);
  });

  it("one principal for two users", () => {
    const principal = "arn:aws:iam::111122223333:user/ada";
    const users = [
      { name: "ada", sshKeys: [KEY], principal },
      { name: "bob", sshKeys: [ed25519()], principal },
      { name: "eve", sshKeys: [ed25519()], principal: "eve@example.com" },
    ];
    expect(brief({ region }, { users })).toEqual([
      "error bad-value gpudev:users[2].principal",
      "warning shared-principal gpudev:users[1].principal",
    ]);
  });
});

describe("direct access", () => {
  const world = (directFrom: string[], more = {}) =>
    brief({ region, access: { directFrom, ...more } });
  const path = "gpudev:aws.access.directFrom";

  it.each([
    [["0.0.0.0/0"]],
    [["0.0.0.0/1", "128.0.0.0/1"]],
    [["128.0.0.0/1"]],
    [["0.0.0.0/2", "64.0.0.0/2", "10.0.0.0/8"]],
  ])("refuses %j, unless insisted on", (ranges) => {
    expect(world(ranges)).toEqual([`error world ${path}`]);
    expect(world(ranges, { allowWorld: true })).toEqual([]);
  });

  it("takes what is less than half of the world, however it overlaps", () => {
    const range = fc.tuple(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 8, max: 32 }));
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 8 }), (ranges) => {
        const cidrs = ranges.map(([first, bits]) => `${first}.0.0.0/${bits}`);
        expect(world(cidrs)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it("says where a range begins", () => {
    expect(world(["203.0.113.7/24"])).toEqual([`error range-unaligned ${path}[0]`]);
  });
});
