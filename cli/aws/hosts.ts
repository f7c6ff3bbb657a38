import {
  type EC2Client,
  StartInstancesCommand,
  waitUntilInstanceRunning,
} from "@aws-sdk/client-ec2";
import { awsFailure } from "./failures";
import { findHosts, type HostNow } from "./hostStates";
import { ENGINEERS_POLICY } from "./needAws";

/** Longest time that an instance may take from stopped to running, seconds. */
const START_SECONDS = 600;

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

/** Starts hosts that are stopped, and waits until they run. What EC2 answers comes as its own error. */
export async function startHosts(
  client: EC2Client,
  hosts: readonly Pick<HostNow, "instanceId">[],
): Promise<void> {
  if (hosts.length === 0) return;
  const InstanceIds = hosts.map(({ instanceId }) => instanceId);
  await client.send(new StartInstancesCommand({ InstanceIds }));
  await waitUntilInstanceRunning({ client, maxWaitTime: START_SECONDS }, { InstanceIds });
}
