import type { TorchBuild } from "../../catalog/model";
import { systemdUnit } from "../render/systemdUnit";
import { DIRECT_HTTPS } from "./access";
import { HOST_FOLDERS, parameterPrefix } from "./awsNames";
import { type HostDraft, type HostEnvironment, IMAGE } from "./documentModel";
import { planData } from "./environments";
import type { AwsEnvironment, PlannedHost, PlannedLifetime } from "./model";
import type { HostShape } from "./shape";
import type { AwsStack } from "./stack";

/** The first container toolkit without CVE-2026-24260 (NVIDIA bulletin 5850). */
const TOOLKIT_MIN = "1.19.1";
/** Driver that every build of the catalog needs at least, for an image whose build is not known. */
const DRIVER_MIN = "525.60.13";

/** What all documents of a stack have in common. */
export interface DraftParts {
  readonly settings: AwsStack;
  readonly id: string;
  readonly shape: HostShape;
  readonly lifetime: PlannedLifetime;
  readonly build?: TorchBuild;
}

function portOf({ profile }: AwsEnvironment, name: "jupyter" | "ssh"): number | undefined {
  return profile.ports.find((port) => port.name === name)?.published?.port;
}

function environmentOf(settings: AwsStack, environment: AwsEnvironment): HostEnvironment {
  const { user, seat, container, unit, home, network, labels, profile } = environment;
  const jupyter = portOf(environment, "jupyter");
  const ssh = portOf(environment, "ssh");
  const text = systemdUnit(
    {
      user,
      container,
      labels,
      network: network.name,
      subnet: network.subnet,
      gateway: network.gateway,
      profile,
      requiresMounts: settings.aws.homes.kind === "efs" ? [home.path] : [HOST_FOLDERS.homes],
    },
    IMAGE,
  );
  return {
    user,
    slot: seat.slot,
    container,
    home: { ...home, uid: profile.uid, gid: profile.gid },
    unitName: unit,
    unit: text,
    authorizedKeys: environment.authorizedKeys.map((line) => `${line}\n`).join(""),
    devices: profile.gpu?.devices ?? [],
    ports: {
      ...(jupyter === undefined ? {} : { jupyter }),
      ...(ssh === undefined ? {} : { ssh }),
    },
  };
}

function directOf(
  settings: AwsStack,
  host: string,
  environments: readonly AwsEnvironment[],
): HostDraft["direct"] {
  const { directFrom, domain } = settings.aws.access;
  if (directFrom.length === 0 || !settings.services.jupyter) return undefined;
  return {
    ...(domain === undefined ? {} : { name: `${host}.${domain}` }),
    sites: environments.flatMap((environment) => {
      const upstream = portOf(environment, "jupyter");
      if (upstream === undefined) return [];
      return [{ user: environment.user, listen: DIRECT_HTTPS + environment.seat.slot, upstream }];
    }),
  };
}

/** A host's document, without what only a deployment knows. It depends on nobody who sits on another host. */
export function hostDraft(
  { settings, id, shape, lifetime, build }: DraftParts,
  host: PlannedHost,
  environments: readonly AwsEnvironment[],
): HostDraft {
  const { type, sharing, mig } = shape;
  const direct = directOf(settings, host.name, environments);
  return {
    stack: settings.stack,
    id,
    host: host.name,
    region: settings.aws.region,
    checks: {
      driverMin: host.held?.driverMin ?? build?.driverFloor ?? DRIVER_MIN,
      toolkitMin: TOOLKIT_MIN,
      gpus: Math.max(1, Math.floor(type.gpus)),
    },
    gpu: {
      sharing,
      ...(mig === undefined ? {} : { mig }),
      modules: settings.aws.hosts.driverModules,
      fabricManager: type.nvswitch,
    },
    homes: { kind: settings.aws.homes.kind },
    parameters: `${parameterPrefix(id)}/${host.name}`,
    lifetime: {
      idleStop: lifetime.idleStop,
      ...(lifetime.until === undefined ? {} : { until: lifetime.until }),
      graceSeconds: lifetime.graceSeconds,
      maxLease: lifetime.maxLease,
    },
    data: planData(settings).map(({ bucket, prefix, path }) => ({ bucket, prefix, path })),
    ...(direct === undefined ? {} : { direct }),
    environments: environments.map((environment) => environmentOf(settings, environment)),
  };
}
