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

// EC2 refuses a whole call where one of its instances cannot be had: each has a call of its own.
const COMMON = `
import boto3
import time

def hosts(ec2, name, values, states):
    pages = ec2.get_paginator("describe_instances").paginate(Filters=[
        {"Name": name, "Values": values},
        {"Name": "instance-state-name", "Values": states},
    ])
    return [i for page in pages for r in page["Reservations"] for i in r["Instances"]]

def known(ec2, ids, states):
    return hosts(ec2, "instance-id", ids, states) if ids else []

def each(call, key, ids):
    failed = []
    for one in ids:
        try:
            call(**{key: [one]})
        except Exception as problem:
            failed.append(f"{one}: {problem}")
    return failed

def finish(failed):
    if failed:
        raise Exception("; ".join(failed))

RUNNING = ["pending", "running", "stopping"]
THERE = [*RUNNING, "stopped"]
`;

const FIND = `${COMMON}
def find(events, context):
    found = hosts(boto3.client("ec2"), "tag:${STACK_TAG}", [events["Stack"]], THERE)
    return {"InstanceIds": [i["InstanceId"] for i in found]}
`;

const STOP = `${COMMON}
def stop(events, context):
    ec2 = boto3.client("ec2")
    found = known(ec2, events["InstanceIds"], THERE)
    left = [i["InstanceId"] for i in found if i["State"]["Name"] in RUNNING]
    failed = each(ec2.stop_instances, "InstanceIds", left)
    for _ in range(50):
        if not left:
            break
        time.sleep(10)
        left = [i["InstanceId"] for i in known(ec2, left, RUNNING)]
    failed += [f"{one}: does not stop" for one in left]
    requests = [i["SpotInstanceRequestId"] for i in found if i.get("SpotInstanceRequestId")]
    failed += each(ec2.cancel_spot_instance_requests, "SpotInstanceRequestIds", requests)
    finish(failed)
`;

const TAKEN = `${COMMON}
def taken(ec2, events):
    homes = {"Name": "tag:${HOMES_TAG}", "Values": [events["Stack"]]}
    run = {"Name": "tag:gpudev:execution", "Values": [events["Execution"]]}
    pages = ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=[homes, run])
    return {s["VolumeId"]: s["SnapshotId"] for page in pages for s in page["Snapshots"]}
`;

const SNAPSHOT = `${TAKEN}
def snapshot(events, context):
    ec2 = boto3.client("ec2")
    homes = {"Name": "tag:${HOMES_TAG}", "Values": [events["Stack"]]}
    done = taken(ec2, events)
    failed = []
    for page in ec2.get_paginator("describe_volumes").paginate(Filters=[homes]):
        for volume in page["Volumes"]:
            if volume["VolumeId"] in done:
                continue
            tags = [t for t in volume["Tags"] if not t["Key"].startswith("aws:")]
            tags.append({"Key": "gpudev:execution", "Value": events["Execution"]})
            try:
                ec2.create_snapshot(
                    VolumeId=volume["VolumeId"],
                    Description="gpudev: homes at the end of the stack",
                    TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}])
            except Exception as problem:
                failed.append(f"{volume['VolumeId']}: {problem}")
    finish(failed)
`;

const WAIT = `${TAKEN}
def wait(events, context):
    ec2 = boto3.client("ec2")
    ids = sorted(taken(ec2, events).values())
    if ids:
        ec2.get_waiter("snapshot_completed").wait(
            SnapshotIds=ids, WaiterConfig={"Delay": 15, "MaxAttempts": 36})
`;

const TERMINATE = `${COMMON}
def terminate(events, context):
    ec2 = boto3.client("ec2")
    ids = [i["InstanceId"] for i in known(ec2, events["InstanceIds"], THERE)]
    finish(each(ec2.terminate_instances, "InstanceIds", ids))
`;

interface Step {
  /** Also the function that the script has. */
  readonly name: string;
  readonly script: string;
  readonly input: Readonly<Record<string, string>>;
  readonly outputs?: readonly string[];
  readonly attempts: number;
  /** What to do once its attempts are used up. */
  readonly onFailure: "Abort" | "Continue";
}

/**
 * The steps of the end, in order. Once the hosts are found, a step that fails for good keeps none
 * of the others from being tried: homes lie on volumes of their own or on EFS and stay whatever
 * becomes of the hosts, and a host that nobody ends goes on costing money.
 */
export function endSteps(stackId: string, volumes: boolean): readonly Step[] {
  const hosts = { InstanceIds: "{{ find.InstanceIds }}" };
  const homes = { Stack: stackId, Execution: "{{ automation:EXECUTION_ID }}" };
  const find: Step = {
    name: "find",
    script: FIND,
    input: { Stack: stackId },
    outputs: ["InstanceIds"],
    attempts: 3,
    onFailure: "Abort",
  };
  const step = (name: string, script: string, input: Step["input"], attempts: number): Step => ({
    name,
    script,
    input,
    attempts,
    onFailure: "Continue",
  });
  return [
    find,
    step("stop", STOP, hosts, 3),
    ...(volumes
      ? [step("snapshot", SNAPSHOT, homes, 3), step("wait", WAIT, homes, WAIT_TRIES)]
      : []),
    step("terminate", TERMINATE, hosts, 3),
  ];
}

/**
 * Content of the SSM Automation runbook that ends a stack: its hosts stop, spot requests are
 * cancelled, homes are snapshotted and waited for, hosts are terminated. Homes stay. The end
 * date starts it, and so can a person; it ends as failed where any step of it did.
 */
export function endRunbook({ stackId, roleArn, volumes }: EndOf): string {
  return JSON.stringify({
    schemaVersion: "0.3",
    description: "gpudev: end the hosts of a stack; homes stay",
    assumeRole: roleArn,
    mainSteps: endSteps(stackId, volumes).map((step) => ({
      name: step.name,
      action: "aws:executeScript",
      onFailure: step.onFailure,
      // What goes on after a failure would end as a success: the execution says that it failed.
      isCritical: true,
      maxAttempts: step.attempts,
      timeoutSeconds: 600,
      inputs: {
        Runtime: "python3.11",
        Handler: step.name,
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
