import type { Context } from "../context";
import { confirm } from "../confirm";
import { ensurePulumiCli } from "../engine/cli";
import { changesAlone, describeChanges } from "../engine/events";
import { clearLocks, engineOn } from "../engine/open";
import { operate } from "../engine/operate";
import { recover, stateOf } from "../engine/recover";
import { VOLUME } from "../engine/resourceTypes";
import { loadStack, rememberedSettings } from "../loadStack";
import { stackName } from "../readStack";
import type { Report } from "../outcome";
import { withStack } from "../withStack";

export interface DestroyOptions {
  readonly yes: boolean;
}

/** `gpudev destroy`: takes away a stack's environments and leaves the homes. */
export async function destroy(context: Context, options: DestroyOptions): Promise<Report> {
  const stack = stackName(context);
  return withStack(context, stack, "destroy", async () => {
    const loaded = loadStack(context);
    await confirm({
      yes: options.yes,
      question: `Take away all environments of stack ${stack}? What runs in them ends; homes stay.`,
      withoutTerminal: "go on",
    });
    const cli = await ensurePulumiCli(context.progress);
    await clearLocks(context, loaded);
    const engine = await engineOn(context, loaded, cli, () => undefined);
    const { id } = rememberedSettings(loaded).seats;
    const refresh =
      id !== undefined &&
      (await recover(
        engine,
        loaded.docker,
        { stack, id },
        context.progress,
        // All that runs was to end, and the question was asked.
        () => Promise.resolve(),
      ));
    const { changes } = await operate(
      context.progress,
      `Take away stack ${stack}`,
      refresh,
      (run) => engine.destroy(run),
    );
    const homes = (stateOf(await engine.exportState()).resources ?? []).flatMap(
      ({ type, id: name }) => (type === VOLUME && name !== undefined ? [name] : []),
    );
    context.print(`Stack ${stack}: ${describeChanges(changes, "done")}.`);
    if (homes.length > 0)
      context.print(
        `Kept: ${homes.join(", ")}. The next \`gpudev up\` goes on with them; \`gpudev forget NAME\` deletes one.`,
      );
    return { stack, findings: loaded.findings, changes: changesAlone(changes), homes };
  });
}
