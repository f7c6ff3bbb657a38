import {
  type EC2Client,
  paginateDescribeSpotInstanceRequests,
  StartInstancesCommand,
  waitUntilInstanceRunning,
} from "@aws-sdk/client-ec2";
import { awsFailure } from "./failures";
import { findHosts, type HostNow } from "./hostStates";
import { ENGINEERS_POLICY } from "./needAws";
import { isSpotState, isTakenBack, SpotTakenBack } from "./notStarted";

/** Longest time that an instance may take from stopped to running, seconds. */
const START_SECONDS = 600;
/** A Spot request follows a stop of its instance within minutes; until then EC2 refuses to start it. */
const SPOT_SETTLES_MS = 5 * 60_000;
const POLL_MS = 5_000;

/**
 * The hosts of a stack that are there.
 * @throws CommandFailure where EC2 cannot be asked
 */
export async function hostsNow(client: EC2Client, stackId: string): Promise<HostNow[]> {
  try {
    return await findHosts(client, stackId);
  } catch (problem) {
    throw awsFailure(problem, "Asking EC2 for the stack's hosts", ENGINEERS_POLICY);
  }
}

/**
 * @throws SpotTakenBack where EC2 has stopped one of the instances for want of Spot capacity
 */
async function refuseTakenBack(client: EC2Client, ids: readonly string[]): Promise<void> {
  const input = { Filters: [{ Name: "state", Values: ["open", "active", "disabled"] }] };
  for await (const page of paginateDescribeSpotInstanceRequests({ client }, input))
    for (const { InstanceId = "", Status } of page.SpotInstanceRequests ?? []) {
      const status = Status?.Code ?? "";
      if (ids.includes(InstanceId) && isTakenBack(status))
        throw new SpotTakenBack(status, InstanceId);
    }
}

async function sendStart(client: EC2Client, InstanceIds: string[]): Promise<void> {
  for (const end = Date.now() + SPOT_SETTLES_MS; ;) {
    try {
      await client.send(new StartInstancesCommand({ InstanceIds }));
      return;
    } catch (problem) {
      if (!isSpotState(problem)) throw problem;
      await refuseTakenBack(client, InstanceIds);
      if (Date.now() > end) throw problem;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/**
 * Starts hosts that are stopped, and waits until they run. What EC2 answers comes as its own error.
 * @throws SpotTakenBack where only EC2 can start one
 */
export async function startHosts(
  client: EC2Client,
  hosts: readonly Pick<HostNow, "instanceId">[],
): Promise<void> {
  if (hosts.length === 0) return;
  const InstanceIds = hosts.map(({ instanceId }) => instanceId);
  await sendStart(client, InstanceIds);
  await waitUntilInstanceRunning({ client, maxWaitTime: START_SECONDS }, { InstanceIds });
}
