import type { Finding } from "../../settings/finding";
import type { Seat } from "../../settings/schema";
import { type Decided, error, groupBy } from "../findings";
import { hostName } from "./awsNames";
import type { PlannedHomes, PlannedHomesVolume } from "./model";
import type { AwsStack } from "./stack";

const GIB = 2 ** 30;
/** Largest gp3 volume that every region has, GiB (AWS EBS user guide: 16 TiB; some regions have more). */
const LARGEST = 16_384;

/** A quota in whole GiB. */
export function quotaGiB(settings: AwsStack): number {
  return Math.max(1, Math.ceil(settings.aws.homes.size / GIB));
}

/**
 * Homes of everybody who has a seat, leavers included. A host's volume has room for all its places
 * from the start, so that a newcomer changes no volume. It never becomes smaller than it is: EBS
 * volumes cannot.
 * @param sizeOf GiB that a host's volume has; 0 where there is none
 */
export function planHomes(
  settings: AwsStack,
  seats: Readonly<Record<string, Seat>>,
  places: number,
  zoneOf: (host: number) => string,
  sizeOf: (host: number) => number,
): Decided<PlannedHomes> {
  const { kind, snapshotsKept } = settings.aws.homes;
  const quota = quotaGiB(settings);
  const names = Object.keys(seats);
  const base = { kind, quotaGiB: quota, snapshotsKept };
  if (kind === "efs") {
    const { uid } = settings.image;
    const accessPoints = names
      .toSorted()
      .map((user) => ({ user, path: `/homes/${user}`, uid, gid: uid }));
    return { value: { ...base, volumes: [], accessPoints }, findings: [] };
  }
  const byHost = groupBy(names, (user) => seats[user]?.host ?? 0);
  const volumes = [...byHost]
    .toSorted(([a], [b]) => a - b)
    .map(([host, users]): PlannedHomesVolume => {
      const restored = settings.aws.homes.restored[hostName(host)];
      const least = Math.ceil((restored?.size ?? 0) / GIB);
      return {
        host,
        name: hostName(host),
        zone: zoneOf(host),
        sizeGiB: Math.max(quota * Math.max(places, users.length), sizeOf(host), least),
        ...(restored === undefined ? {} : { snapshot: restored.snapshot }),
        users,
      };
    });
  const large = volumes.find(({ sizeGiB }) => sizeGiB > LARGEST);
  const findings: Finding[] =
    large === undefined
      ? []
      : [
          error(
            "homes-too-large",
            "gpudev:aws.homes.size",
            `Homes of ${quota} GiB for ${Math.max(places, large.users.length)} users on one host come to ${large.sizeGiB} GiB, and a gp3 volume has ${LARGEST} at most`,
            `Write size: ${Math.floor(LARGEST / Math.max(places, large.users.length))}GiB or less, fewer usersPerHost, or homes.kind: efs.`,
          ),
        ];
  return { value: { ...base, volumes, accessPoints: [] }, findings };
}
