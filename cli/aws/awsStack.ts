import * as crypto from "node:crypto";
import type { AwsLookups } from "../../components/lookups/aws/model";
import { readAwsLookups } from "../../components/lookups/aws/readAwsLookups";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import type { AwsPlan } from "../../components/plan/aws/model";
import type { AwsStack } from "../../components/plan/aws/stack";
import { checkBackend } from "../../components/plan/aws/state";
import { newStackId, type Finding } from "../../components/settings";
import type { Context } from "../context";
import type { StackOnFile } from "../readStack";
import { identify, readSeatRecord } from "../seatRecord";
import { backendUrl } from "./backend";

/** A stack on AWS and what its file says. */
export interface AwsStackOnFile extends StackOnFile {
  readonly settings: AwsStack;
}

/** A stack on AWS with the decision on it. */
export interface DecidedAwsStack extends AwsStackOnFile {
  readonly plan: AwsPlan;
  /** What AWS answered. */
  readonly lookups: AwsLookups;
  /** Everything that was found, in file and plan. */
  readonly findings: readonly Finding[];
}

/** Findings whose mend `gpudev` applies by itself: they are for a plain `pulumi up`. */
const RECORDED_HERE = new Set(["seat-unrecorded", "ami-unrecorded", "no-end"]);

const END = "gpudev:lifetime.until";

/**
 * The plan as it is once what it records stands in the file: hosts are told the stack's end, so that an
 * end which is recorded only afterwards would change their documents in the next run.
 */
export function asRecorded(
  settings: AwsStack,
  lookups: AwsLookups,
): { readonly settings: AwsStack; readonly plan: AwsPlan } {
  const first = makeAwsPlan(settings, lookups);
  const until = first.record[END];
  if (typeof until !== "string") return { settings, plan: first };
  const ending = { ...settings, lifetime: { ...settings.lifetime, until } };
  const plan = makeAwsPlan(ending, lookups);
  return { settings: ending, plan: { ...plan, record: { ...plan.record, [END]: until } } };
}

/**
 * Asks AWS and decides. What is not recorded in the file yet is part of the plan as it will be recorded.
 * Errors are among the findings; nothing is thrown for them.
 */
export async function decideAws(context: Context, read: AwsStackOnFile): Promise<DecidedAwsStack> {
  const record = readSeatRecord(read.folders.seatsFile);
  const identified = identify(read.settings, record, () => newStackId(crypto.randomBytes));
  const settings: AwsStack = { ...identified.settings, aws: read.settings.aws };
  if (identified.restored)
    context.progress.note(
      `The stack file records no seats: they are taken from this machine's memory (id ${identified.id}).`,
    );
  const lookups = await context.progress.step("Ask AWS", () => readAwsLookups(settings));
  const { settings: recorded, plan } = asRecorded(settings, lookups);
  const findings = plan.findings.filter(({ code }) => !RECORDED_HERE.has(code));
  const state = checkBackend(settings.aws, backendUrl(read, context.env));
  return {
    ...read,
    settings: recorded,
    plan,
    lookups,
    findings: [...read.findings, ...state, ...findings],
  };
}
