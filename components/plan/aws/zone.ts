import type { Answer } from "../../lookups/model";
import type { AwsLookups } from "../../lookups/aws/model";
import type { Finding } from "../../settings/finding";
import { type Decided, error, listed, warning } from "../findings";
import { hostName } from "./awsNames";
import type { Ladder, Rung } from "./ladder";
import type { AwsStack } from "./stack";

/** A zone's letter, `a` of `eu-west-1a`. */
export function zoneLetter(zone: string): string {
  return zone.slice(-1);
}

/** Zones of the region itself; local zones and Wavelength zones have longer names. */
function usual(region: string, zones: readonly string[]): string[] {
  return zones.filter((zone) => zone.length === region.length + 1).toSorted();
}

/** Zones that the stack may use: the settings' own, else those of the region, else the two that every region has. */
export function usableZones(settings: AwsStack, lookups: AwsLookups): readonly string[] {
  const { zones, region } = settings.aws;
  if (zones !== undefined) return [...new Set(zones)].toSorted();
  const known = lookups.zones.known ? usual(region, lookups.zones.value) : [];
  return known.length > 0 ? known : [`${region}a`, `${region}b`];
}

/** Zones that offer a type; absent where that could not be asked. */
export function offeredIn(
  offerings: Answer<Readonly<Record<string, readonly string[]>>>,
  type: string,
): readonly string[] | undefined {
  return offerings.known ? (offerings.value[type] ?? []) : undefined;
}

/** Number of `host-0`. */
function hostNumber(name: string): number {
  return Number(name.slice(name.lastIndexOf("-") + 1));
}

/** Zones that the homes are bound to: a volume cannot leave its zone. */
export interface PinnedZones {
  /** The zone that the stack file records, or that the first volume is in: that of new hosts. */
  readonly zone?: string;
  /** Zones of volumes that exist or are restored, by host. */
  readonly byHost: ReadonlyMap<number, string>;
}

/** Where homes are that exist already. */
export function pinnedZones(settings: AwsStack, lookups: AwsLookups): PinnedZones {
  const { kind, zone, restored } = settings.aws.homes;
  if (kind === "efs") return { byHost: new Map() };
  const volumes = lookups.volumes.known ? lookups.volumes.value : [];
  const byHost = new Map(Object.entries(restored).map(([name, to]) => [hostNumber(name), to.zone]));
  for (const volume of volumes) byHost.set(volume.host, volume.zone);
  const first = zone ?? byHost.get(Math.min(...byHost.keys()));
  return { byHost, ...(first === undefined ? {} : { zone: first }) };
}

function checkHomes(settings: AwsStack, lookups: AwsLookups): Finding[] {
  const { kind, zone: usual, restored } = settings.aws.homes;
  if (kind === "efs" || !lookups.volumes.known) return [];
  return lookups.volumes.value.flatMap(({ host, zone }) => {
    const moved = restored[hostName(host)];
    const said = moved?.zone ?? usual;
    if (said === undefined || said === zone) return [];
    return [
      error(
        "homes-elsewhere",
        moved === undefined
          ? "gpudev:aws.homes.zone"
          : `gpudev:aws.homes.restored.${hostName(host)}.zone`,
        `The stack file says that homes are in ${said}, and those of host ${host} are in ${zone}`,
        `Write zone: ${zone}; to move homes, restore them from a snapshot with gpudev restore ${hostName(host)} --zone ${said}.`,
      ),
    ];
  });
}

function notOffered(
  rung: Rung,
  zone: string,
  offered: readonly string[],
  pinned: boolean,
): Finding {
  return error(
    "type-not-in-zone",
    pinned || rung.zone === undefined ? rung.path : rung.zonePath,
    `${zone} does not offer ${rung.type.type}; ${listed(offered)} ${offered.length === 1 ? "does" : "do"}`,
    pinned
      ? `The homes are in ${zone}: take a type that it offers, or restore each host's homes into another zone with gpudev restore <host> --zone ${offered[0] ?? ""}.`
      : `Write zone: ${offered[0] ?? ""} there, or leave the zone out.`,
  );
}

function checkRung(
  rung: Rung,
  current: boolean,
  settings: AwsStack,
  lookups: AwsLookups,
  pinned: readonly string[],
): Finding[] {
  const { region } = settings.aws;
  const offered = offeredIn(lookups.offerings, rung.type.type);
  if (offered === undefined) return [];
  const zones = usableZones(settings, lookups);
  const findings: Finding[] = [];
  if (offered.length === 0) {
    findings.push(
      error(
        "type-not-in-region",
        rung.path,
        `${region} does not offer ${rung.type.type} to this account`,
        "Take another type or another region.",
      ),
    );
  } else if (pinned.length > 0) {
    const missing = pinned.filter((zone) => !offered.includes(zone));
    findings.push(...missing.map((zone) => notOffered(rung, zone, offered, true)));
  } else if (rung.zone !== undefined) {
    if (!offered.includes(rung.zone)) findings.push(notOffered(rung, rung.zone, offered, false));
  } else if (!offered.some((zone) => zones.includes(zone))) {
    findings.push(
      error(
        "type-not-in-zone",
        rung.path,
        `None of ${listed(zones)} offers ${rung.type.type}; ${listed(offered)} ${offered.length === 1 ? "does" : "do"}`,
        `Add ${offered[0] ?? ""} to gpudev:aws.zones, or take another type.`,
      ),
    );
  }
  // A step that is not in use may wait until it is.
  return current ? findings : findings.map((one) => ({ ...one, severity: "warning" }));
}

function checkWritten(settings: AwsStack, lookups: AwsLookups): Finding[] {
  if (!lookups.zones.known) return [];
  const known = lookups.zones.value;
  const { zones, homes, hosts } = settings.aws;
  const written: (readonly [string, string])[] = [
    ...(zones ?? []).map((zone, index) => [zone, `gpudev:aws.zones[${index}]`] as const),
    ...(homes.zone === undefined ? [] : [[homes.zone, "gpudev:aws.homes.zone"] as const]),
    ...(hosts.ladder ?? []).flatMap(({ zone }, index) =>
      zone === undefined ? [] : [[zone, `gpudev:aws.hosts.ladder[${index}].zone`] as const],
    ),
  ];
  return written
    .filter(([zone]) => !known.includes(zone))
    .map(([zone, path]) =>
      error(
        "no-such-zone",
        path,
        `This account has no zone ${zone} in ${settings.aws.region}`,
        `Take one of ${listed(known, 9)}.`,
      ),
    );
}

function checkPinned({ current }: Ladder, pinned: string | undefined): Finding[] {
  if (pinned === undefined || current.zone === undefined || current.zone === pinned) return [];
  return [
    error(
      "zone-pinned",
      current.zonePath,
      `This step of the ladder is in ${current.zone}, and the homes are in ${pinned}: a volume cannot follow`,
      `Write zone: ${pinned} or leave it out, or restore each host's homes with gpudev restore <host> --zone ${current.zone}.`,
    ),
  ];
}

/** The zone of new hosts, and what speaks against it and against the zones of the ladder. */
export function chooseZone(
  settings: AwsStack,
  lookups: AwsLookups,
  ladder: Ladder,
  pinned: PinnedZones,
  usable: readonly string[] = usableZones(settings, lookups),
): Decided<string> {
  const { current, rungs } = ladder;
  const offered = offeredIn(lookups.offerings, current.type.type);
  const reservation = lookups.reservation?.known ? lookups.reservation.value?.zone : undefined;
  const free = offered === undefined ? usable : usable.filter((zone) => offered.includes(zone));
  const zone =
    pinned.zone ??
    current.zone ??
    reservation ??
    free[0] ??
    offered?.[0] ??
    usable[0] ??
    `${settings.aws.region}a`;
  const bound = [
    ...new Set([...(pinned.zone === undefined ? [] : [pinned.zone]), ...pinned.byHost.values()]),
  ];
  const beyond =
    settings.aws.zones !== undefined && !settings.aws.zones.includes(zone)
      ? [
          warning(
            "zone-not-listed",
            "gpudev:aws.zones",
            `Hosts stand in ${zone}, which gpudev:aws.zones does not list`,
            `Add ${zone} to it.`,
          ),
        ]
      : [];
  return {
    value: zone,
    findings: [
      ...checkWritten(settings, lookups),
      ...checkHomes(settings, lookups),
      ...checkPinned(ladder, pinned.zone),
      ...rungs.flatMap((rung) => checkRung(rung, rung === current, settings, lookups, bound)),
      ...beyond,
    ],
  };
}
