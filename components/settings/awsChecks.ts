import type { AwsSettings } from "./awsSchema";
import type { Finding } from "./finding";
import { error, pathText } from "./problems";
import type { Settings, User } from "./schema";

const AWS = "gpudev:aws";
/** Half of all IPv4 addresses: nobody's own range is as large. */
const WORLD = 2 ** 31;

const warning = (path: string, code: string, message: string, mend: string): Finding => ({
  severity: "warning",
  code,
  path,
  message,
  mend,
});

const hint = (path: string, code: string, message: string, mend: string): Finding => ({
  ...warning(path, code, message, mend),
  severity: "hint",
});

interface Range {
  readonly first: number;
  readonly size: number;
  /** The same range, written from where it begins. */
  readonly aligned: string;
  readonly bits: number;
}

function rangeOf(cidr: string): Range {
  const [address = "", prefix = "32"] = cidr.split("/");
  const bits = Number(prefix);
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - bits);
  const first = Math.floor(number / size) * size;
  const dotted = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".");
  return { first, size, aligned: `${dotted}/${bits}`, bits };
}

/** How many addresses ranges cover together. */
function covered(ranges: readonly Range[]): number {
  let end = 0;
  let sum = 0;
  for (const { first, size } of ranges.toSorted((a, b) => a.first - b.first)) {
    const from = Math.max(first, end);
    const to = first + size;
    if (to > from) sum += to - from;
    end = Math.max(end, to);
  }
  return sum;
}

function unaligned(cidr: string, path: string): Finding[] {
  const { aligned } = rangeOf(cidr);
  if (aligned === cidr) return [];
  return [
    error(
      path,
      "range-unaligned",
      `${cidr} does not begin where a /${cidr.split("/")[1] ?? ""} begins.`,
      `Write ${aligned}.`,
    ),
  ];
}

function checkAccess({ access }: AwsSettings): Finding[] {
  const { directFrom, allowWorld, domain } = access;
  const path = `${AWS}.access.directFrom`;
  const findings = directFrom.flatMap((cidr, index) => unaligned(cidr, `${path}[${index}]`));
  const world = covered(directFrom.map(rangeOf)) >= WORLD;
  if (world && !allowWorld)
    findings.push(
      error(
        path,
        "world",
        `${directFrom.join(", ")} lets the whole internet reach Jupyter and SSH.`,
        "Name the ranges that people come from, or leave it out: SSM needs no open port. Insist with `allowWorld: true` beside it.",
      ),
    );
  if (!world && allowWorld)
    findings.push(
      hint(
        `${AWS}.access.allowWorld`,
        "world-nowhere",
        "`allowWorld` does nothing: `directFrom` does not hold the whole internet.",
        "Take it out.",
      ),
    );
  if (domain !== undefined && directFrom.length === 0)
    findings.push(
      hint(
        `${AWS}.access.domain`,
        "domain-unused",
        "A domain does nothing without direct access: SSM goes by instance.",
        "Name ranges under `directFrom` too, or take the domain out.",
      ),
    );
  if (domain !== undefined && directFrom.length > 0 && !world)
    findings.push(
      hint(
        `${AWS}.access.domain`,
        "acme-from-anywhere",
        "Certificates by ACME are checked from anywhere over port 80, which `directFrom` keeps closed to all but its ranges.",
        "Let Caddy prove the name by DNS, or leave the domain out: a private CA needs nobody from outside.",
      ),
    );
  return findings;
}

function checkNetwork({ network }: AwsSettings): Finding[] {
  const { vpcId, subnetIds, range, private: isPrivate, egress } = network;
  const path = `${AWS}.network`;
  const findings: Finding[] = [];
  if (vpcId === undefined) {
    const { bits } = rangeOf(range);
    findings.push(...unaligned(range, `${path}.range`));
    if (bits < 16 || bits > 22)
      findings.push(
        error(
          `${path}.range`,
          "range-size",
          `${range} is a /${bits}; a VPC of gpudev's is cut into eight parts and takes /16 to /22.`,
          `Write ${range.split("/")[0] ?? ""}/20.`,
        ),
      );
  }
  if (subnetIds !== undefined && vpcId === undefined)
    findings.push(
      error(
        `${path}.subnetIds`,
        "subnets-without-vpc",
        "Subnets are named without their VPC.",
        "Name it as `vpcId`.",
      ),
    );
  if (egress === "endpoints" && !isPrivate)
    findings.push(
      error(
        `${path}.egress`,
        "egress-of-public",
        "`egress: endpoints` is for private hosts, and these have public addresses.",
        "Write `private: true` beside it, or take it out.",
      ),
    );
  return findings;
}

function checkZones({ region, zones, homes, hosts }: AwsSettings): Finding[] {
  const written: (readonly [string | undefined, string])[] = [
    ...(zones ?? []).map((zone, index) => [zone, `${AWS}.zones[${index}]`] as const),
    [homes.zone, `${AWS}.homes.zone`],
    ...Object.entries(homes.restored).map(
      ([host, { zone }]) => [zone, `${AWS}.homes.restored.${host}.zone`] as const,
    ),
    ...(hosts.ladder ?? []).map(
      ({ zone }, index) => [zone, `${AWS}.hosts.ladder[${index}].zone`] as const,
    ),
  ];
  return written
    .filter(([zone]) => zone !== undefined && zone.slice(0, -1) !== region)
    .map(([zone, path]) =>
      error(
        path,
        "zone-elsewhere",
        `${zone ?? ""} is no zone of ${region}.`,
        `Write one such as ${region}a, or another region.`,
      ),
    );
}

function checkHosts({ hosts }: AwsSettings): Finding[] {
  const { capacityBlock, capacityReservation, ladder } = hosts;
  const findings: Finding[] = [];
  if (capacityBlock !== undefined && capacityReservation !== undefined)
    findings.push(
      error(
        `${AWS}.hosts.capacityBlock`,
        "two-reservations",
        "A host runs in one reservation, and two are named.",
        "Keep `capacityBlock` or `capacityReservation`.",
      ),
    );
  const reserved = capacityBlock === undefined ? "capacityReservation" : "capacityBlock";
  if ((capacityBlock ?? capacityReservation) !== undefined)
    (ladder ?? []).forEach(({ market }, index) => {
      if (market === "spot")
        findings.push(
          error(
            `${AWS}.hosts.ladder[${index}].market`,
            "spot-in-reservation",
            "A spot instance cannot run in reserved capacity.",
            `Write \`market: on-demand\`, or take \`${reserved}\` out.`,
          ),
        );
    });
  return findings;
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch (problem) {
    if (problem instanceof RangeError) return false;
    throw problem;
  }
}

function checkHours({ hours }: AwsSettings): Finding[] {
  if (hours === undefined) return [];
  const findings: Finding[] = [];
  if (hours.start === hours.stop)
    findings.push(
      error(
        `${AWS}.hours.stop`,
        "no-hours",
        `Hosts would stop when they start, at ${hours.stop}.`,
        "Give a later time; an earlier one is the next day's.",
      ),
    );
  if (!isTimezone(hours.timezone))
    findings.push(
      error(
        `${AWS}.hours.timezone`,
        "no-timezone",
        `There is no time zone ${hours.timezone}.`,
        "Write one as IANA names it, such as Europe/Berlin or UTC.",
      ),
    );
  return findings;
}

/** Most tags of a resource, less those that gpudev adds (AWS tagging reference: 50). */
const MOST_TAGS = 40;

function checkTags({ tags }: AwsSettings): Finding[] {
  const path = `${AWS}.tags`;
  const findings: Finding[] = [];
  for (const [key, value] of Object.entries(tags)) {
    const place = pathText(path, [key]);
    const reserved = /^(aws|gpudev):/i.exec(key)?.[1];
    if (reserved !== undefined)
      findings.push(
        error(
          place,
          "reserved-tag",
          `Tags that begin with ${reserved}: are not yours to set.`,
          "Give another name.",
        ),
      );
    const bad = /[^\p{L}\p{Z}\p{N}_.:/=+\-@]/u;
    if (key.length === 0 || key.length > 128 || value.length > 256 || bad.test(key + value))
      findings.push(
        error(
          place,
          "bad-tag",
          "A tag's name has 1 to 128 characters and its value up to 256: letters, digits, spaces and _.:/=+-@.",
          "Shorten it, or leave other signs out.",
        ),
      );
  }
  if (Object.keys(tags).length > MOST_TAGS)
    findings.push(
      error(
        path,
        "too-many-tags",
        `AWS takes 50 tags, and gpudev needs some of them; these are ${Object.keys(tags).length}.`,
        `Name ${MOST_TAGS} at most.`,
      ),
    );
  return findings;
}

function checkData({ data }: AwsSettings): Finding[] {
  const key = ({ bucket, prefix = "" }: AwsSettings["data"][number]) => `${bucket}/${prefix}`;
  return data.flatMap((one, index) => {
    const same = data.findIndex((other) => key(other) === key(one));
    if (same === index) return [];
    return [
      warning(
        `${AWS}.data[${index}]`,
        "same-data",
        `This is ${AWS}.data[${same}] again.`,
        "Take one of them out.",
      ),
    ];
  });
}

function checkPrincipals(
  users: readonly Pick<User, "name" | "principal">[],
  paths: (name: string) => string,
): Finding[] {
  const holders = new Map<string, string>();
  return users.flatMap(({ name, principal }) => {
    if (principal === undefined) return [];
    const holder = holders.get(principal);
    holders.set(principal, holder ?? name);
    if (holder === undefined) return [];
    return [
      warning(
        `${paths(name)}.principal`,
        "shared-principal",
        `${name} and ${holder} are the same principal: each can enter the other's environment.`,
        "Give each user a principal of their own.",
      ),
    ];
  });
}

/** Problems of a stack on AWS that show in its settings alone. `written` says whether `gpudev:aws` stands there at all. */
export function checkAws(
  settings: Pick<Settings, "target" | "aws">,
  users: readonly Pick<User, "name" | "principal">[],
  paths: (name: string) => string,
  written: boolean,
): Finding[] {
  const { target, aws } = settings;
  if (target !== "aws") {
    if (aws === undefined) return [];
    return [
      hint(
        AWS,
        "aws-unused",
        `\`gpudev:aws\` does nothing while the target is ${target}.`,
        "Write `gpudev:target: aws`, or take the section out.",
      ),
    ];
  }
  if (aws === undefined) {
    if (written) return [];
    return [
      error(
        AWS,
        "aws-missing",
        "The target is aws, and nothing says where.",
        "Add `gpudev:aws: {region: eu-west-1}` with your region.",
      ),
    ];
  }
  return [
    ...checkZones(aws),
    ...checkNetwork(aws),
    ...checkHosts(aws),
    ...checkAccess(aws),
    ...checkHours(aws),
    ...checkTags(aws),
    ...checkData(aws),
    ...checkPrincipals(users, paths),
  ];
}
