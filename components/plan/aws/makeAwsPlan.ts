import type { AwsLookups } from "../../lookups/aws/model";
import { orderFindings } from "../findings";
import { checkId, idOf } from "../identity";
import { resolveImage } from "../image";
import { checkDocuments, planAccess } from "./access";
import { checkAccount, checkBuilder, checkOtherTarget, checkRepository } from "./account";
import { planAmi } from "./ami";
import { awsPrefix, tagsOf } from "./awsNames";
import { instancePrice, planCost } from "./cost";
import { byHost, planData, planEnvironments } from "./environments";
import { checkFit } from "./fit";
import { planHomes } from "./homes";
import { hostDraft } from "./hostDraft";
import { checkHostRoles } from "./hostRole";
import { resolveLadder } from "./ladder";
import { planLifetime, recordedEnd } from "./lifetime";
import { awsMembers } from "./members";
import type { AwsEnvironment, AwsPlan, PlannedHost } from "./model";
import { placeOnHosts } from "./placement";
import { checkQuota } from "./quota";
import { planRepository } from "./repository";
import { checkReservation } from "./reservation";
import { homesTwice } from "./restore";
import { shapeOf } from "./shape";
import type { AwsStack } from "./stack";
import { checkTrial, trialOf } from "./trial";
import { planVpc, zonesWithSubnet } from "./vpc";
import { chooseZone, pinnedZones, usableZones } from "./zone";

const GIB = 2 ** 30;

/** Whether the stack was made before: only then may it be past its end. */
function isDeployed(settings: AwsStack, lookups: AwsLookups, id: string): boolean {
  if (settings.aws.homes.zone !== undefined) return true;
  if (lookups.volumes.known && lookups.volumes.value.length > 0) return true;
  if (lookups.instances.known && lookups.instances.value.some((one) => one.stackId === id)) {
    return true;
  }
  // What could not be asked is taken to exist: planning nothing costs nothing.
  const recorded = Object.keys(settings.seats).some((name) => name !== "id");
  return recorded && (!lookups.volumes.known || settings.aws.homes.kind === "efs");
}

/** Adds to each environment its part of what its host costs. */
function withPrices(
  environments: readonly AwsEnvironment[],
  hosts: readonly PlannedHost[],
): AwsEnvironment[] {
  const parts = new Map(
    hosts.map(({ index, pricePerHour = 0, users }) => [index, pricePerHour / users.length]),
  );
  return environments.map((environment) => ({
    ...environment,
    pricePerHour: Math.round((parts.get(environment.host) ?? 0) * 10_000) / 10_000,
  }));
}

function hostAt(hosts: readonly PlannedHost[], at: number, index: number): PlannedHost {
  const host = hosts[at];
  if (host?.index !== index) throw new Error(`the plan lost host ${index}`);
  return host;
}

/**
 * Decides everything about a stack on EC2: instance types, zone, hosts and who sits on them, network,
 * homes, access, each host's document, what it costs, and what will not work and why. Pure: the same
 * settings and lookups give the same plan. Nothing may be created while a finding is an error.
 */
export function makeAwsPlan(settings: AwsStack, lookups: AwsLookups): AwsPlan {
  const id = idOf(settings);
  const { stack, team } = settings;
  const { aws } = settings;
  const { value: members, findings: memberFindings } = awsMembers(settings);
  const ladder = resolveLadder(settings, lookups, members);
  const { current, rungs } = ladder.value;
  const shape = shapeOf(settings, current);
  const placed = placeOnHosts(settings, members, shape.value);
  const image = resolveImage(settings, lookups);
  const lifetime = planLifetime(settings, lookups.time, isDeployed(settings, lookups, id));

  const pinned = pinnedZones(settings, lookups);
  const usable = zonesWithSubnet(settings, lookups) ?? usableZones(settings, lookups);
  const zone = chooseZone(settings, lookups, ladder.value, pinned, usable);
  const zoneOf = (host: number) => pinned.byHost.get(host) ?? zone.value;
  const sizes = new Map(
    lookups.volumes.known ? lookups.volumes.value.map(({ host, sizeGiB }) => [host, sizeGiB]) : [],
  );
  const homes = planHomes(
    settings,
    placed.value.seats,
    shape.value.places,
    zoneOf,
    (host) => sizes.get(host) ?? 0,
  );
  const needed = [...new Set([zone.value, ...pinned.byHost.values()])].toSorted();
  const network = planVpc(settings, lookups, ladder.value, needed, id);
  const { value: ami, findings: amiFindings } = planAmi(settings, lookups);

  const environments = planEnvironments(
    settings,
    members,
    lifetime.value.ended ? new Map() : placed.value.users,
    shape.value,
    id,
  );
  const groups = byHost(environments.value);
  const price = instancePrice({ type: current.type, market: current.market }, lookups).usd;
  const hosts = groups.map(([index, name, on]): PlannedHost => ({
    index,
    name,
    ...trialOf(settings, index),
    type: current.type,
    market: current.market,
    zone: zoneOf(index),
    users: on.map(({ user }) => user),
    rootGiB: Math.max(1, Math.ceil(aws.hosts.rootVolume / GIB)),
    ...(aws.hosts.capacityReservation === undefined
      ? {}
      : { capacityReservation: aws.hosts.capacityReservation }),
    ...(aws.hosts.capacityBlock === undefined ? {} : { capacityBlock: aws.hosts.capacityBlock }),
    ...(price === undefined ? {} : { pricePerHour: price }),
  }));
  const cost = planCost(settings, lookups, {
    hosts,
    homes: homes.value,
    network: network.value,
    lifetime: lifetime.value,
  });
  const prefix = awsPrefix(stack, id);
  const seated = new Map(environments.value.map(({ user, seat }) => [user, seat]));
  const access = planAccess(settings, seated, shape.value, prefix, id);
  const repository = planRepository(settings, image.value.image, prefix);
  const draft = {
    settings,
    id,
    shape: shape.value,
    lifetime: lifetime.value,
    ...(image.value.build === undefined ? {} : { build: image.value.build }),
  };

  const findings = [
    ...checkAccount(settings, lookups),
    ...checkId(settings, lookups.time),
    ...checkOtherTarget(settings),
    ...memberFindings,
    ...ladder.findings,
    ...shape.findings,
    ...placed.findings,
    ...image.findings,
    ...checkBuilder(settings, lookups),
    ...checkFit(settings, rungs, current, image.value.build),
    ...zone.findings,
    ...network.findings,
    ...checkQuota(settings, lookups, current, hosts.length, id),
    ...checkReservation(settings, lookups, current, hosts.length, zone.value, id),
    ...amiFindings,
    ...checkTrial(
      settings,
      hosts.map(({ index }) => index),
    ),
    ...homes.findings,
    ...checkHostRoles(settings, hosts),
    ...(aws.homes.kind === "efs"
      ? []
      : homesTwice({ id, region: aws.region }, lookups).map(({ finding }) => finding)),
    ...environments.findings,
    ...checkDocuments(access),
    ...lifetime.findings,
    ...checkRepository(settings, lookups),
    ...cost.findings,
  ];
  return {
    stack,
    team,
    target: "aws",
    id,
    region: aws.region,
    ...(lookups.account.known ? { account: lookups.account.value.id } : {}),
    allowedAccounts: aws.accounts,
    tags: { ...aws.tags, ...tagsOf(stack, id, team) },
    ...(aws.permissionsBoundary === undefined
      ? {}
      : { permissionsBoundary: aws.permissionsBoundary }),
    prefix,
    network: network.value,
    ...(repository === undefined ? {} : { repository }),
    image: {
      ...image.value.image,
      ...(repository === undefined ? {} : { repository: repository.name, push: true }),
    },
    ami,
    driverModules: aws.hosts.driverModules,
    sharing: aws.hosts.sharing,
    ...(shape.value.mig === undefined ? {} : { migProfile: shape.value.mig.profile }),
    hosts,
    environments: withPrices(environments.value, hosts),
    homes: homes.value,
    lifetime: lifetime.value,
    access,
    data: planData(settings),
    cost: cost.value,
    documents: groups.map(([index, , on], at) => hostDraft(draft, hostAt(hosts, at, index), on)),
    wait: aws.wait,
    record: {
      ...(ami.id !== undefined && !ami.recorded ? { "gpudev:aws.hosts.ami.id": ami.id } : {}),
      ...(aws.homes.kind === "volume" &&
      aws.homes.zone === undefined &&
      homes.value.volumes.length > 0
        ? { "gpudev:aws.homes.zone": zone.value }
        : {}),
      ...recordedEnd(settings, lookups.time),
    },
    seats: placed.value.seats,
    findings: orderFindings(findings),
  };
}
