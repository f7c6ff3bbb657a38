import { quotaUse } from "../../../components/plan/aws/quota";
import type { Context } from "../../context";
import { findPulumiCli } from "../../engine/cli";
import { changesAlone, describeChanges } from "../../engine/events";
import type { Report } from "../../outcome";
import { awsPlanText } from "../../output/awsText";
import { findingsText, hasErrors } from "../../output/findings";
import { refusal } from "../../refusal";
import { withStack } from "../../withStack";
import { decideAws, type AwsStackOnFile, type DecidedAwsStack } from "../awsStack";
import { openAwsEngine } from "../openAws";
import { compare, type Compared } from "../upOnce";

/** What the engine would change; undefined where it cannot be asked, and why is said. */
async function changes(context: Context, decided: DecidedAwsStack): Promise<Compared | undefined> {
  const { lookups, plan } = decided;
  if (!lookups.account.known) {
    context.say("AWS could not be asked, so what would change is not known.");
    return undefined;
  }
  const cli = await findPulumiCli();
  if (cli === undefined) {
    context.say(
      "No Pulumi CLI is at hand, so what would change is not known. `gpudev up` gets one or says what to install.",
    );
    return undefined;
  }
  return withStack(context, decided.stack, "preview", async () => {
    const engine = await openAwsEngine(context, decided, cli, async () =>
      (await import("../../../components/deployAws.js")).deployAws(plan),
    );
    return compare(context, engine);
  });
}

/**
 * `gpudev preview` on AWS: who would sit where, what it costs, what was found, and what `gpudev up` would
 * change. Without a login it is still made, and says what could not be checked. Changes nothing.
 */
export async function preview(context: Context, stack: AwsStackOnFile): Promise<Report> {
  const decided = await decideAws(context, stack);
  const { plan, findings } = decided;
  const [host] = plan.hosts;
  const quota =
    host === undefined ? undefined : quotaUse(decided.lookups, host, plan.hosts.length, plan.id);
  context.print(awsPlanText(plan, quota));
  if (hasErrors(findings)) throw refusal(findings, { plan });
  if (findings.length > 0) context.print(`\n${findingsText(findings)}`);
  const compared = await changes(context, decided);
  if (compared !== undefined) {
    context.print(`\nChanges: ${describeChanges(compared.changes, "planned")}.`);
    if (compared.ends.length > 0)
      context.print(`What runs there ends (homes stay): ${compared.ends.join(", ")}.`);
  }
  return {
    stack: decided.stack,
    findings,
    plan,
    ...(quota === undefined ? {} : { quota }),
    ...(compared === undefined
      ? {}
      : { changes: changesAlone(compared.changes), ends: compared.ends }),
  };
}
