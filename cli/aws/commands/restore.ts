import type { EC2Client } from "@aws-sdk/client-ec2";
import type { PlannedHomesVolume } from "../../../components/plan/aws/model";
import {
  homesNamed,
  restoredRecord,
  restoredValues,
  withoutVolume,
  withRestored,
  type HomesSnapshot,
} from "../../../components/plan/aws/restore";
import { listed } from "../../../components/plan/findings";
import { confirmByName } from "../../confirm";
import type { Context } from "../../context";
import { resourceName } from "../../engine/events";
import { stateOf } from "../../engine/recover";
import { CommandFailure, ExitCode, type Report } from "../../outcome";
import { refusal } from "../../refusal";
import { hasErrors } from "../../output/findings";
import { withStack } from "../../withStack";
import { decideAws, type AwsStackOnFile, type DecidedAwsStack } from "../awsStack";
import { ec2In } from "../clients";
import { decidedOn, planEngine, type PlanEngine } from "../dayTwo";
import { VOLUME } from "../deployed";
import { droppedFromState } from "../dropFromState";
import { editStack } from "../editStack";
import { awsFailure } from "../failures";
import { hear } from "../hear";
import { deleteVolume, findPutAside, putAside } from "../homesVolumes";
import { ENGINEERS_POLICY, needAws } from "../needAws";
import { homesAt, namedSnapshot, takenNow, type Homes } from "../restoreSource";
import { startStopped, upOnce } from "../upOnce";
import { verdictsText } from "../verdicts";

export interface RestoreOptions {
  /** Zone to restore into. Default: the one that the homes are in. */
  readonly zone?: string;
  /** Snapshot to restore from. Default: one that is taken now; where that cannot be, the newest. */
  readonly snapshot?: string;
  /** Delete volumes of before, for good. */
  readonly deleteOld: boolean;
  /** Go on without asking. */
  readonly yes: boolean;
}

/**
 * `gpudev restore HOST`: makes a host's homes volume anew from a snapshot, in another zone or as it was
 * earlier. The volume of before stays until `--delete-old`.
 */
export function restore(
  context: Context,
  stack: AwsStackOnFile,
  name: string,
  options: RestoreOptions,
): Promise<Report> {
  if (stack.settings.aws.homes.kind === "efs")
    throw new CommandFailure(
      ExitCode.badInput,
      `Homes of stack ${stack.stack} are on EFS: they are in every zone already, and follow by themselves.`,
      "To move hosts, name another zone in gpudev:aws.hosts.ladder and run gpudev up.",
    );
  if (hasErrors(stack.findings)) throw refusal(stack.findings);
  return withStack(context, stack.stack, "restore", async () => {
    // Of the plan as it stands nothing is refused: that it no longer fits may be why this is run.
    const decided = await decideAws(context, stack);
    // The mistakes that can be seen without AWS come first.
    const volume = volumeNamed(decided, name);
    const restores = options.zone !== undefined || options.snapshot !== undefined;
    if (!restores && !options.deleteOld)
      throw new CommandFailure(
        ExitCode.badInput,
        `Where to should the homes of ${name} be restored, or to what?`,
        "Say --zone for another zone, or --snapshot for how they were earlier.",
      );
    needAws(decided);
    const homes = homesAt(decided, volume);
    const client = ec2In(decided.plan.region);
    return restores
      ? bringBack(context, client, decided, homes, options)
      : deleteOld(context, client, decided, homes, options.yes);
  });
}

function volumeNamed({ plan, stack }: DecidedAwsStack, name: string): PlannedHomesVolume {
  const named = homesNamed(plan, name);
  if (named.is === "host") return named.volume;
  if (named.is === "user") {
    const { name: host, users } = named.volume;
    const others = users.filter((user) => user !== name);
    throw new CommandFailure(
      ExitCode.badInput,
      `The home of ${name} lies on the volume of ${host}${others.length === 0 ? "" : `, with those of ${listed(others)}`}: all homes of a host are restored together.`,
      `Where that is meant, say gpudev restore ${host}. Single files come back by a volume from a snapshot (docs/aws.md, "A file is gone").`,
    );
  }
  throw new CommandFailure(
    ExitCode.badInput,
    `Stack ${stack} has no homes of \`${name}\`.`,
    named.hosts.length === 0
      ? "It has no homes yet: gpudev up makes them."
      : `Homes are those of ${listed(named.hosts)}.`,
  );
}

/** The stack as it will be, with the homes elsewhere. */
function target(decided: DecidedAwsStack, { planned }: Homes, zone: string, from: HomesSnapshot) {
  const { settings, plan, lookups } = decided;
  const restored = { host: planned.name, zone, snapshot: from.id, sizeGiB: from.sizeGiB };
  const record = restoredRecord(settings, restored, plan.homes.volumes);
  const without = { ...decided, lookups: withoutVolume(lookups, planned.host) };
  return {
    decided: decidedOn(without, withRestored(settings, record)),
    values: restoredValues(restored, record),
  };
}

/** Refuses what could not come up there, before anything is stopped. */
function checkTarget(decided: DecidedAwsStack, homes: Homes, zone: string): void {
  const sizeGiB = homes.volume?.sizeGiB ?? homes.planned.sizeGiB;
  const any = { id: "snap-0", startedAt: "", state: "completed", sizeGiB };
  const { findings, plan } = target(decided, homes, zone, any).decided;
  if (zone.slice(0, -1) !== plan.region || hasErrors(findings))
    throw refusal([
      ...(zone.slice(0, -1) === plan.region
        ? []
        : [
            {
              severity: "error" as const,
              code: "zone-elsewhere",
              path: "--zone",
              message: `${zone} is no zone of ${plan.region}.`,
              mend: `Write one such as ${plan.region}b.`,
            },
          ]),
      ...findings,
    ]);
}

async function bringBack(
  context: Context,
  client: EC2Client,
  decided: DecidedAwsStack,
  homes: Homes,
  options: RestoreOptions,
): Promise<Report> {
  const { planned, volume } = homes;
  const zone = options.zone ?? volume?.zone ?? planned.zone;
  if (options.snapshot === undefined && volume?.zone === zone)
    throw new CommandFailure(
      ExitCode.badInput,
      `The homes of ${planned.name} are in ${zone} already (${volume.id}).`,
      "gpudev up goes on from there. To have them as they were earlier, name a --snapshot.",
    );
  const begun = decided.settings.aws.homes.restored[planned.name];
  if (options.snapshot === undefined && volume === undefined && begun?.zone === zone)
    throw new CommandFailure(
      ExitCode.badInput,
      `The stack file says already that the homes of ${planned.name} are restored in ${zone}, from ${begun.snapshot}.`,
      `To go on with it: gpudev restore ${planned.name} --zone ${zone} --snapshot ${begun.snapshot}. To take another one, name that by --snapshot.`,
    );
  checkTarget(decided, homes, zone);
  const named =
    options.snapshot === undefined
      ? undefined
      : await namedSnapshot(client, decided, planned, options.snapshot);
  await confirmByName(options.yes, question(homes, zone, named), planned.name);
  const from = named ?? (await takenNow(context, client, decided, homes, options.yes));

  const { decided: next, values } = target(decided, homes, zone, from);
  const engine = await planEngine(context, next);
  // Recorded first: whatever ends this, the file says what is meant, and this command goes on with it.
  editStack(context, decided.file, values);
  // Put aside first: were the state to forget it before, a killed run would leave two volumes with the same tags.
  if (volume !== undefined)
    try {
      await putAside(client, volume.id, decided.plan.id);
    } catch (problem) {
      throw awsFailure(problem, `Putting ${volume.id} aside`, ENGINEERS_POLICY);
    }
  await forgetVolume(context, engine, planned);
  await upOnce(context, engine.engine, next, {
    yes: true,
    title: `Restore the homes of ${planned.name} in ${zone}`,
  });
  // Where the machine stayed, giving up the old volume has stopped it.
  const hosts = next.plan.hosts.flatMap(({ name }) => (name === planned.name ? [name] : []));
  await startStopped(context, next, hosts);
  const verdicts = await hear(context, next.plan, await engine.deployed(), hosts);
  context.print(`Homes of ${planned.name} are in ${zone}, from ${from.id} (${from.startedAt}).`);
  if (verdicts.length > 0) context.print(verdictsText(verdicts));
  const old = await putAway(context, client, decided, homes, options);
  return {
    stack: decided.stack,
    findings: next.findings,
    host: planned.name,
    zone,
    snapshot: from.id,
    verdicts,
    ...old,
  };
}

function question({ planned, volume }: Homes, zone: string, named: HomesSnapshot | undefined) {
  const source =
    named === undefined
      ? "from a snapshot that is taken now"
      : `as they were at ${named.startedAt} (${named.id}); what was written since is not in it`;
  return `This restores the homes of ${listed(planned.users)} (${planned.name}) in ${zone}, ${source}. What runs on ${planned.name} ends.${volume === undefined ? "" : ` The volume of now (${volume.id}, ${volume.zone}) stays as it is, and costs, until it is deleted.`}`;
}

/** Takes the old volume out of Pulumi's state: it is protected there, and stays. */
async function forgetVolume(
  context: Context,
  { engine }: PlanEngine,
  { name }: PlannedHomesVolume,
): Promise<void> {
  const deployment = await engine.exportState();
  const found = stateOf(deployment).resources?.find(
    ({ urn, type }) => type === VOLUME && resourceName(urn) === `gpudev-homes-${name}`,
  );
  if (found === undefined) return;
  await context.progress.step(`Let ${found.id ?? name} out of Pulumi's state`, () =>
    engine.importState(droppedFromState(deployment, found.urn)),
  );
}

/** Deletes the volume of before where that was asked for; else says how. */
async function putAway(
  context: Context,
  client: EC2Client,
  decided: DecidedAwsStack,
  { planned, volume }: Homes,
  { deleteOld: asked, yes }: RestoreOptions,
): Promise<Record<string, unknown>> {
  if (volume === undefined) return {};
  if (asked) {
    const { deleted } = await deleteOld(context, client, decided, { planned, volume }, yes);
    return { deleted };
  }
  context.print(
    `${volume.id} is kept as it was. Once nobody misses anything: gpudev restore ${planned.name} --delete-old`,
  );
  return { kept: volume.id };
}

/** Deletes the volumes of a host that were put aside. */
async function deleteOld(
  context: Context,
  client: EC2Client,
  { plan, stack }: DecidedAwsStack,
  { planned }: Homes,
  yes: boolean,
): Promise<Report> {
  try {
    const ids = await findPutAside(client, plan.id, planned.host);
    if (ids.length === 0) {
      context.print(`${planned.name} has no homes volume of before.`);
      return { stack, findings: [], host: planned.name, deleted: [] };
    }
    await confirmByName(
      yes,
      `This deletes ${listed(ids)}, the homes of ${planned.name} before they were restored, for good.`,
      planned.name,
    );
    for (const id of ids) await deleteVolume(client, id);
    context.print(`Deleted ${listed(ids)}.`);
    return { stack, findings: [], host: planned.name, deleted: ids };
  } catch (problem) {
    throw awsFailure(problem, "Deleting volumes of before", ENGINEERS_POLICY);
  }
}
