import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import type { AwsPlan } from "../../components/plan/aws/model";
import type { AwsStack } from "../../components/plan/aws/stack";
import type { Context } from "../context";
import { ensurePulumiCli } from "../engine/cli";
import type { Engine } from "../engine/workspace";
import { CommandFailure, ExitCode } from "../outcome";
import { prepareBase } from "../prepareBase";
import type { DecidedAwsStack } from "./awsStack";
import { deployedOf, type Deployed } from "./deployed";
import { openAwsEngine } from "./openAws";

/** An engine whose program deploys whatever plan it was given last. */
export interface PlanEngine {
  readonly engine: Engine;
  readonly use: (plan: AwsPlan) => void;
  /** What exists, by the state. */
  readonly deployed: () => Promise<Deployed>;
}

/** Opens the engine on a stack whose plan changes while the command works. */
export async function planEngine(context: Context, first: DecidedAwsStack): Promise<PlanEngine> {
  let plan: AwsPlan = first.plan;
  const cli = await ensurePulumiCli(context.progress);
  if (plan.hosts.length > 0) await prepareBase(context, first);
  const engine = await openAwsEngine(context, first, cli, async () =>
    (await import("../../components/deployAws.js")).deployAws(plan),
  );
  return {
    engine,
    use: (next) => {
      plan = next;
    },
    deployed: async () => deployedOf(await engine.exportState()),
  };
}

/** The same answers of AWS, decided on other settings. */
export function decidedOn(decided: DecidedAwsStack, settings: AwsStack): DecidedAwsStack {
  const plan = makeAwsPlan(settings, decided.lookups);
  return { ...decided, settings, plan, findings: plan.findings };
}

/**
 * Lets only errors through; what went wrong in a step of several is told with the others.
 * @throws whatever is no failure that a person can mend
 */
export function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  throw error;
}

/** For a stack without a host to work on. */
export function nothingThere(stack: string): CommandFailure {
  return new CommandFailure(
    ExitCode.badInput,
    `Stack ${stack} has no hosts now.`,
    "`gpudev up` makes them; they get the newest AMI then.",
  );
}
