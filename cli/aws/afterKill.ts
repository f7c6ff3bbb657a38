import type { Deployment } from "@pulumi/pulumi/automation";
import type { Context } from "../context";
import { resourceName } from "../engine/events";
import { stateOf, withState } from "../engine/recover";
import type { Engine } from "../engine/workspace";
import { ec2In } from "./clients";
import { deployedOf } from "./deployed";
import { hostsNow } from "./hosts";
import type { HostNow } from "./hostStates";

/** What a killed run left open, by name. */
export function pendingOnes(deployment: Deployment): string[] {
  const pending = (stateOf(deployment).pending_operations ?? []) as readonly {
    readonly resource?: { readonly urn?: string };
  }[];
  return pending.map(({ resource }) => resourceName(resource?.urn ?? ""));
}

/** Machines of the stack that run and that its state does not know: they cost money and nobody manages them. */
export function strays(
  hosts: readonly Pick<HostNow, "instanceId" | "state">[],
  known: readonly string[],
): string[] {
  return hosts
    .filter(({ instanceId, state }) => state !== "stopped" && !known.includes(instanceId))
    .map(({ instanceId }) => instanceId);
}

/**
 * Puts right what a killed run left in the state, and names machines that it made and did not record.
 * They are not ended: another backend may know them.
 */
export async function afterKill(
  context: Context,
  engine: Engine,
  { region, id }: { readonly region: string; readonly id: string },
): Promise<void> {
  const deployment = await engine.exportState();
  const open = pendingOnes(deployment);
  if (open.length > 0) {
    await engine.importState(
      withState(deployment, { ...stateOf(deployment), pending_operations: [] }),
    );
    context.progress.note(
      `An earlier run was killed while it worked on ${open.join(", ")}: its open operations are dropped.`,
    );
  }
  const known = Object.values(deployedOf(deployment).hosts).map(({ instanceId }) => instanceId);
  const found = strays(await hostsNow(ec2In(region), id), known);
  if (found.length > 0)
    context.progress.note(
      `EC2 runs ${found.join(", ")} with this stack's id, which the stack's state does not know. If no other state does: aws ec2 terminate-instances --region ${region} --instance-ids ${found.join(" ")}`,
    );
}
