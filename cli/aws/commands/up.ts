import type { OpMap } from "@pulumi/pulumi/automation";
import { awsEndpoints } from "../../../components/endpoints/awsEndpoints";
import type { AwsPlan } from "../../../components/plan/aws/model";
import type { Context } from "../../context";
import { ensurePulumiCli } from "../../engine/cli";
import { changesAlone, describeChanges } from "../../engine/events";
import { CommandFailure, ExitCode, type Report } from "../../outcome";
import { endedText, seatsTable, usdText } from "../../output/awsText";
import { findingsText, hasErrors } from "../../output/findings";
import { prepareBase } from "../../prepareBase";
import { refusal } from "../../refusal";
import { withStack } from "../../withStack";
import { afterKill } from "../afterKill";
import { decideAws, type AwsStackOnFile, type DecidedAwsStack } from "../awsStack";
import { deployedOf } from "../deployed";
import { upOnLadder } from "../fall";
import { hear } from "../hear";
import { needAmi, needAws } from "../needAws";
import { openAwsEngine } from "../openAws";
import { recordPlan } from "../record";
import { verdictsText, type HostVerdict } from "../verdicts";

export interface UpOptions {
  /** Go on without asking where running environments would end. */
  readonly yes: boolean;
}

/** `gpudev up` on AWS: makes the stack's hosts and environments what its file says. */
export function up(context: Context, stack: AwsStackOnFile, options: UpOptions): Promise<Report> {
  return withStack(context, stack.stack, "up", () => bringUp(context, stack, options));
}

async function bringUp(
  context: Context,
  stack: AwsStackOnFile,
  { yes }: UpOptions,
): Promise<Report> {
  const first = await decideAws(context, stack);
  if (hasErrors(first.findings)) throw refusal(first.findings);
  needAws(first);
  needAmi(first);
  if (first.findings.length > 0) context.say(findingsText(first.findings));
  const cli = await ensurePulumiCli(context.progress);
  recordPlan(context, first);
  if (first.plan.hosts.length > 0) await prepareBase(context, first);
  let plan: AwsPlan = first.plan;
  const engine = await openAwsEngine(context, first, cli, async () =>
    (await import("../../../components/deployAws.js")).deployAws(plan),
  );
  await afterKill(context, engine, first.plan);
  const heard = async (names: readonly string[]) =>
    hear(context, plan, deployedOf(await engine.exportState()), names);
  try {
    const { decided, changes } = await upOnLadder(
      context,
      engine,
      first,
      (next) => {
        plan = next;
      },
      { yes },
    );
    const deployed = deployedOf(await engine.exportState());
    const names = decided.plan.hosts.map(({ name }) => name);
    const verdicts = await hear(context, plan, deployed, names);
    return announce(context, decided, changes, verdicts, awsEndpoints(plan, deployed.hosts));
  } catch (error) {
    // A host that does not become ready ends the engine's wait, and has said why.
    if (error instanceof CommandFailure && /Association/.test(error.message))
      throw withWords(error, await heard(plan.hosts.map(({ name }) => name)));
    throw error;
  }
}

/** The engine's failure with what the hosts say of themselves, which is what a person can mend. */
function withWords(error: CommandFailure, verdicts: readonly HostVerdict[]): CommandFailure {
  const unready = verdicts.filter(({ ready, stopped }) => !ready && stopped !== true);
  if (unready.length === 0) return error;
  return new CommandFailure(
    ExitCode.failed,
    `${verdictsText(unready)}\n${error.message}`,
    "Mend what the host says and run this again; homes are untouched.",
    error.findings,
    { verdicts },
  );
}

function announce(
  context: Context,
  { stack, plan, findings }: DecidedAwsStack,
  changes: OpMap,
  verdicts: readonly HostVerdict[],
  endpoints: ReturnType<typeof awsEndpoints>,
): Report {
  const unready = verdicts.filter(({ ready, stopped }) => !ready && stopped !== true);
  const { perHour, perHourStopped, pricesAsOf } = plan.cost;
  context.print(`Stack ${stack}: ${describeChanges(changes, "done")}.`);
  const ended = endedText(plan);
  if (ended !== undefined) context.print(ended);
  if (verdicts.length > 0) context.print(`\n${verdictsText(verdicts)}`);
  if (plan.environments.length > 0) {
    context.print(`\n${seatsTable(plan)}`);
    context.print(
      `\n${usdText(perHour)} an hour while all hosts run, ${usdText(perHourStopped)} while they are stopped (prices of ${pricesAsOf}).`,
    );
    if (unready.length === 0)
      context.print(
        "A Jupyter link with its token: `gpudev open NAME`. A shell: `gpudev ssh NAME`. How they are: `gpudev status`.",
      );
  }
  // Without waiting, hosts may still be at it.
  const failed = plan.wait && unready.length > 0;
  if (unready.length > 0)
    context.say(
      failed
        ? "Not ready: mend what the host says, then `gpudev up` again; homes are untouched."
        : "Not ready yet, and not waited for (gpudev:aws.wait): `gpudev status` says how they are.",
    );
  return {
    stack,
    findings,
    ...(failed ? { exitCode: ExitCode.failed } : {}),
    changes: changesAlone(changes),
    environments: endpoints,
    hosts: plan.hosts.map(({ name, type, market, zone }) => ({
      name,
      type: type.type,
      market,
      zone,
    })),
    verdicts,
    cost: plan.cost,
    ...(ended === undefined ? {} : { ended: true }),
  };
}
