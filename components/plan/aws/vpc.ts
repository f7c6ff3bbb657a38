import type { AwsLookups, SubnetFacts, VpcFacts } from "../../lookups/aws/model";
import type { Finding } from "../../settings/finding";
import { type Decided, error, hint, listed, warning } from "../findings";
import { type Block, overlap, toAddress, toBlock } from "../ipv4";
import type { Ladder } from "./ladder";
import type { PlannedSubnet, PlannedVpc } from "./model";
import type { AwsStack } from "./stack";
import { offeredIn, usableZones, zoneLetter } from "./zone";

/** AWS services that a host talks to, beside S3, which has a gateway endpoint. */
const SERVICES = ["ssm", "ssmmessages", "ec2messages", "ecr.api", "ecr.dkr"] as const;
/** And where users are lent credentials. */
const LENDING = ["sts"] as const;
/** A range is cut into eight: one part for each zone letter, so that a new zone moves no other, the last for NAT. */
const PARTS = 8;
const PATH = "gpudev:aws.network";

function part(range: string, index: number): string {
  const whole = toBlock(range) ?? { first: 0, last: PARTS - 1 };
  const size = (whole.last - whole.first + 1) / PARTS;
  return `${toAddress(whole.first + index * size)}/${32 - Math.log2(size)}`;
}

function subnetIn(range: string, zone: string): PlannedSubnet {
  const key = zoneLetter(zone);
  return { zone, key, cidr: part(range, (key.charCodeAt(0) - 97) % (PARTS - 1)) };
}

/**
 * Zones that get a subnet: those that settings list, else those that offer a type of the ladder, two
 * at least; always those that hosts and homes are in.
 */
function zonesOf(
  settings: AwsStack,
  lookups: AwsLookups,
  ladder: Ladder,
  needed: readonly string[],
): string[] {
  const usable = usableZones(settings, lookups);
  const offered = ladder.rungs.map(({ type }) => offeredIn(lookups.offerings, type.type));
  const chosen =
    settings.aws.zones ??
    usable.filter((zone) => offered.some((zones) => zones === undefined || zones.includes(zone)));
  const all = new Set([...needed, ...chosen]);
  for (const zone of usable) if (all.size < 2) all.add(zone);
  return [...all].toSorted();
}

/** A range of the same size in 10.0.0.0/8 that nothing known uses. */
function freeRange(range: string, used: readonly Block[]): string {
  const bits = range.split("/")[1] ?? "20";
  for (let second = 64; second < 64 + 256; second += 1) {
    const candidate = `10.${second % 256}.0.0/${bits}`;
    const block = toBlock(candidate);
    if (block && !used.some((other) => overlap(other, block))) return candidate;
  }
  return `172.20.0.0/${bits}`;
}

const blocksOf = (ranges: readonly string[]) => ranges.flatMap((range) => toBlock(range) ?? []);

/** Whether containers' networks or other VPCs use the same addresses. */
function checkRanges(
  settings: AwsStack,
  lookups: AwsLookups,
  ranges: readonly string[],
  id: string,
): Finding[] {
  const own = blocksOf(ranges);
  const containers = blocksOf([settings.networks.range]);
  const vpcs = lookups.vpcs.known ? lookups.vpcs.value : [];
  const findings: Finding[] = [];
  if (own.some((a) => containers.some((b) => overlap(a, b)))) {
    findings.push(
      error(
        "range-overlap",
        "gpudev:networks.range",
        `The containers' networks (${settings.networks.range}) overlap the VPC (${ranges.join(", ")}): environments could not reach what stands there`,
        `Write networks.range: ${freeRange("10.0.0.0/16", [...own, ...vpcs.flatMap((vpc) => blocksOf(vpc.ranges))])}.`,
      ),
    );
  }
  if (settings.aws.network.vpcId !== undefined) return findings;
  const others = vpcs.filter(
    (vpc) => vpc.stackId !== id && blocksOf(vpc.ranges).some((a) => own.some((b) => overlap(a, b))),
  );
  if (others.length > 0) {
    const names = others.map((vpc) =>
      vpc.name === undefined ? vpc.id : `${vpc.id} (${vpc.name})`,
    );
    const used = [...vpcs.flatMap((vpc) => blocksOf(vpc.ranges)), ...containers];
    findings.push(
      warning(
        "vpc-overlap",
        `${PATH}.range`,
        `${settings.aws.network.range} overlaps ${listed(names)}: the two could never be connected`,
        `Write range: ${freeRange(settings.aws.network.range, used)} before the stack is made, or leave it where they need not meet.`,
      ),
    );
  }
  return findings;
}

function ownVpc(
  settings: AwsStack,
  lookups: AwsLookups,
  ladder: Ladder,
  needed: readonly string[],
): Decided<PlannedVpc> {
  const { range, private: isPrivate, egress } = settings.aws.network;
  const subnets = zonesOf(settings, lookups, ladder, needed).map((zone) => subnetIn(range, zone));
  const [first] = subnets;
  const nat = isPrivate && egress === "nat";
  const endpoints = isPrivate && egress === "endpoints";
  const findings: Finding[] = [];
  if (endpoints && settings.aws.hosts.ami.kind === "ubuntu") {
    findings.push(
      error(
        "no-archive",
        `${PATH}.egress`,
        "On plain Ubuntu gpudev installs driver and Docker from the distribution's archive, which endpoints do not reach",
        "Write egress: nat, or ami: {kind: deep-learning}.",
      ),
    );
  }
  if (endpoints) {
    findings.push(
      hint(
        "no-internet",
        `${PATH}.egress`,
        "With endpoints alone environments reach no package index, no git server and no data outside AWS",
        "Nothing to do if that is meant; egress: nat opens the way out.",
      ),
    );
  }
  const value: PlannedVpc = {
    range,
    subnets,
    existingSubnets: {},
    private: isPrivate,
    egress: isPrivate ? egress : "internet-gateway",
    ...(nat && first !== undefined
      ? { natSubnet: { zone: first.zone, key: "nat", cidr: part(range, PARTS - 1) } }
      : {}),
    interfaceEndpoints: endpoints
      ? [...SERVICES, ...(settings.aws.data.length > 0 ? LENDING : [])]
      : [],
    endpointZones: endpoints ? needed : [],
  };
  return { value, findings };
}

/** Why what stands in a subnet cannot reach SSM, ECR and S3; absent where it can. */
function noWayOut(vpc: VpcFacts, subnet: SubnetFacts, isPrivate: boolean): string | undefined {
  if (subnet.defaultRoute === "nat" || subnet.defaultRoute === "other") return undefined;
  if (subnet.defaultRoute === "internet-gateway") {
    return isPrivate
      ? "its default route is an internet gateway, which a host without a public address cannot use"
      : undefined;
  }
  const missing = [...SERVICES.filter((name) => name !== "ec2messages"), "s3"].filter(
    (name) => !vpc.endpoints.includes(name),
  );
  if (missing.length > 0)
    return `it has no default route, and the VPC no endpoint for ${listed(missing)}`;
  return vpc.dnsSupport ? undefined : "its endpoints cannot be found: the VPC's DNS support is off";
}

function chosenSubnets(settings: AwsStack, vpc: VpcFacts): Decided<readonly SubnetFacts[]> {
  const { subnetIds } = settings.aws.network;
  const findings: Finding[] = [];
  const chosen = vpc.subnets.filter(({ id }) => subnetIds === undefined || subnetIds.includes(id));
  (subnetIds ?? []).forEach((id, index) => {
    if (vpc.subnets.some((subnet) => subnet.id === id)) return;
    findings.push(
      error(
        "no-such-subnet",
        `${PATH}.subnetIds[${index}]`,
        `${vpc.id} has no subnet ${id}`,
        `Take one of ${listed(vpc.subnets.map((subnet) => `${subnet.id} (${subnet.zone})`))}.`,
      ),
    );
  });
  return { value: chosen, findings };
}

function existingVpc(
  settings: AwsStack,
  vpcId: string,
  facts: VpcFacts | undefined,
  needed: readonly string[],
): Decided<PlannedVpc> {
  const { range, private: isPrivate } = settings.aws.network;
  const plan: PlannedVpc = {
    vpcId,
    range: facts?.ranges[0] ?? range,
    subnets: [],
    existingSubnets: {},
    private: isPrivate,
    egress: "existing",
    interfaceEndpoints: [],
    endpointZones: [],
  };
  if (facts === undefined) return { value: plan, findings: [] };
  const { value: subnets, findings } = chosenSubnets(settings, facts);
  const found = [...findings];
  const byZone: Record<string, string> = {};
  for (const zone of [...new Set(subnets.map((subnet) => subnet.zone))].toSorted()) {
    const inZone = subnets.filter((subnet) => subnet.zone === zone);
    // The first that leads out; a VPC may have closed subnets beside open ones.
    const open = inZone.find((subnet) => noWayOut(facts, subnet, isPrivate) === undefined);
    const [first] = inZone;
    byZone[zone] = open?.id ?? first?.id ?? "";
    if (open === undefined && first !== undefined && needed.includes(zone)) {
      found.push(
        error(
          "no-egress",
          `${PATH}.vpcId`,
          `Hosts in ${first.id} (${zone}) could not reach SSM and ECR: ${noWayOut(facts, first, isPrivate) ?? ""}`,
          isPrivate
            ? "Give the subnet a NAT gateway, or the VPC interface endpoints for ssm, ssmmessages, ecr.api and ecr.dkr and a gateway endpoint for s3."
            : "Give the subnet a default route to an internet gateway or a NAT gateway, or let gpudev make a VPC (leave vpcId out).",
        ),
      );
    }
  }
  for (const zone of needed.filter((one) => byZone[one] === undefined)) {
    found.push(
      error(
        "no-subnet-in-zone",
        `${PATH}.vpcId`,
        `Hosts are to stand in ${zone}, and ${vpcId} has ${subnets.length === 0 ? "no subnet" : `subnets in ${listed(Object.keys(byZone))} only`}`,
        "Add a subnet there, or take a zone that has one.",
      ),
    );
  }
  return { value: { ...plan, existingSubnets: byZone }, findings: found };
}

/** The network, and what speaks against it. `needed` are the zones that hosts and homes are in. */
export function planVpc(
  settings: AwsStack,
  lookups: AwsLookups,
  ladder: Ladder,
  needed: readonly string[],
  id: string,
): Decided<PlannedVpc> {
  const { vpcId } = settings.aws.network;
  if (vpcId === undefined) {
    const { value, findings } = ownVpc(settings, lookups, ladder, needed);
    return { value, findings: [...findings, ...checkRanges(settings, lookups, [value.range], id)] };
  }
  const answer = lookups.vpc;
  const facts = answer?.known ? answer.value : undefined;
  const { value, findings } = existingVpc(settings, vpcId, facts, needed);
  if (answer?.known !== true || facts !== undefined) {
    const ranges = facts?.ranges ?? [];
    return { value, findings: [...findings, ...checkRanges(settings, lookups, ranges, id)] };
  }
  const missing = error(
    "no-such-vpc",
    `${PATH}.vpcId`,
    `There is no VPC ${vpcId} in ${settings.aws.region}`,
    "Correct it, or leave vpcId out, and the stack makes one.",
  );
  return { value, findings: [...findings, missing] };
}

/** Zones of an existing VPC that have a subnet; absent where any zone will do. */
export function zonesWithSubnet(settings: AwsStack, lookups: AwsLookups): string[] | undefined {
  const facts = lookups.vpc?.known ? lookups.vpc.value : undefined;
  if (settings.aws.network.vpcId === undefined || facts === undefined) return undefined;
  const { value } = chosenSubnets(settings, facts);
  return [...new Set(value.map(({ zone }) => zone))].toSorted();
}
