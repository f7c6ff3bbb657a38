import {
  CancelSpotInstanceRequestsCommand,
  type EC2Client,
  paginateDescribeInstances,
  paginateDescribeSpotInstanceRequests,
} from "@aws-sdk/client-ec2";
import { hostName } from "../../components/plan/aws/awsNames";
import type { Context } from "../context";
import { ec2In } from "./clients";
import { awsFailure } from "./failures";
import { ENGINEERS_POLICY } from "./needAws";

/** An instance with a stack's tag, as far as its Spot request is looked for. */
export interface SpotHost {
  /** `host-0`; absent where its tag names none. */
  readonly name?: string;
  readonly instanceId: string;
  /** The request that it was launched by. */
  readonly request?: string;
  /** It was terminated; EC2 shows such instances for about an hour. */
  readonly gone: boolean;
}

/** A Spot request that can still launch, start or hold an instance. */
export interface SpotRequest {
  readonly id: string;
  /** The instance that it has, or had last. */
  readonly instanceId?: string;
  /** Value of its own `gpudev:stack-id` tag. */
  readonly stackId?: string;
}

/** What is to be cancelled, and what that leaves. */
interface ToCancel {
  /** Requests, in order. */
  readonly requests: readonly string[];
  /** Hosts whose requests these are, by name. */
  readonly hosts: readonly string[];
  /** Instances that such a request has launched and that carry no stack's tag: cancelling does not end them. */
  readonly untracked: readonly string[];
}

/** Which requests of a stack are meant. */
export interface Which {
  readonly stackId: string;
  /** Hosts that go. Absent: all. Requests whose instance is terminated are always meant. */
  readonly hosts?: readonly string[];
  /** Requests that were the stack's before its instances went. */
  readonly earlier?: readonly string[];
}

/**
 * The Spot requests that have to go with their hosts: a persistent one launches another instance once its
 * own is terminated, without tags and unknown to any state. Pure.
 * @param live requests that are open, active or disabled
 */
export function requestsToCancel(
  instances: readonly SpotHost[],
  live: readonly SpotRequest[],
  { stackId, hosts, earlier = [] }: Which,
): ToCancel {
  const found = live.flatMap((request) => {
    const host = instances.find(
      (one) => one.request === request.id || one.instanceId === request.instanceId,
    );
    const leaves = hosts === undefined || (host?.name !== undefined && hosts.includes(host.name));
    const meant =
      host === undefined
        ? hosts === undefined && (request.stackId === stackId || earlier.includes(request.id))
        : host.gone || leaves;
    return meant ? [{ request, host }] : [];
  });
  const ours = new Set(instances.map(({ instanceId }) => instanceId));
  const names = found.flatMap(({ host }) => host?.name ?? []);
  return {
    requests: found.map(({ request }) => request.id).toSorted(),
    hosts: [...new Set(names)].toSorted(),
    untracked: found.flatMap(({ request: { instanceId } }) =>
      instanceId === undefined || ours.has(instanceId) ? [] : [instanceId],
    ),
  };
}

async function taggedInstances(client: EC2Client, stackId: string): Promise<SpotHost[]> {
  const input = { Filters: [{ Name: "tag:gpudev:stack-id", Values: [stackId] }] };
  const found: SpotHost[] = [];
  for await (const page of paginateDescribeInstances({ client }, input))
    for (const { Instances = [] } of page.Reservations ?? [])
      for (const { InstanceId = "", SpotInstanceRequestId, State, Tags } of Instances) {
        const index = Tags?.find(({ Key }) => Key === "gpudev:host")?.Value;
        found.push({
          instanceId: InstanceId,
          gone: State?.Name === "terminated",
          ...(index === undefined ? {} : { name: hostName(Number(index)) }),
          ...(SpotInstanceRequestId ? { request: SpotInstanceRequestId } : {}),
        });
      }
  return found;
}

/** Requests of the region that are not over. */
async function liveRequests(client: EC2Client): Promise<SpotRequest[]> {
  const input = { Filters: [{ Name: "state", Values: ["open", "active", "disabled"] }] };
  const found: SpotRequest[] = [];
  for await (const page of paginateDescribeSpotInstanceRequests({ client }, input))
    for (const { SpotInstanceRequestId = "", InstanceId, Tags } of page.SpotInstanceRequests ??
      []) {
      const stackId = Tags?.find(({ Key }) => Key === "gpudev:stack-id")?.Value;
      found.push({
        id: SpotInstanceRequestId,
        ...(InstanceId ? { instanceId: InstanceId } : {}),
        ...(stackId === undefined ? {} : { stackId }),
      });
    }
  return found;
}

/**
 * Cancels Spot requests of a stack, before their instances are removed or once they are. Cancelling does not end
 * an instance that runs.
 * @returns the requests that were cancelled
 * @throws CommandFailure where EC2 cannot be asked or refuses: nothing may be removed then
 */
export async function cancelSpotRequests(
  context: Context,
  region: string,
  which: Which,
): Promise<readonly string[]> {
  const client = ec2In(region);
  try {
    const live = await liveRequests(client);
    if (live.length === 0) return [];
    const instances = await taggedInstances(client, which.stackId);
    const { requests, hosts, untracked } = requestsToCancel(instances, live, which);
    if (requests.length === 0) return [];
    const whose = hosts.length === 0 ? requests.join(", ") : hosts.join(", ");
    await client.send(
      new CancelSpotInstanceRequestsCommand({ SpotInstanceRequestIds: [...requests] }),
    );
    context.progress.note(
      `Cancelled the Spot requests of ${whose}, so that none outlives its host.`,
    );
    if (untracked.length > 0)
      context.progress.note(
        `A Spot request that outlived its host has launched ${untracked.join(", ")}, which no stack manages. If nobody needs it: aws ec2 terminate-instances --region ${region} --instance-ids ${untracked.join(" ")}`,
      );
    return requests;
  } catch (problem) {
    throw awsFailure(problem, "Cancelling the stack's Spot requests", ENGINEERS_POLICY);
  }
}
