import { paginateDescribeInstances, type EC2Client, type Instance } from "@aws-sdk/client-ec2";
import { hostName } from "../../components/plan/aws/awsNames";

/** A host as EC2 has it. */
export interface HostNow {
  /** `host-0`. */
  readonly name: string;
  readonly instanceId: string;
  /** EC2 instance type. */
  readonly type: string;
  /** EC2's own word: `pending`, `running`, `stopping`, `stopped`. */
  readonly state: string;
  /** When it was started last. */
  readonly startedAt?: Date;
  /** Bucket of its verdict, as the instance's own tag says. */
  readonly bucket?: string;
}

const QUESTION_MS = 20_000;
/** EC2 goes on showing one that has gone for an hour. */
const GONE = new Set(["shutting-down", "terminated"]);

function hostOf(instance: Instance): HostNow | undefined {
  const tag = (key: string) => instance.Tags?.find(({ Key }) => Key === key)?.Value;
  const [index, bucket] = [tag("gpudev:host"), tag("gpudev:bucket")];
  const state = instance.State?.Name ?? "unknown";
  if (index === undefined || !/^\d+$/.test(index) || GONE.has(state)) return undefined;
  return {
    name: hostName(Number(index)),
    instanceId: instance.InstanceId ?? "",
    type: instance.InstanceType ?? "",
    state,
    ...(instance.LaunchTime === undefined ? {} : { startedAt: instance.LaunchTime }),
    ...(bucket === undefined ? {} : { bucket }),
  };
}

/** The hosts of a stack that are there, by the tags that `GpuHost` gives, in order. What EC2 answers comes as its own error. */
export async function findHosts(client: EC2Client, stackId: string): Promise<HostNow[]> {
  const input = { Filters: [{ Name: "tag:gpudev:stack-id", Values: [stackId] }] };
  const abortSignal = AbortSignal.timeout(QUESTION_MS);
  const found: HostNow[] = [];
  for await (const page of paginateDescribeInstances({ client }, input, { abortSignal })) {
    for (const { Instances = [] } of page.Reservations ?? [])
      found.push(...Instances.flatMap((one) => hostOf(one) ?? []));
  }
  return found.toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}
