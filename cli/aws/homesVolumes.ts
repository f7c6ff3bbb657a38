import {
  CreateSnapshotCommand,
  CreateTagsCommand,
  DeleteTagsCommand,
  DeleteVolumeCommand,
  type EC2Client,
  paginateDescribeSnapshots,
  paginateDescribeVolumes,
  type Snapshot,
  StopInstancesCommand,
  waitUntilInstanceStopped,
  waitUntilSnapshotCompleted,
} from "@aws-sdk/client-ec2";
import type { HomesSnapshot } from "../../components/plan/aws/restore";
import type { HostNow } from "./hostStates";

const HOMES_TAG = "gpudev:homes";
/** On a volume whose homes were restored elsewhere: the stack that it belonged to. */
const BEFORE_TAG = "gpudev:homes-before";
const HOST_TAG = "gpudev:host";

/** Longest time that a snapshot may take: the first of a large volume copies all of it. */
const SNAPSHOT_SECONDS = 6 * 3600;
/** Longest time that a host may take to stop; environments have their grace in it. */
const STOP_SECONDS = 900;

function snapshotOf({
  SnapshotId = "",
  StartTime,
  State,
  VolumeSize = 0,
  Tags,
}: Snapshot): HomesSnapshot {
  const tag = (name: string) => Tags?.find(({ Key }) => Key === name)?.Value;
  const [stackId, host] = [tag(HOMES_TAG), tag(HOST_TAG)];
  return {
    id: SnapshotId,
    startedAt: StartTime?.toISOString() ?? "",
    state: State ?? "",
    sizeGiB: VolumeSize,
    ...(stackId === undefined ? {} : { stackId }),
    ...(host === undefined ? {} : { host }),
  };
}

/** Snapshots of a host's homes, by the tags that every volume hands on to its own; or one, by its id. */
export async function findSnapshots(
  client: EC2Client,
  by: { readonly stackId: string; readonly host: number } | { readonly id: string },
): Promise<HomesSnapshot[]> {
  const input =
    "id" in by
      ? { SnapshotIds: [by.id] }
      : {
          OwnerIds: ["self"],
          Filters: [
            { Name: `tag:${HOMES_TAG}`, Values: [by.stackId] },
            { Name: `tag:${HOST_TAG}`, Values: [String(by.host)] },
          ],
        };
  const found: HomesSnapshot[] = [];
  for await (const page of paginateDescribeSnapshots({ client }, input))
    found.push(...(page.Snapshots ?? []).map(snapshotOf));
  return found;
}

/** Stops a host and waits, so that its homes are written to disk. */
export async function stopHost(client: EC2Client, { instanceId, state }: HostNow): Promise<void> {
  if (state === "stopped") return;
  const InstanceIds = [instanceId];
  await client.send(new StopInstancesCommand({ InstanceIds }));
  await waitUntilInstanceStopped({ client, maxWaitTime: STOP_SECONDS }, { InstanceIds });
}

/** Takes a snapshot of a homes volume and waits until it is finished. */
export async function takeSnapshot(
  client: EC2Client,
  volume: {
    readonly id: string;
    readonly stackId: string;
    readonly host: number;
    readonly sizeGiB: number;
  },
): Promise<HomesSnapshot> {
  const tags = { [HOMES_TAG]: volume.stackId, [HOST_TAG]: String(volume.host) };
  const { SnapshotId = "" } = await client.send(
    new CreateSnapshotCommand({
      VolumeId: volume.id,
      Description: "Homes of gpudev, before they are restored elsewhere",
      TagSpecifications: [
        {
          ResourceType: "snapshot",
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        },
      ],
    }),
  );
  await waitUntilSnapshotCompleted(
    { client, maxWaitTime: SNAPSHOT_SECONDS },
    { SnapshotIds: [SnapshotId] },
  );
  return {
    id: SnapshotId,
    startedAt: new Date().toISOString(),
    state: "completed",
    sizeGiB: volume.sizeGiB,
    stackId: volume.stackId,
    host: String(volume.host),
  };
}

/** Lets a volume be none of the stack's any more: no snapshot is taken of it, and no plan counts it. It stays. */
export async function putAside(client: EC2Client, id: string, stackId: string): Promise<void> {
  await client.send(
    new CreateTagsCommand({ Resources: [id], Tags: [{ Key: BEFORE_TAG, Value: stackId }] }),
  );
  await client.send(new DeleteTagsCommand({ Resources: [id], Tags: [{ Key: HOMES_TAG }] }));
}

/** Volumes of a host that were put aside. */
export async function findPutAside(
  client: EC2Client,
  stackId: string,
  host: number,
): Promise<string[]> {
  const input = {
    Filters: [
      { Name: `tag:${BEFORE_TAG}`, Values: [stackId] },
      { Name: `tag:${HOST_TAG}`, Values: [String(host)] },
    ],
  };
  const found: string[] = [];
  for await (const page of paginateDescribeVolumes({ client }, input))
    found.push(...(page.Volumes ?? []).flatMap(({ VolumeId }) => VolumeId ?? []));
  return found.toSorted();
}

/** Deletes a volume for good. */
export async function deleteVolume(client: EC2Client, id: string): Promise<void> {
  await client.send(new DeleteVolumeCommand({ VolumeId: id }));
}
