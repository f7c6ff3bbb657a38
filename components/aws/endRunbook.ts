import { HOMES_TAG } from "./snapshots";
import { arn, partitionOf, policyText, type Place, type Statement } from "./policy";

/** Tag whose value is the id of the stack that something belongs to. */
export const STACK_TAG = "gpudev:stack-id";

/** How the end of a stack finds what it ends. */
export interface EndOf extends Place {
  readonly stackId: string;
  /** ARN of the role that the runbook runs as. */
  readonly roleArn: string;
  /** Homes lie on volumes, of which a snapshot is taken first. */
  readonly volumes: boolean;
}

// Each script runs for ten minutes at most; a step that raises is tried again.
const WAIT_TRIES = 60;

const STOP = `
import boto3

def hosts(ec2, stack, states):
    pages = ec2.get_paginator("describe_instances").paginate(Filters=[
        {"Name": "tag:${STACK_TAG}", "Values": [stack]},
        {"Name": "instance-state-name", "Values": states},
    ])
    return [i for page in pages for r in page["Reservations"] for i in r["Instances"]]

def stop(events, context):
    ec2 = boto3.client("ec2")
    found = hosts(ec2, events["Stack"], ["pending", "running", "stopping", "stopped"])
    ids = [i["InstanceId"] for i in found]
    running = [i["InstanceId"] for i in found if i["State"]["Name"] in ("pending", "running")]
    if running:
        ec2.stop_instances(InstanceIds=running)
        ec2.get_waiter("instance_stopped").wait(
            InstanceIds=running, WaiterConfig={"Delay": 10, "MaxAttempts": 55})
    requests = [i["SpotInstanceRequestId"] for i in found if i.get("SpotInstanceRequestId")]
    if requests:
        ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=requests)
    return {"InstanceIds": ids}
`;

const SNAPSHOT = `
import boto3

def snapshot(events, context):
    ec2 = boto3.client("ec2")
    homes = {"Name": "tag:${HOMES_TAG}", "Values": [events["Stack"]]}
    run = {"Name": "tag:gpudev:execution", "Values": [events["Execution"]]}
    taken = ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=[homes, run])
    done = {s["VolumeId"]: s["SnapshotId"] for page in taken for s in page["Snapshots"]}
    for page in ec2.get_paginator("describe_volumes").paginate(Filters=[homes]):
        for volume in page["Volumes"]:
            if volume["VolumeId"] in done:
                continue
            tags = [t for t in volume["Tags"] if not t["Key"].startswith("aws:")]
            tags.append({"Key": "gpudev:execution", "Value": events["Execution"]})
            made = ec2.create_snapshot(
                VolumeId=volume["VolumeId"], Description="gpudev: homes at the end of the stack",
                TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}])
            done[volume["VolumeId"]] = made["SnapshotId"]
    return {"SnapshotIds": sorted(done.values())}
`;

const WAIT = `
import boto3

def wait(events, context):
    if events["SnapshotIds"]:
        boto3.client("ec2").get_waiter("snapshot_completed").wait(
            SnapshotIds=events["SnapshotIds"], WaiterConfig={"Delay": 15, "MaxAttempts": 36})
`;

const TERMINATE = `
import boto3

def terminate(events, context):
    if events["InstanceIds"]:
        boto3.client("ec2").terminate_instances(InstanceIds=events["InstanceIds"])
`;

interface Step {
  readonly name: string;
  readonly handler: string;
  readonly script: string;
  readonly input: Readonly<Record<string, string>>;
  readonly outputs?: readonly string[];
  readonly attempts?: number;
}

/** The steps of the end, in order; a step that fails leaves the rest undone, so that nothing goes without its snapshot. */
export function endSteps(stackId: string, volumes: boolean): readonly Step[] {
  const stop: Step = {
    name: "stop",
    handler: "stop",
    script: STOP,
    input: { Stack: stackId },
    outputs: ["InstanceIds"],
    attempts: 3,
  };
  const keep: readonly Step[] = [
    {
      name: "snapshot",
      handler: "snapshot",
      script: SNAPSHOT,
      input: { Stack: stackId, Execution: "{{ automation:EXECUTION_ID }}" },
      outputs: ["SnapshotIds"],
      attempts: 3,
    },
    {
      name: "wait",
      handler: "wait",
      script: WAIT,
      input: { SnapshotIds: "{{ snapshot.SnapshotIds }}" },
      attempts: WAIT_TRIES,
    },
  ];
  const terminate: Step = {
    name: "terminate",
    handler: "terminate",
    script: TERMINATE,
    input: { InstanceIds: "{{ stop.InstanceIds }}" },
    attempts: 3,
  };
  return [stop, ...(volumes ? keep : []), terminate];
}

/**
 * Content of the SSM Automation runbook that ends a stack: its hosts stop, spot requests are
 * cancelled, homes are snapshotted and waited for, hosts are terminated. Homes stay. The end
 * date starts it, and so can a person.
 */
export function endRunbook({ stackId, roleArn, volumes }: EndOf): string {
  return JSON.stringify({
    schemaVersion: "0.3",
    description: "gpudev: end the hosts of a stack; homes stay",
    assumeRole: roleArn,
    mainSteps: endSteps(stackId, volumes).map((step) => ({
      name: step.name,
      action: "aws:executeScript",
      onFailure: "Abort",
      maxAttempts: step.attempts ?? 1,
      timeoutSeconds: 600,
      inputs: {
        Runtime: "python3.11",
        Handler: step.handler,
        InputPayload: step.input,
        Script: step.script.trimStart(),
      },
      ...(step.outputs === undefined
        ? {}
        : {
            outputs: step.outputs.map((output) => ({
              Name: output,
              Selector: `$.Payload.${output}`,
              Type: "StringList",
            })),
          }),
    })),
  });
}

/** What the runbook may do: look at all, end what is this stack's. */
export function endPolicy(place: Place, stackId: string): string {
  const own = { StringEquals: { [`aws:ResourceTag/${STACK_TAG}`]: stackId } };
  const homes = { StringEquals: { [`aws:ResourceTag/${HOMES_TAG}`]: stackId } };
  const snapshots = `arn:${partitionOf(place.region)}:ec2:${place.region}::snapshot/*`;
  const statements: Statement[] = [
    {
      Sid: "Look",
      Effect: "Allow",
      Action: ["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"],
      Resource: ["*"],
    },
    {
      Sid: "EndHosts",
      Effect: "Allow",
      Action: ["ec2:StopInstances", "ec2:TerminateInstances"],
      Resource: [arn(place, "ec2", "instance/*")],
      Condition: own,
    },
    {
      // Spot requests are EC2's own and carry no tag of ours.
      Sid: "CancelSpot",
      Effect: "Allow",
      Action: ["ec2:CancelSpotInstanceRequests"],
      Resource: [arn(place, "ec2", "spot-instances-request/*")],
    },
    {
      Sid: "SnapshotHomes",
      Effect: "Allow",
      Action: ["ec2:CreateSnapshot"],
      Resource: [arn(place, "ec2", "volume/*")],
      Condition: homes,
    },
    {
      Sid: "MakeSnapshots",
      Effect: "Allow",
      Action: ["ec2:CreateSnapshot"],
      Resource: [snapshots],
    },
    {
      Sid: "TagSnapshots",
      Effect: "Allow",
      Action: ["ec2:CreateTags"],
      Resource: [snapshots],
      Condition: { StringEquals: { "ec2:CreateAction": "CreateSnapshot" } },
    },
  ];
  return policyText(statements);
}
