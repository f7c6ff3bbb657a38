import {
  EC2Client,
  paginateDescribeInstances,
  StartInstancesCommand,
  waitUntilInstanceRunning,
} from "@aws-sdk/client-ec2";
import { reasonOf } from "../../components/lookups/aws/ask";
import { CommandFailure, ExitCode } from "../outcome";

/** A host as EC2 has it. */
export interface FoundHost {
  /** `host-0`. */
  readonly host: string;
  readonly instanceId: string;
  /** EC2's own word: `running`, `stopped`, … */
  readonly state: string;
}

/** Longest time that an instance may take from stopped to running, seconds. */
const START_SECONDS = 600;

/** A client of a region's EC2. */
export function ec2In(region: string): EC2Client {
  return new EC2Client({ region, maxAttempts: 3 });
}

/**
 * The hosts of a stack that are there, by the tags that `GpuHost` gives.
 * @throws CommandFailure (failed) where EC2 does not answer
 */
export async function findHosts(client: EC2Client, stackId: string): Promise<FoundHost[]> {
  const input = { Filters: [{ Name: "tag:gpudev:stack-id", Values: [stackId] }] };
  const found: FoundHost[] = [];
  try {
    for await (const page of paginateDescribeInstances({ client }, input)) {
      for (const one of (page.Reservations ?? []).flatMap(({ Instances = [] }) => Instances)) {
        const index = one.Tags?.find(({ Key }) => Key === "gpudev:host")?.Value;
        const state = one.State?.Name ?? "";
        if (index === undefined || state === "terminated" || state === "shutting-down") continue;
        found.push({ host: `host-${index}`, instanceId: one.InstanceId ?? "", state });
      }
    }
  } catch (problem) {
    throw new CommandFailure(
      ExitCode.failed,
      `EC2 could not be asked for the stack's hosts: ${reasonOf(problem)}.`,
      "Allow ec2:DescribeInstances (docs/aws-permissions.json) and run this again.",
    );
  }
  return found.toSorted((a, b) => a.host.localeCompare(b.host, "en", { numeric: true }));
}

/** Starts hosts that are stopped, and waits until they run. What EC2 answers comes as its own error. */
export async function startHosts(client: EC2Client, hosts: readonly FoundHost[]): Promise<void> {
  if (hosts.length === 0) return;
  const InstanceIds = hosts.map(({ instanceId }) => instanceId);
  await client.send(new StartInstancesCommand({ InstanceIds }));
  await waitUntilInstanceRunning({ client, maxWaitTime: START_SECONDS }, { InstanceIds });
}
