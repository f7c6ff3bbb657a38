import { deploy } from "../../components/deploy";
import { endpointsOf } from "../../components/endpoints";
import type { Context } from "../context";
import { findPulumiCli } from "../engine/cli";
import { changesAlone, describeChanges } from "../engine/events";
import { clearLocks, engineOn } from "../engine/open";
import { operate } from "../engine/operate";
import { decide, loadStack, type DecidedStack } from "../loadStack";
import { stackName } from "../readStack";
import type { Report } from "../outcome";
import { refusal } from "../refusal";
import { findingsText, hasErrors } from "../output/findings";
import { planText } from "../output/planText";
import { withStack } from "../withStack";

/** What the engine would change; undefined where there is no Pulumi CLI at hand. */
async function changes(context: Context, decided: DecidedStack) {
  const cli = await findPulumiCli();
  if (cli === undefined) {
    context.say(
      "No Pulumi CLI is at hand, so what would change is not known. `gpudev up` gets one or says what to install.",
    );
    return undefined;
  }
  return withStack(context, decided.stack, "preview", async () => {
    await clearLocks(context, decided);
    const engine = await engineOn(context, decided, cli, () => deploy(decided.plan));
    return operate(context.progress, "Compare with what is there", false, (run) =>
      engine.preview(run),
    );
  });
}

/** `gpudev preview`: who sits where, on what, and what `gpudev up` would change. Changes nothing. */
export async function preview(context: Context): Promise<Report> {
  stackName(context);
  const decided = await decide(context, loadStack(context));
  const endpoints = endpointsOf(decided.plan);
  context.print(planText(decided.plan, endpoints));
  if (hasErrors(decided.findings)) throw refusal(decided.findings, { plan: decided.plan });
  if (decided.findings.length > 0) context.print(`\n${findingsText(decided.findings)}`);
  const compared = await changes(context, decided);
  if (compared !== undefined) {
    context.print(`\nChanges: ${describeChanges(compared.changes, "planned")}.`);
    if (compared.ended.length > 0)
      context.print(`What runs there ends (homes stay): ${compared.ended.join(", ")}.`);
  }
  return {
    stack: decided.stack,
    findings: decided.findings,
    plan: decided.plan,
    endpoints,
    ...(compared === undefined
      ? {}
      : { changes: changesAlone(compared.changes), ends: compared.ended }),
  };
}
