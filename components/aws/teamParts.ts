import type { AwsPlan, PlannedHost } from "../plan/aws/model";
import type { AccessUser } from "./access";
import type { GpuHostArgs } from "./gpuHost";
import type { GpuNetworkArgs } from "./gpuNetwork";
import type { LifetimeArgs } from "./lifetime";

/** The permissions boundary as arguments take it: absent where there is none. */
export function boundaryOf({ permissionsBoundary }: AwsPlan): {
  readonly permissionsBoundary?: string;
} {
  return permissionsBoundary === undefined ? {} : { permissionsBoundary };
}

/** A plan's network. */
export function networkOf(plan: AwsPlan): GpuNetworkArgs {
  const { directFrom, directPorts } = plan.access;
  return { ...plan.network, region: plan.region, directFrom, directPorts };
}

type PlainHostArgs = Pick<
  GpuHostArgs,
  | "capacityBlock"
  | "capacityReservation"
  | "data"
  | "fixedAddress"
  | "host"
  | "instanceType"
  | "parameters"
  | "permissionsBoundary"
  | "publicAddress"
  | "region"
  | "rootGiB"
  | "spot"
  | "tags"
  | "wait"
  | "zone"
>;

/**
 * What of a host's arguments the plan alone decides.
 * @throws Error where the plan has no document for the host
 */
export function hostOf(plan: AwsPlan, host: PlannedHost): PlainHostArgs {
  const { parameters, data } = documentOf(plan, host.name);
  const open = !plan.network.private;
  return {
    host: host.name,
    region: plan.region,
    zone: host.zone,
    instanceType: host.type.type,
    spot: host.market === "spot",
    rootGiB: host.rootGiB,
    publicAddress: open,
    // A name or a known address has to lead to the host after every stop.
    fixedAddress: open && plan.access.directFrom.length > 0,
    ...(host.capacityBlock === undefined ? {} : { capacityBlock: host.capacityBlock }),
    ...(host.capacityReservation === undefined
      ? {}
      : { capacityReservation: host.capacityReservation }),
    ...boundaryOf(plan),
    tags: { ...plan.tags, "gpudev:host": String(host.index) },
    parameters,
    data,
    wait: plan.wait,
  };
}

/**
 * The document of a host, without what only a deployment knows.
 * @throws Error where the plan has none
 */
export function documentOf(plan: AwsPlan, host: string): AwsPlan["documents"][number] {
  const found = plan.documents.find((one) => one.host === host);
  if (found === undefined) throw new Error(`the plan has no document for ${host}`);
  return found;
}

/** Where a host publishes the root certificate of its private CA; undefined where it has none. */
export function authorityFolder(plan: AwsPlan, host: string): string | undefined {
  const { parameters, direct } = documentOf(plan, host);
  return direct === undefined || direct.name !== undefined ? undefined : `${parameters}/ca`;
}

/** Users and where their environments are. */
export function accessUsers(plan: AwsPlan): AccessUser[] {
  const indexes = new Map(plan.hosts.map(({ index, name }) => [name, index]));
  return plan.documents.flatMap(({ host, parameters, environments }) =>
    environments.map(({ user, slot }) => ({
      user,
      slot,
      host: indexes.get(host) ?? 0,
      parameters: `${parameters}/${user}`,
    })),
  );
}

/** What of the lifetime's arguments the plan alone decides. */
export function lifetimeOf(plan: AwsPlan): Omit<LifetimeArgs, "account" | "instances"> {
  const { until, ended, hours, budget } = plan.lifetime;
  return {
    region: plan.region,
    stackId: plan.id,
    ended,
    ...(until === undefined ? {} : { until }),
    ...(hours === undefined ? {} : { hours }),
    ...(budget === undefined ? {} : { budget }),
    homesOnVolumes: plan.homes.kind === "volume",
    ...boundaryOf(plan),
  };
}
