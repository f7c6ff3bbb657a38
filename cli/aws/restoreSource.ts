import type { EC2Client } from "@aws-sdk/client-ec2";
import { reasonOf } from "../../components/lookups/aws/ask";
import type { HomesVolume } from "../../components/lookups/aws/model";
import type { PlannedHomesVolume } from "../../components/plan/aws/model";
import { homesTwice, newestOf, type HomesSnapshot } from "../../components/plan/aws/restore";
import { confirmByName } from "../confirm";
import type { Context } from "../context";
import { CommandFailure, ExitCode } from "../outcome";
import { refusal } from "../refusal";
import type { DecidedAwsStack } from "./awsStack";
import { awsFailure } from "./failures";
import { findSnapshots, stopHost, takeSnapshot } from "./homesVolumes";
import { findHosts } from "./hostStates";
import { ENGINEERS_POLICY } from "./needAws";

/** What is restored: a host's homes, as the plan and AWS have them. */
export interface Homes {
  readonly planned: PlannedHomesVolume;
  /** The volume in use; absent where AWS has none. */
  readonly volume: HomesVolume | undefined;
}

/**
 * The homes of a host as AWS has them.
 * @throws CommandFailure where that could not be asked, or where AWS has two such volumes
 */
export function homesAt({ plan, lookups }: DecidedAwsStack, planned: PlannedHomesVolume): Homes {
  if (lookups.volumes.known) {
    const twice = homesTwice(plan, lookups).filter(({ host }) => host === planned.host);
    if (twice.length > 0) throw refusal(twice.map(({ finding }) => finding));
    return { planned, volume: lookups.volumes.value.find(({ host }) => host === planned.host) };
  }
  throw new CommandFailure(
    ExitCode.failed,
    `Homes could not be asked of AWS: ${lookups.volumes.because}.`,
    ENGINEERS_POLICY,
  );
}

async function asked(client: EC2Client, by: Parameters<typeof findSnapshots>[1]) {
  try {
    return await findSnapshots(client, by);
  } catch (problem) {
    if (problem instanceof Error && /NotFound|Malformed/.test(problem.name)) return [];
    throw awsFailure(problem, "Asking EC2 for snapshots", ENGINEERS_POLICY);
  }
}

/**
 * The snapshot that a person names.
 * @throws CommandFailure (bad input) where it is not there, not finished, or of other homes
 */
export async function namedSnapshot(
  client: EC2Client,
  { plan }: DecidedAwsStack,
  { host, name }: PlannedHomesVolume,
  id: string,
): Promise<HomesSnapshot> {
  const [found] = await asked(client, { id });
  if (found?.state !== "completed")
    throw new CommandFailure(
      ExitCode.badInput,
      `${id} is ${found === undefined ? `no snapshot of ${plan.region}` : found.state}.`,
      "Name one that is finished; without --snapshot one is taken now.",
    );
  if (found.stackId === plan.id && found.host === String(host)) return found;
  const held =
    found.stackId === undefined
      ? "no homes that gpudev knows of"
      : found.stackId === plan.id
        ? `homes of ${found.host === undefined ? "no host that it names" : `host-${found.host}`}`
        : `homes of the stack with the id ${found.stackId}`;
  throw new CommandFailure(
    ExitCode.badInput,
    `${id} holds ${held}, not those of ${name}.`,
    `If it does hold these, say so: aws ec2 create-tags --resources ${id} --tags Key=gpudev:homes,Value=${plan.id} Key=gpudev:host,Value=${host} --region ${plan.region}`,
  );
}

/** Stops the host, so that all is written to disk, and takes a snapshot of its homes. */
async function finalSnapshot(
  context: Context,
  client: EC2Client,
  { plan }: DecidedAwsStack,
  { planned, volume }: Homes & { readonly volume: HomesVolume },
): Promise<HomesSnapshot> {
  const host = (await findHosts(client, plan.id)).find((one) => one.name === planned.name);
  if (host !== undefined)
    await context.progress.step(`Stop ${host.name}`, () => stopHost(client, host));
  return context.progress.step(`Take a snapshot of ${volume.id}`, () =>
    takeSnapshot(client, { ...volume, stackId: plan.id }),
  );
}

/** The newest snapshot, where none can be taken; what was written since is lost, so that has to be said. */
async function newest(
  client: EC2Client,
  { plan }: DecidedAwsStack,
  { planned }: Homes,
  because: string,
  yes: boolean,
): Promise<HomesSnapshot> {
  const found = newestOf(await asked(client, { stackId: plan.id, host: planned.host }));
  const none = `No snapshot of the homes of ${planned.name} can be taken: ${because}`;
  if (found === undefined)
    throw new CommandFailure(
      ExitCode.failed,
      `${none}; and there is no older one.`,
      "Nothing was changed. Mend what it says, or name a snapshot that holds them (--snapshot).",
    );
  const lost = `${none}. The newest is ${found.id} of ${found.startedAt}; what was written since would be lost.`;
  if (yes)
    throw new CommandFailure(
      ExitCode.failed,
      lost,
      `Where that is meant, say --snapshot ${found.id}.`,
    );
  await confirmByName(false, lost, found.id);
  return found;
}

/**
 * The snapshot to restore from: of the homes as they are now, where that can be; else the newest, which a
 * person has to agree to.
 */
export async function takenNow(
  context: Context,
  client: EC2Client,
  decided: DecidedAwsStack,
  homes: Homes,
  yes: boolean,
): Promise<HomesSnapshot> {
  const { volume } = homes;
  if (volume === undefined) return newest(client, decided, homes, "AWS has no such volume", yes);
  try {
    return await finalSnapshot(context, client, decided, { ...homes, volume });
  } catch (problem) {
    return newest(client, decided, homes, reasonOf(problem), yes);
  }
}
