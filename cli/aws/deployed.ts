import type { Deployment } from "@pulumi/pulumi/automation";
import { resourceName } from "../engine/events";
import { stateOf, type StateResource } from "../engine/recover";
import { INSTANCE } from "./changes";

export const VOLUME = "aws:ebs/volume:Volume";
export const ACCESS_POINT = "aws:efs/accessPoint:AccessPoint";
const FILE_SYSTEM = "aws:efs/fileSystem:FileSystem";
const ATTACHMENT = "aws:ec2/volumeAttachment:VolumeAttachment";
const BUCKET = "aws:s3/bucket:Bucket";
const ASSOCIATION = "aws:ssm/association:Association";

/** A host as the state has it. */
interface DeployedHost {
  readonly instanceId: string;
  /** Public address, or the private one. */
  readonly address: string;
  readonly zone: string;
  /** Version of the document that it should have applied. */
  readonly version?: string;
}

/** What of a stack on AWS exists, by its state. */
export interface Deployed {
  /** By name, such as `host-0`. */
  readonly hosts: Readonly<Record<string, DeployedHost>>;
  /** Bucket of documents and verdicts. */
  readonly bucket?: string;
  /** Homes: volumes and what belongs to EFS. */
  readonly homes: readonly StateResource[];
  /** Homes volumes that no instance ever had, by the state. */
  readonly unattached: readonly StateResource[];
}

const text = (value: unknown) => (typeof value === "string" ? value : "");

function hostName(urn: string, part: string): string | undefined {
  return new RegExp(`^gpudev-(host-\\d+)-${part}$`).exec(resourceName(urn))?.[1];
}

/** Looks a stack's own things up in its state. */
export function deployedOf(deployment: Deployment): Deployed {
  const { resources = [] } = stateOf(deployment);
  const versions = new Map(
    resources.flatMap(({ urn, type, outputs }): [string, string][] => {
      const host = hostName(urn, "apply");
      const parameters = outputs?.parameters as Readonly<Record<string, unknown>> | undefined;
      return type === ASSOCIATION && host !== undefined ? [[host, text(parameters?.version)]] : [];
    }),
  );
  const hosts = resources.flatMap(({ urn, type, id, outputs }): [string, DeployedHost][] => {
    const host = hostName(urn, "instance");
    if (type !== INSTANCE || host === undefined || id === undefined) return [];
    const version = versions.get(host);
    const address = text(outputs?.publicIp) || text(outputs?.privateIp);
    const zone = text(outputs?.availabilityZone);
    return [[host, { instanceId: id, address, zone, ...(version ? { version } : {}) }]];
  });
  const attached = new Set(
    resources.flatMap(({ type, outputs }) =>
      type === ATTACHMENT ? [text(outputs?.volumeId)] : [],
    ),
  );
  const volumes = resources.filter(({ type }) => type === VOLUME);
  const bucket = resources.find(
    ({ urn, type }) => type === BUCKET && resourceName(urn) === "gpudev-control-hosts",
  )?.id;
  return {
    hosts: Object.fromEntries(hosts),
    ...(bucket === undefined ? {} : { bucket }),
    homes: resources.filter(({ type }) => [VOLUME, ACCESS_POINT, FILE_SYSTEM].includes(type)),
    unattached: volumes.filter(({ id }) => !attached.has(id ?? "")),
  };
}
