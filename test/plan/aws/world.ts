import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { AwsLookups } from "../../../components/lookups/aws/model";
import type { AwsPlan } from "../../../components/plan";
import { makeAwsPlan } from "../../../components/plan/aws/makeAwsPlan";
import { type AwsStack, isAwsStack } from "../../../components/plan/aws/stack";
import {
  type Finding,
  parseSettings,
  readStackConfig,
  type Settings,
} from "../../../components/settings";

export const GIB = 2 ** 30;
export const ID = "7f3k2m";
export const NOW = "2026-11-23T12:00:00.000Z";
const STACKS = path.join(__dirname, "..", "..", "..", "stacks");

export const known = <T>(value: T) => ({ known: true as const, value });
export const unknown = (because: string) => ({ known: false as const, because });

function asAws(settings: Settings | undefined, findings: readonly Finding[]): AwsStack {
  const errors = findings.filter(({ severity }) => severity === "error");
  if (settings === undefined || errors.length > 0 || !isAwsStack(settings)) {
    throw new Error(JSON.stringify(findings));
  }
  return settings;
}

/** Settings of an AWS stack as the parser makes them; they have to be free of errors. */
export function awsSettings(
  users: readonly (string | Record<string, unknown>)[],
  aws: Record<string, unknown> = {},
  rest: Record<string, unknown> = {},
): AwsStack {
  const list = users.map((user) => (typeof user === "string" ? { name: user } : user));
  const all: Record<string, unknown> = {
    users: list,
    seats: { id: ID },
    lifetime: { until: "2026-12-01T18:00:00+00:00" },
    aws: { region: "eu-west-1", ...aws },
    ...rest,
  };
  const config: Record<string, string> = { "gpudev:target": "aws" };
  for (const [key, value] of Object.entries(all)) {
    config[`gpudev:${key}`] = typeof value === "string" ? value : JSON.stringify(value);
  }
  const { settings, findings } = parseSettings({
    stack: "team",
    config,
    readFile: (name) => {
      throw new Error(`no file ${name}`);
    },
  });
  return asAws(settings, findings);
}

/** An example stack of the repository, with an id. */
export function exampleStack(stack: string): AwsStack {
  const text = readFileSync(path.join(STACKS, `Pulumi.${stack}.yaml`), "utf8");
  const { settings, findings } = parseSettings({
    stack,
    config: readStackConfig(text),
    readFile: (file) => readFileSync(path.join(STACKS, file), "utf8"),
  });
  const found = asAws(settings, findings);
  return { ...found, seats: { ...found.seats, id: ID } as Settings["seats"] };
}

const ACCOUNT = "111122223333";
const TYPES = [
  "g4dn.xlarge",
  "g4dn.12xlarge",
  "g5.xlarge",
  "g5.12xlarge",
  "g6.xlarge",
  "g6.2xlarge",
  "g6.4xlarge",
  "g6.12xlarge",
  "g6.24xlarge",
  "g6.48xlarge",
  "g6e.xlarge",
  "g7e.2xlarge",
  "p3.2xlarge",
  "p4d.24xlarge",
  "p5.48xlarge",
];

/** An account with large quotas and nothing in it, in a region that offers all types in its first two zones. */
export function account(changes: Partial<AwsLookups> = {}, region = "eu-west-1"): AwsLookups {
  const zones = ["a", "b", "c"].map((letter) => `${region}${letter}`);
  return {
    time: NOW,
    region,
    account: known({ id: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/engineer` }),
    quotas: Object.fromEntries(
      ["L-DB2E81BA", "L-417A185B", "L-3819A6DF", "L-7212CCBC", "L-C4BD4855"].map((code) => [
        code,
        known(100_000),
      ]),
    ),
    instances: known([]),
    zones: known(zones),
    offerings: known(Object.fromEntries(TYPES.map((type) => [type, zones.slice(0, 2)]))),
    ami: known({ id: "ami-0123456789abcdef0", parameter: "/aws/service/…" }),
    vpcs: known([]),
    volumes: known([]),
    base: known({ present: true }),
    imageContextHash: "c".repeat(64),
    locks: {
      "torch2.6.0-cu124-py3.10.txt": "a".repeat(64),
      "torch2.12.1-cu130-py3.12.txt": "b".repeat(64),
    },
    ...changes,
  };
}

/** What the lookups are without credentials. */
export function noCredentials(): AwsLookups {
  const no = unknown("Could not load credentials from any providers");
  return account({
    account: no,
    quotas: { "L-DB2E81BA": no },
    instances: no,
    zones: no,
    offerings: no,
    ami: no,
    vpcs: no,
    volumes: no,
  });
}

/** Plans, records seats, AMI and zone as gpudev does, and returns the settings of the next time. */
export function recordAws(settings: AwsStack, lookups: AwsLookups): AwsStack {
  const plan = makeAwsPlan(settings, lookups);
  const { hosts, homes } = settings.aws;
  const ami = plan.record["gpudev:aws.hosts.ami.id"];
  const zone = plan.record["gpudev:aws.homes.zone"];
  return {
    ...settings,
    seats: { ...plan.seats, id: ID } as Settings["seats"],
    aws: {
      ...settings.aws,
      hosts: typeof ami === "string" ? { ...hosts, ami: { ...hosts.ami, id: ami } } : hosts,
      homes: typeof zone === "string" ? { ...homes, zone } : homes,
    },
  };
}

/** The same settings with other users. */
export function withAwsUsers(settings: AwsStack, names: readonly string[]): AwsStack {
  const before = new Map(settings.users.map((user) => [user.name, user]));
  return {
    ...settings,
    users: names.map((name) => before.get(name) ?? { name, sshKeys: [] }),
  };
}

/** Findings as one line each: `severity code path`. */
export function brief(plan: AwsPlan): string[] {
  return plan.findings.map(({ severity, code, path: where }) => `${severity} ${code} ${where}`);
}

export function awsErrors(plan: AwsPlan): string[] {
  return plan.findings.filter(({ severity }) => severity === "error").map(({ code }) => code);
}

/** The one finding of a code; there has to be exactly one. */
export function oneFinding(plan: AwsPlan, code: string): Finding {
  const found = plan.findings.filter((finding) => finding.code === code);
  if (found[0] === undefined || found.length > 1) {
    throw new Error(`${found.length} findings ${code} among ${brief(plan).join(", ")}`);
  }
  return found[0];
}
