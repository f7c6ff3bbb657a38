import {
  DescribeAvailabilityZonesCommand,
  DescribeCapacityReservationsCommand,
  DescribeImagesCommand,
  DescribeInstanceTypeOfferingsCommand,
  type EC2Client,
  type Instance,
  paginateDescribeInstances,
  paginateDescribeVolumes,
  type Tag,
} from "@aws-sdk/client-ec2";
import { findInstanceType } from "../../catalog";
import { isMissing } from "./ask";
import type { AmiDetails, HomesVolume, ReservationFacts, RunningInstance } from "./model";

export const STACK_TAG = "gpudev:stack-id";
const HOST_TAG = "gpudev:host";
/** On homes volumes and their snapshots: the stack's id. */
const HOMES_TAG = "gpudev:homes";

/** Value of a tag. */
export function tagOf(tags: readonly Tag[] | undefined, key: string): string | undefined {
  return tags?.find(({ Key }) => Key === key)?.Value;
}

/** Zones of the region that this account may use, in order. */
export async function readZones(ec2: EC2Client, abortSignal: AbortSignal): Promise<string[]> {
  const { AvailabilityZones = [] } = await ec2.send(
    new DescribeAvailabilityZonesCommand({ Filters: [{ Name: "state", Values: ["available"] }] }),
    { abortSignal },
  );
  return AvailabilityZones.flatMap(({ ZoneName }) => ZoneName ?? []).toSorted();
}

/** Zones that offer each of some types, in order; a type that no zone offers has none. */
export async function readOfferings(
  ec2: EC2Client,
  types: readonly string[],
  abortSignal: AbortSignal,
): Promise<Record<string, string[]>> {
  const zones: Record<string, string[]> = Object.fromEntries(types.map((type) => [type, []]));
  let NextToken: string | undefined;
  do {
    const page = await ec2.send(
      new DescribeInstanceTypeOfferingsCommand({
        LocationType: "availability-zone",
        Filters: [{ Name: "instance-type", Values: [...types] }],
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
      { abortSignal },
    );
    for (const { InstanceType, Location } of page.InstanceTypeOfferings ?? []) {
      if (Location !== undefined) zones[InstanceType ?? ""]?.push(Location);
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined && NextToken !== "");
  return Object.fromEntries(Object.entries(zones).map(([type, all]) => [type, all.toSorted()]));
}

function vcpusOf({ CpuOptions, InstanceType }: Instance): number {
  const { CoreCount, ThreadsPerCore } = CpuOptions ?? {};
  if (CoreCount !== undefined && ThreadsPerCore !== undefined) return CoreCount * ThreadsPerCore;
  return findInstanceType(InstanceType ?? "")?.vcpus ?? 0;
}

/** Instances that count against quotas. */
export async function readInstances(
  client: EC2Client,
  abortSignal: AbortSignal,
): Promise<RunningInstance[]> {
  const input = { Filters: [{ Name: "instance-state-name", Values: ["pending", "running"] }] };
  const found: RunningInstance[] = [];
  for await (const page of paginateDescribeInstances({ client }, input, { abortSignal })) {
    for (const instance of (page.Reservations ?? []).flatMap(({ Instances = [] }) => Instances)) {
      const stackId = tagOf(instance.Tags, STACK_TAG);
      found.push({
        id: instance.InstanceId ?? "",
        type: instance.InstanceType ?? "",
        zone: instance.Placement?.AvailabilityZone ?? "",
        market: instance.InstanceLifecycle === "spot" ? "spot" : "on-demand",
        vcpus: vcpusOf(instance),
        ...(stackId === undefined ? {} : { stackId }),
      });
    }
  }
  return found;
}

/** Homes volumes of a stack. */
export async function readVolumes(
  client: EC2Client,
  stackId: string,
  abortSignal: AbortSignal,
): Promise<HomesVolume[]> {
  const input = { Filters: [{ Name: `tag:${HOMES_TAG}`, Values: [stackId] }] };
  const found: HomesVolume[] = [];
  for await (const page of paginateDescribeVolumes({ client }, input, { abortSignal })) {
    for (const { VolumeId = "", AvailabilityZone = "", Size = 0, Tags } of page.Volumes ?? []) {
      const host = tagOf(Tags, HOST_TAG);
      if (host === undefined || !/^\d+$/.test(host)) continue;
      found.push({ id: VolumeId, zone: AvailabilityZone, host: Number(host), sizeGiB: Size });
    }
  }
  return found.toSorted((a, b) => a.host - b.host);
}

/** An AMI; undefined where there is none, or none any more. */
export async function readAmiDetails(
  ec2: EC2Client,
  id: string,
  abortSignal: AbortSignal,
): Promise<AmiDetails | undefined> {
  try {
    const { Images: [found] = [] } = await ec2.send(
      new DescribeImagesCommand({ ImageIds: [id], IncludeDeprecated: true }),
      { abortSignal },
    );
    if (found === undefined) return undefined;
    return { id, name: found.Name ?? "", created: found.CreationDate ?? "" };
  } catch (problem) {
    if (isMissing(problem)) return undefined;
    throw problem;
  }
}

/** A capacity reservation or Capacity Block; undefined where there is none. */
export async function readReservation(
  ec2: EC2Client,
  id: string,
  abortSignal: AbortSignal,
): Promise<ReservationFacts | undefined> {
  try {
    const { CapacityReservations: [found] = [] } = await ec2.send(
      new DescribeCapacityReservationsCommand({ CapacityReservationIds: [id] }),
      { abortSignal },
    );
    if (found === undefined) return undefined;
    return {
      id,
      type: found.InstanceType ?? "",
      zone: found.AvailabilityZone ?? "",
      state: found.State ?? "",
      available: found.AvailableInstanceCount ?? 0,
      total: found.TotalInstanceCount ?? 0,
      ...(found.EndDate === undefined ? {} : { endsAt: found.EndDate.toISOString() }),
    };
  } catch (problem) {
    if (isMissing(problem)) return undefined;
    throw problem;
  }
}
