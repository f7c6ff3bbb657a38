import * as fs from "node:fs";
import * as path from "node:path";
import { format, resolveConfig } from "prettier";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostSoftware } from "../../components/deployAws";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import type { AwsPlan } from "../../components/plan/aws/model";
import { account, awsErrors, awsSettings, known } from "../plan/aws/world";
import { contractTable, effectsOf, refused, type Effects } from "../support/awsContract";
import { BASE, changed, ROWS, type Raw } from "../support/awsContractRows";
import { AwsEngine } from "../support/awsEngine";
import { ROOT } from "../support/gpudev";

const FILE = path.join(ROOT, "docs", "upgrade-contract.md");
const [BEGIN, END] = ["<!-- made by test/engine/aws.contract.test.ts -->", "<!-- end -->"];

/** The homes volume of the stack as it was made. */
const VOLUME = { id: "vol-1", zone: "eu-west-1a", host: 0, sizeGiB: 400 };

/** The AMI that is recorded, as its owner calls it. */
const AMI = {
  id: "ami-0123456789abcdef0",
  name: "Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04) 20261009",
  created: "2026-10-09T00:00:00.000Z",
};

/** A VPC that exists, with a way out. */
const VPC = {
  id: "vpc-0abc",
  ranges: ["10.80.0.0/16"],
  subnets: ["a", "b"].map((letter, index) => ({
    id: `subnet-0${letter}`,
    zone: `eu-west-1${letter}`,
    cidr: `10.80.${index}.0/24`,
    defaultRoute: "internet-gateway" as const,
    publicAddresses: true,
  })),
  endpoints: [],
  dnsSupport: true,
};

function planOf({ users, aws, ...rest }: Raw): AwsPlan {
  const section = aws as Record<string, unknown>;
  const settings = awsSettings(users as Record<string, unknown>[], section, rest);
  const region = String(section["region"]);
  const network = section["network"] as { vpcId?: string } | undefined;
  const existing = network?.vpcId === undefined ? {} : { vpc: known(VPC) };
  const image = section["image"] === undefined ? {} : { repository: known(true) };
  const reserved =
    (section["hosts"] as Raw)["capacityBlock"] ?? (section["hosts"] as Raw)["capacityReservation"];
  const reservation = {
    id: "cr-0abc",
    type: "g6.12xlarge",
    zone: "eu-west-1a",
    state: "active",
    available: 4,
    total: 4,
  };
  return makeAwsPlan(
    settings,
    account(
      {
        volumes: known([VOLUME]),
        recordedAmi: known(AMI),
        ...existing,
        ...image,
        ...(reserved === undefined ? {} : { reservation: known(reservation) }),
      },
      region,
    ),
  );
}

/** The plan, or the codes of what settings or plan refuse. */
function decided(raw: Raw): AwsPlan | readonly string[] {
  try {
    const plan = planOf(raw);
    const errors = awsErrors(plan);
    return errors.length === 0 ? plan : errors;
  } catch (problem) {
    // What settings refuse is thrown as a list of findings.
    if (!(problem instanceof Error) || !problem.message.startsWith("[{")) throw problem;
    const findings = JSON.parse(problem.message) as { severity: string; code: string }[];
    return findings.filter(({ severity }) => severity === "error").map(({ code }) => code);
  }
}

async function withTable(table: string): Promise<string> {
  const text = fs.readFileSync(FILE, "utf8");
  const [before = "", rest = ""] = text.split(BEGIN);
  const after = rest.split(END)[1] ?? "";
  const whole = `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
  return format(whole, { ...(await resolveConfig(FILE)), filepath: FILE });
}

/**
 * Previews on the real engine, one changed input each. What replaces comes from the stand-in's table, which
 * names its sources: a provider that behaves otherwise would not be noticed here.
 */
describe("what a change does to a stack on AWS", () => {
  let engine: AwsEngine;
  const base = planOf(BASE);

  beforeAll(async () => {
    engine = await AwsEngine.open("team");
    const ran = await engine.up(base);
    expect(ran.tally.errors).toEqual([]);
  });
  afterAll(() => engine.remove());

  it("is as docs/upgrade-contract.md says", async () => {
    const rows: (readonly [string, Effects])[] = [];
    for (const { path: at, change, to } of ROWS) {
      const plan = decided(changed(BASE, at, to));
      rows.push([
        change,
        "target" in plan ? effectsOf(base, plan, await engine.preview(plan)) : refused(plan),
      ]);
    }
    const software = await hostSoftware();
    const newer = { ...software, bundle: { ...software.bundle, sha256: "0".repeat(64) } };
    rows.push([
      "a newer gpudev: host software and first-boot script",
      effectsOf(base, base, await engine.preview(base, { ...newer, userData: "#!/bin/bash\n" })),
    ]);
    await expect(await withTable(contractTable(rows))).toMatchFileSnapshot(FILE);
  }, 1_800_000);
});
