import type { AwsLookups } from "../../lookups/aws/model";
import type { Finding } from "../../settings/finding";
import { error, groupBy, listed } from "../findings";
import { hostName } from "./awsNames";
import type { AwsPlan, PlannedHomesVolume } from "./model";
import type { AwsStack } from "./stack";

const GIB = 2 ** 30;

/** A snapshot of homes. */
export interface HomesSnapshot {
  readonly id: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** `completed`, `pending`, `error`. */
  readonly state: string;
  /** Size of the volume that it was taken of. */
  readonly sizeGiB: number;
  /** Value of its `gpudev:homes` tag: the id of the stack whose homes it holds. */
  readonly stackId?: string;
  /** Value of its `gpudev:host` tag: the host whose homes it holds. */
  readonly host?: string;
}

/**
 * Hosts with more than one homes volume: a run was killed between making the second and putting the first
 * aside, or somebody copied the tags. Which one is in use nobody but a person can say.
 */
export function homesTwice(
  { id, region }: Pick<AwsPlan, "id" | "region">,
  { volumes }: Pick<AwsLookups, "volumes">,
): { readonly host: number; readonly finding: Finding }[] {
  if (!volumes.known) return [];
  const byHost = groupBy(volumes.value, ({ host }) => host);
  return [...byHost].flatMap(([host, twins]) => {
    if (twins.length < 2) return [];
    const each = twins.map((one) => `${one.id} (${one.zone}, ${one.sizeGiB} GiB)`);
    const finding = error(
      "homes-twice",
      "gpudev:aws.homes",
      `AWS has ${twins.length} volumes with the homes of ${hostName(host)}: ${listed(each)}`,
      `Look which one is in use (attached, or known to the stack's state), and put each other one aside, where it stays: aws ec2 create-tags --region ${region} --resources VOLUME --tags Key=gpudev:homes-before,Value=${id} && aws ec2 delete-tags --region ${region} --resources VOLUME --tags Key=gpudev:homes`,
    );
    return [{ host, finding }];
  });
}

/** The newest snapshot that is finished. */
export function newestOf(snapshots: readonly HomesSnapshot[]): HomesSnapshot | undefined {
  return snapshots
    .filter(({ state }) => state === "completed")
    .toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1))[0];
}

/** The homes volume that a name means: a host's, or the one that a user's home lies on. */
export type Named =
  | { readonly is: "host"; readonly volume: PlannedHomesVolume }
  /** A person asked for; all homes of a host move together. */
  | { readonly is: "user"; readonly volume: PlannedHomesVolume }
  | { readonly is: "unknown"; readonly hosts: readonly string[] };

/** Which homes a name means. */
export function homesNamed({ homes }: Pick<AwsPlan, "homes">, name: string): Named {
  const byHost = homes.volumes.find((volume) => volume.name === name);
  if (byHost !== undefined) return { is: "host", volume: byHost };
  const byUser = homes.volumes.find(({ users }) => users.includes(name));
  if (byUser !== undefined) return { is: "user", volume: byUser };
  return { is: "unknown", hosts: homes.volumes.map((volume) => volume.name) };
}

/** Where homes are restored, and from what. */
export interface Restored {
  /** `host-0`. */
  readonly host: string;
  readonly zone: string;
  readonly snapshot: string;
  readonly sizeGiB: number;
}

/** What the stack file records of homes. */
export interface HomesRecord {
  readonly restored: AwsStack["aws"]["homes"]["restored"];
  /** Zone of homes of new hosts. */
  readonly zone: string | undefined;
}

/**
 * What is recorded once a host's homes are restored. New hosts follow as soon as no host's homes are
 * anywhere else.
 * @param volumes homes of all hosts, with the zones that they have now
 */
export function restoredRecord(
  settings: AwsStack,
  { host, zone, snapshot, sizeGiB }: Restored,
  volumes: readonly Pick<PlannedHomesVolume, "name" | "zone">[],
): HomesRecord {
  const { homes } = settings.aws;
  const alone = volumes.every((other) => other.name === host || other.zone === zone);
  return {
    restored: { ...homes.restored, [host]: { zone, snapshot, size: sizeGiB * GIB } },
    zone: alone ? zone : homes.zone,
  };
}

/** Settings with it. */
export function withRestored(settings: AwsStack, { restored, zone }: HomesRecord): AwsStack {
  const { aws } = settings;
  const homes = { ...aws.homes, restored, ...(zone === undefined ? {} : { zone }) };
  return { ...settings, aws: { ...aws, homes } };
}

/** The same as values for the stack file. */
export function restoredValues({ host, zone, snapshot, sizeGiB }: Restored, record: HomesRecord) {
  return {
    [`gpudev:aws.homes.restored.${host}`]: { zone, snapshot, size: `${sizeGiB}GiB` },
    ...(record.zone === undefined ? {} : { "gpudev:aws.homes.zone": record.zone }),
  };
}

/** What AWS will answer once the old volume is none of the stack's any more. */
export function withoutVolume(lookups: AwsLookups, host: number): AwsLookups {
  if (!lookups.volumes.known) return lookups;
  const value = lookups.volumes.value.filter((volume) => volume.host !== host);
  return { ...lookups, volumes: { known: true, value } };
}
