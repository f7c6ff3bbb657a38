import { confirm } from "../../confirm";
import type { Context } from "../../context";
import { ensurePulumiCli } from "../../engine/cli";
import { changesAlone, describeChanges } from "../../engine/events";
import { operate } from "../../engine/operate";
import type { Report } from "../../outcome";
import { withStack } from "../../withStack";
import type { AwsStackOnFile } from "../awsStack";
import { deployedOf } from "../deployed";
import { homesLeft, homesLeftText } from "../homesCost";
import { openAwsEngine } from "../openAws";
import { requireBackend } from "../needAws";
import { deletePublished } from "../published";
import { rememberedSeats } from "../rememberedSeats";
import { cancelSpotRequests } from "../spotRequests";

export interface DestroyOptions {
  readonly yes: boolean;
}

/** `gpudev destroy` on AWS: takes away hosts, network and all else, and leaves the homes. */
export function destroy(
  context: Context,
  stack: AwsStackOnFile,
  { yes }: DestroyOptions,
): Promise<Report> {
  return withStack(context, stack.stack, "destroy", async () => {
    const findings = requireBackend(stack, context.env);
    await confirm({
      yes,
      question: `Take away all hosts of stack ${stack.stack}? What runs on them ends; homes stay.`,
      withoutTerminal: "go on",
    });
    const cli = await ensurePulumiCli(context.progress);
    const engine = await openAwsEngine(context, stack, cli, () => Promise.resolve({}));
    const { id: stackId } = rememberedSeats(stack);
    const { region } = stack.settings.aws;
    const earlier =
      stackId === undefined ? [] : await cancelSpotRequests(context, region, { stackId });
    const { changes } = await operate(
      context.progress,
      `Take away stack ${stack.stack}`,
      false,
      (run) => engine.destroy(run),
    );
    const left = homesLeft(deployedOf(await engine.exportState()).homes);
    context.print(`Stack ${stack.stack}: ${describeChanges(changes, "done")}.`);
    const text = homesLeftText(left);
    if (text !== undefined) context.print(text);
    if (stackId !== undefined) {
      // Whatever was open while the machines went.
      await cancelSpotRequests(context, region, { stackId, earlier });
      await deletePublished(context, region, stackId);
    }
    return { stack: stack.stack, findings, changes: changesAlone(changes), ...left };
  });
}
