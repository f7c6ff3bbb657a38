import { describe, expect, it } from "vitest";
import type { AwsLookups } from "../../../components/lookups/aws/model";
import { makeAwsPlan } from "../../../components/plan/aws/makeAwsPlan";
import type { AwsStack } from "../../../components/plan/aws/stack";
import {
  account,
  awsErrors,
  awsSettings,
  brief,
  known,
  noCredentials,
  NOW,
  oneFinding,
  unknown,
} from "./world";

const plan = (settings: AwsStack, lookups: Partial<AwsLookups> = {}) =>
  makeAwsPlan(settings, account(lookups));
const ladder = (type: string, more: Record<string, unknown> = {}) => ({
  hosts: { ladder: [{ type, ...more }] },
});

describe("a quota that is too short", () => {
  const eight = Array.from({ length: 8 }, (_, index) => `user${index}`);
  const g6 = ladder("g6.12xlarge");

  it("is told by code, region and market, with what is missing and where to ask", () => {
    const instances = known([
      {
        id: "i-1",
        type: "g5.2xlarge",
        zone: "eu-west-1a",
        market: "on-demand" as const,
        vcpus: 8,
      },
      {
        id: "i-2",
        type: "g6.xlarge",
        zone: "eu-west-1a",
        market: "spot" as const,
        vcpus: 4,
      },
      {
        id: "i-3",
        type: "m7i.large",
        zone: "eu-west-1a",
        market: "on-demand" as const,
        vcpus: 2,
      },
      {
        id: "i-4",
        type: "g6.12xlarge",
        zone: "eu-west-1a",
        market: "on-demand" as const,
        vcpus: 48,
        stackId: "7f3k2m",
      },
    ]);
    const made = plan(awsSettings(eight, g6), {
      quotas: { "L-DB2E81BA": known(64) },
      instances,
    });
    expect(oneFinding(made, "quota-short")).toEqual({
      severity: "error",
      code: "quota-short",
      path: "gpudev:aws.hosts.ladder[0].type",
      message:
        '2 g6.12xlarge need 96 vCPUs of the quota "Running On-Demand G and VT instances" (L-DB2E81BA, on-demand) in eu-west-1, which is 64 with 8 in use by others: 40 are missing.',
      mend: "Ask for 104: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-DB2E81BA --desired-value 104 --region eu-west-1 (or https://eu-west-1.console.aws.amazon.com/servicequotas/home/services/ec2/quotas/L-DB2E81BA); answers take hours to days. Until then take smaller types or fewer users.",
    });
  });

  it.each([
    [104, []],
    [103, ["quota-short"]],
    [0, ["quota-short"]],
  ])("is held to the vCPU: %i", (value, errors) => {
    const instances = known([
      { id: "i-1", type: "vt1.3xlarge", zone: "a", market: "on-demand" as const, vcpus: 8 },
    ]);
    const made = plan(awsSettings(eight, g6), {
      quotas: { "L-DB2E81BA": known(value) },
      instances,
    });
    expect(awsErrors(made)).toEqual(errors);
  });

  it.each([
    ["g6.xlarge", "spot", "L-3819A6DF"],
    ["p4d.24xlarge", "on-demand", "L-417A185B"],
    ["p4d.24xlarge", "spot", "L-7212CCBC"],
    ["p5.48xlarge", "spot", "L-C4BD4855"],
  ])("is the one of %s %s: %s", (type, market, code) => {
    const made = plan(awsSettings(["ada"], ladder(type, { market })), {
      quotas: { [code]: known(0) },
    });
    expect(oneFinding(made, "quota-short").message).toContain(`${code}, ${market}`);
  });

  it("does not count where a Capacity Block is named", () => {
    const aws = {
      hosts: { ladder: [{ type: "p5.48xlarge" }], capacityBlock: "cr-0123456789abcdef0" },
    };
    const made = plan(awsSettings(["ada"], aws), { quotas: { "L-417A185B": known(0) } });
    expect(awsErrors(made)).toEqual([]);
    expect(oneFinding(made, "quota-of-block").severity).toBe("hint");
  });
});

describe("an instance type", () => {
  it.each([
    ["g5g.xlarge", "no-arm-wheel", "no official PyTorch wheel for arm64 has code for it"],
    ["g6f.xlarge", "needs-grid-driver", "only the GRID guest driver drives"],
    ["gr6f.4xlarge", "needs-grid-driver", "only the GRID guest driver drives"],
    ["g9.xlarge", "unknown-type", "gpudev's table has no GPU instance type g9.xlarge"],
  ])("%s is refused: %s", (type, code, message) => {
    const made = plan(awsSettings(["ada"], ladder(type)), {
      offerings: unknown("not asked"),
    });
    expect(awsErrors(made)).toEqual([code]);
    const finding = oneFinding(made, code);
    expect(finding.path).toBe("gpudev:aws.hosts.ladder[0].type");
    expect(finding.message).toContain(message);
    expect(finding.mend).not.toBe("");
  });

  it("with a Blackwell GPU is refused with torch 2.6, and a build is named that runs on it", () => {
    const made = plan(awsSettings(["ada"], ladder("g7e.2xlarge")));
    expect(oneFinding(made, "gpu-not-in-build")).toEqual({
      severity: "error",
      code: "gpu-not-in-build",
      path: "gpudev:image.torch",
      message:
        "g7e.2xlarge has RTX PRO 6000 Blackwell (Blackwell, compute capability 12.0), for which torch 2.6.0 with CUDA 12.4 has no machine code (it has 5.0, 6.0, 7.0, 7.5, 8.0, 8.6, 9.0).",
      mend: expect.stringMatching(/^Take torch 2\.7\.0 with CUDA 12\.8, or /) as string,
    });
    const image = { torch: "2.12.1", cuda: "13.0", base: "ubuntu:24.04" };
    const newer = awsSettings(["ada"], ladder("g7e.2xlarge"), { image });
    expect(awsErrors(plan(newer))).toEqual([]);
  });

  it("with V100 is refused above driver 580, and with the open modules", () => {
    const made = plan(awsSettings(["ada"], ladder("p3.2xlarge")));
    expect(awsErrors(made)).toEqual(["driver-too-new", "needs-proprietary-modules"]);
    expect(oneFinding(made, "driver-too-new")).toMatchObject({
      path: "gpudev:aws.hosts.ami.kind",
      message:
        "p3.2xlarge has V100 16GB, whose last driver branch is 580, and the deep-learning AMI brings 595.91.07.",
    });
    const hosts = {
      ladder: [{ type: "p3.2xlarge" }],
      ami: { kind: "ubuntu" },
      driverModules: "proprietary",
    };
    expect(awsErrors(plan(awsSettings(["ada"], { hosts })))).toEqual([]);
  });

  it("with Blackwell is refused with the proprietary modules", () => {
    const hosts = { ladder: [{ type: "g7e.2xlarge" }], driverModules: "proprietary" };
    expect(awsErrors(plan(awsSettings(["ada"], { hosts })))).toContain("needs-open-modules");
  });

  it("that is only a later step of the ladder is a warning", () => {
    const hosts = { ladder: [{ type: "g6.xlarge" }, { type: "g5g.xlarge" }] };
    const made = plan(awsSettings(["ada"], { hosts }), { offerings: unknown("not asked") });
    expect(brief(made)).toContain("warning no-arm-wheel gpudev:aws.hosts.ladder[1].type");
    expect(awsErrors(made)).toEqual([]);
  });

  it("that its zone does not offer is refused with the zones that do", () => {
    const made = plan(awsSettings(["ada"], ladder("g6.xlarge", { zone: "eu-west-1c" })));
    expect(oneFinding(made, "type-not-in-zone")).toEqual({
      severity: "error",
      code: "type-not-in-zone",
      path: "gpudev:aws.hosts.ladder[0].zone",
      message: "eu-west-1c does not offer g6.xlarge; eu-west-1a and eu-west-1b do.",
      mend: "Write zone: eu-west-1a there, or leave the zone out.",
    });
  });

  it("that no listed zone offers is refused", () => {
    const made = plan(awsSettings(["ada"], { zones: ["eu-west-1c"], ...ladder("g6.xlarge") }));
    expect(oneFinding(made, "type-not-in-zone").mend).toBe(
      "Add eu-west-1a to gpudev:aws.zones, or take another type.",
    );
  });

  it("that the region does not offer is refused", () => {
    const made = plan(awsSettings(["ada"], ladder("g6e.4xlarge")));
    expect(oneFinding(made, "type-not-in-region")).toMatchObject({
      severity: "error",
      path: "gpudev:aws.hosts.ladder[0].type",
    });
  });

  it("is nothing that EC2 has for a GPU of a workstation", () => {
    const made = plan(awsSettings(["ada"], {}, { gpu: { model: "RTX 4090" } }));
    expect(oneFinding(made, "gpu-not-on-aws").path).toBe("gpudev:gpu.model");
  });
});

describe("people and places", () => {
  it("asking for more than a host has is refused", () => {
    const settings = awsSettings([{ name: "ada", gpus: 2 }], ladder("g6.xlarge"));
    expect(oneFinding(plan(settings), "request-beyond-host")).toMatchObject({
      path: "gpudev:users[0].gpus",
      message: "ada asks for 2 GPUs, and a g6.xlarge has one GPU.",
    });
  });

  it("asking for devices by name is refused", () => {
    const settings = awsSettings([{ name: "ada", gpus: [0, 1] }]);
    expect(awsErrors(plan(settings))).toContain("devices-listed");
  });

  it("two on one slot of a host are refused, on two hosts they are not", () => {
    const seats = (host: number) => ({
      id: "7f3k2m",
      ada: { slot: 0, host: 0 },
      bob: { slot: 0, host },
    });
    const on = (host: number) =>
      plan(awsSettings(["ada", "bob"], ladder("g6.12xlarge"), { seats: seats(host) }));
    expect(oneFinding(on(0), "slot-twice").message).toBe(
      "Slot 0 of host 0 is recorded for ada and bob; a slot fixes ports and the home, so each needs its own.",
    );
    expect(awsErrors(on(1))).toEqual([]);
  });

  it("a recorded host that a smaller type cannot hold is refused, and nobody is moved", () => {
    const seats = {
      id: "7f3k2m",
      ada: { slot: 0, host: 0, devices: [0] },
      bob: { slot: 1, host: 0, devices: [1] },
    };
    const made = plan(awsSettings(["ada", "bob"], ladder("g6.xlarge"), { seats }));
    expect(oneFinding(made, "host-full")).toMatchObject({
      severity: "error",
      path: "gpudev:seats.bob",
      message:
        "bob sits on host 0 and asks for one GPU, and g6.xlarge has none left there beside the others'.",
    });
    expect(made.seats.bob?.host).toBe(0);
  });

  it.each([
    ["no profile", {}, "mig-profile"],
    ["a profile of another GPU", { migProfile: "1g.24gb" }, "mig-profile"],
  ])("MIG with %s is refused with the profiles that there are", (_, more, code) => {
    const hosts = { ladder: [{ type: "p4d.24xlarge" }], sharing: "mig", ...more };
    const finding = oneFinding(plan(awsSettings(["ada"], { hosts })), code);
    expect(finding.path).toBe("gpudev:aws.hosts.migProfile");
    expect(finding.mend).toContain("3g.20gb (2 a GPU)");
  });

  it("MIG on a GPU without it is refused", () => {
    const hosts = { ladder: [{ type: "g6.xlarge" }], sharing: "mig", migProfile: "3g.20gb" };
    expect(awsErrors(plan(awsSettings(["ada"], { hosts })))).toEqual(["no-mig"]);
  });

  it("time-slicing is said to be unisolated", () => {
    const hosts = { ladder: [{ type: "g6.xlarge" }], sharing: "time-slicing" };
    expect(oneFinding(plan(awsSettings(["ada"], { hosts })), "gpu-shared").severity).toBe(
      "warning",
    );
  });

  it("more memory than the type has is refused", () => {
    const settings = awsSettings(["ada"], ladder("g6.xlarge"), { limits: { memory: "64GiB" } });
    expect(awsErrors(plan(settings))).toEqual(["memory-beyond-machine"]);
  });
});

describe("a stack's end", () => {
  const until = (time: string, more = {}) =>
    awsSettings(["ada"], {}, { lifetime: { until: time, ...more } });

  it.each([
    ["2026-11-23T11:59:59Z", {}, "ended"],
    [NOW, {}, "ended"],
    ["2026-12-24T12:00:00+00:00", {}, "until-too-far"],
    ["2026-11-26T12:00:00+00:00", { max: "2d" }, "until-too-far"],
  ])("%s with %j is refused for a new stack: %s", (time, more, code) => {
    const finding = oneFinding(plan(until(time, more)), code);
    expect(finding).toMatchObject({ severity: "error", path: "gpudev:lifetime.until" });
    expect(finding.mend).toMatch(/until: "2026-\d\d-\d\dT\d\d:00:00\+00:00"/);
  });

  it("may be as far ahead as is allowed", () => {
    expect(awsErrors(plan(until("2026-12-23T12:00:00+00:00")))).toEqual([]);
    expect(awsErrors(plan(until("2026-12-24T12:00:00+00:00", { max: "60d" })))).toEqual([]);
  });

  it("does not make an idle stop of seconds sensible", () => {
    expect(awsErrors(plan(until("2026-11-26T12:00:00Z", { idleStop: "30s" })))).toEqual([
      "idle-too-short",
    ]);
  });

  it("is asked for where there is none, with a line to paste, and is recorded by gpudev", () => {
    const made = plan(awsSettings(["ada"], {}, { lifetime: {} }));
    expect(oneFinding(made, "no-end").mend).toBe(
      'Run gpudev up, which records one, or write under gpudev:lifetime:  until: "2026-12-23T12:00:00+00:00"',
    );
    expect(made.record["gpudev:lifetime.until"]).toBe("2026-12-23T12:00:00+00:00");
  });
});

describe("the network", () => {
  it("refuses containers' networks within the VPC's range", () => {
    const settings = awsSettings(["ada"], { network: { range: "10.213.0.0/20" } });
    expect(oneFinding(plan(settings), "range-overlap")).toEqual({
      severity: "error",
      code: "range-overlap",
      path: "gpudev:networks.range",
      message:
        "The containers' networks (10.213.0.0/16) overlap the VPC (10.213.0.0/20): environments could not reach what stands there.",
      mend: "Write networks.range: 10.64.0.0/16.",
    });
  });

  it("warns of another VPC with the same addresses, and names a range that is free", () => {
    const made = plan(awsSettings(["ada"]), {
      vpcs: known([
        { id: "vpc-1", name: "office", ranges: ["10.64.0.0/16"] },
        { id: "vpc-2", ranges: ["10.64.0.0/20"], stackId: "7f3k2m" },
        { id: "vpc-3", ranges: ["172.31.0.0/16"] },
      ]),
    });
    expect(oneFinding(made, "vpc-overlap")).toMatchObject({
      severity: "warning",
      path: "gpudev:aws.network.range",
      message: "10.64.0.0/20 overlaps vpc-1 (office): the two could never be connected.",
    });
    expect(oneFinding(made, "vpc-overlap").mend).toContain("range: 10.65.0.0/20");
  });

  const vpc = (subnet: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
    vpc: known({
      id: "vpc-1",
      ranges: ["10.9.0.0/16"],
      subnets: [
        {
          id: "subnet-1",
          zone: "eu-west-1a",
          cidr: "10.9.0.0/24",
          defaultRoute: "none" as const,
          publicAddresses: false,
          ...subnet,
        },
      ],
      endpoints: [],
      dnsSupport: true,
      ...more,
    }),
  });
  const existing = (more = {}) => awsSettings(["ada"], { network: { vpcId: "vpc-1", ...more } });
  const all = ["ssm", "ssmmessages", "ecr.api", "ecr.dkr", "s3"];

  it.each([
    ["an internet gateway", { defaultRoute: "internet-gateway" }, {}, {}, []],
    ["a NAT gateway", { defaultRoute: "nat" }, {}, { private: true }, []],
    ["a transit gateway", { defaultRoute: "other" }, {}, { private: true }, []],
    ["all endpoints", {}, { endpoints: all }, { private: true }, []],
    ["nothing", {}, {}, {}, ["no-egress"]],
    ["most endpoints", {}, { endpoints: all.slice(1) }, { private: true }, ["no-egress"]],
    [
      "endpoints without DNS",
      {},
      { endpoints: all, dnsSupport: false },
      { private: true },
      ["no-egress"],
    ],
    [
      "an internet gateway for private hosts",
      { defaultRoute: "internet-gateway" },
      {},
      { private: true },
      ["no-egress"],
    ],
  ])("an existing VPC with %s", (_, subnet, more, network, errors) => {
    const made = plan(existing(network), vpc(subnet, more));
    expect(awsErrors(made)).toEqual(errors);
    expect(made.network.existingSubnets).toEqual({ "eu-west-1a": "subnet-1" });
  });

  it("says what an existing VPC lacks", () => {
    const made = plan(existing(), vpc({}));
    expect(oneFinding(made, "no-egress")).toMatchObject({
      path: "gpudev:aws.network.vpcId",
      message:
        "Hosts in subnet-1 (eu-west-1a) could not reach SSM and ECR: it has no default route, and the VPC no endpoint for ssm, ssmmessages, ecr.api, ecr.dkr and s3.",
    });
  });

  it("refuses a VPC, subnet or zone that is not there", () => {
    expect(awsErrors(plan(existing(), { vpc: known(undefined) }))).toEqual(["no-such-vpc"]);
    const one = vpc({ defaultRoute: "nat" }) as Partial<AwsLookups>;
    expect(awsErrors(plan(existing({ subnetIds: ["subnet-2"] }), one))).toContain("no-such-subnet");
    const elsewhere = vpc({ defaultRoute: "nat", zone: "eu-west-1c" }) as Partial<AwsLookups>;
    expect(awsErrors(plan(existing(), elsewhere))).toEqual(["no-subnet-in-zone"]);
  });

  it("refuses plain Ubuntu behind endpoints alone", () => {
    const aws = {
      network: { private: true, egress: "endpoints" },
      hosts: { ami: { kind: "ubuntu" } },
    };
    expect(awsErrors(plan(awsSettings(["ada"], aws)))).toEqual(["no-archive"]);
  });
});

describe("what belongs to another target", () => {
  it.each([
    ["workspace", [{ source: "/srv/data" }], "workspace-on-aws"],
    ["gpu", { share: true }, "share-on-aws"],
    [
      "bind",
      { address: "0.0.0.0", exposeToNetwork: true, tls: { certificate: "/c", key: "/k" } },
      "bind-on-aws",
    ],
  ])("%s is refused: %s", (key, value, code) => {
    expect(awsErrors(plan(awsSettings(["ada"], {}, { [key]: value })))).toEqual([code]);
  });
});

describe("the account", () => {
  it("has to be one that the stack may be made in", () => {
    const made = plan(awsSettings(["ada"], { accounts: ["999999999999"] }));
    expect(oneFinding(made, "wrong-account")).toMatchObject({
      severity: "error",
      path: "gpudev:aws.accounts",
      message:
        "The credentials are of account 111122223333, and the stack may be made in 999999999999 only.",
    });
  });

  it("without credentials is told once, and the plan is made", () => {
    const made = makeAwsPlan(awsSettings(["ada", "bob"]), noCredentials());
    expect(awsErrors(made)).toEqual([]);
    expect(oneFinding(made, "unchecked")).toMatchObject({
      severity: "warning",
      message:
        "AWS could not be asked (Could not load credentials from any providers), so that nothing of it was checked: the account, quota L-DB2E81BA, zones, types offered by zone, running instances, homes that exist, ranges of other VPCs and the AMI.",
    });
    expect(made.hosts.map(({ type, zone }) => [type.type, zone])).toEqual([
      ["g6.xlarge", "eu-west-1a"],
      ["g6.xlarge", "eu-west-1a"],
    ]);
    expect(made.account).toBeUndefined();
    expect(made.ami.id).toBeUndefined();
    expect(made.cost.perHour).toBeGreaterThan(1);
  });

  it("that answers some questions only says which are open", () => {
    const made = plan(awsSettings(["ada"]), {
      quotas: { "L-DB2E81BA": unknown("AccessDenied: not allowed") },
      vpcs: unknown("AWS did not answer within 15 seconds"),
    });
    expect(made.findings.filter(({ code }) => code === "unchecked").map((f) => f.message)).toEqual([
      "Not checked: quota L-DB2E81BA (AccessDenied: not allowed).",
      "Not checked: ranges of other VPCs (AWS did not answer within 15 seconds).",
    ]);
  });

  it("needs Docker here to build the image, unless there is one", () => {
    const dark = { base: unknown("There is no docker command on this machine") };
    expect(oneFinding(plan(awsSettings(["ada"]), dark), "no-builder")).toMatchObject({
      severity: "warning",
      path: "gpudev:docker.host",
    });
    const existing = `111122223333.dkr.ecr.eu-west-1.amazonaws.com/x@sha256:${"0".repeat(64)}`;
    const made = plan(awsSettings(["ada"], {}, { image: { existing } }), dark);
    expect(made.repository).toBeUndefined();
    expect(brief(made).filter((line) => line.includes("no-builder"))).toEqual([]);
  });

  it("has to have the repository that is named", () => {
    const settings = awsSettings(["ada"], { image: { repository: "ml/pytorch" } });
    expect(awsErrors(plan(settings, { repository: known(false) }))).toEqual(["no-such-repository"]);
    expect(awsErrors(plan(settings, { repository: known(true) }))).toEqual([]);
  });
});

describe("a capacity reservation", () => {
  const aws = { hosts: { ladder: [{ type: "p5.48xlarge" }], capacityReservation: "cr-0abc" } };
  const facts = {
    id: "cr-0abc",
    type: "p5.48xlarge",
    zone: "eu-west-1b",
    state: "active",
    available: 1,
    total: 1,
  };

  it("gives the zone", () => {
    const made = plan(awsSettings(["ada"], aws), { reservation: known(facts) });
    expect(awsErrors(made)).toEqual([]);
    expect(made.hosts[0]).toMatchObject({ zone: "eu-west-1b", capacityReservation: "cr-0abc" });
  });

  it.each([
    [{ type: "p4d.24xlarge" }, "error reservation-type"],
    [{ state: "expired" }, "error reservation-over"],
    [{ available: 0 }, "warning reservation-small"],
    [{ endsAt: "2026-11-30T00:00:00.000Z" }, "warning reservation-ends"],
  ])("%j: %s", (change, expected) => {
    const made = plan(awsSettings(["ada"], aws), { reservation: known({ ...facts, ...change }) });
    expect(brief(made)).toContain(`${expected} gpudev:aws.hosts.capacityReservation`);
  });

  it("has to be there, and in the hosts' zone", () => {
    const settings = awsSettings(["ada"], aws);
    expect(awsErrors(plan(settings, { reservation: known(undefined) }))).toEqual([
      "no-such-reservation",
    ]);
    const pinned = awsSettings(["ada"], { ...aws, homes: { zone: "eu-west-1a" } });
    expect(awsErrors(plan(pinned, { reservation: known(facts) }))).toEqual(["reservation-zone"]);
  });
});

describe("places of a host beyond what an account has room for", () => {
  const sharing = (usersPerHost: number) => ({
    hosts: { ladder: [{ type: "g6.12xlarge" }], sharing: "time-slicing", usersPerHost },
    homes: { size: "10GiB" },
  });

  it("are told with the number of Session documents, two for each place", () => {
    const made = plan(awsSettings(["ada"], sharing(251)));
    expect(oneFinding(made, "many-session-documents")).toMatchObject({
      severity: "warning",
      path: "gpudev:aws.hosts.usersPerHost",
    });
    expect(oneFinding(made, "many-session-documents").message).toContain("502 in all");
  });

  it("are none of 250", () => {
    const codes = plan(awsSettings(["ada"], sharing(250))).findings.map(({ code }) => code);
    expect(codes).not.toContain("many-session-documents");
  });
});
