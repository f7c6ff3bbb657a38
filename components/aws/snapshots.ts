import { partitionOf, policyText } from "./policy";

/** Tag whose value is the id of the stack that a homes volume, a file system or a snapshot of homes belongs to. */
export const HOMES_TAG = "gpudev:homes";

/** What Data Lifecycle Manager may do: snapshots of this stack's homes and nothing else. */
export function snapshotPolicy(region: string, stackId: string): string {
  const ec2 = (resource: string) => `arn:${partitionOf(region)}:ec2:${region}::${resource}`;
  const volumes = `arn:${partitionOf(region)}:ec2:${region}:*:volume/*`;
  return policyText([
    {
      Sid: "Look",
      Effect: "Allow",
      Action: ["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"],
      Resource: ["*"],
    },
    {
      Sid: "SnapshotHomes",
      Effect: "Allow",
      Action: ["ec2:CreateSnapshot"],
      Resource: [volumes],
      Condition: { StringEquals: { [`aws:ResourceTag/${HOMES_TAG}`]: stackId } },
    },
    {
      Sid: "MakeSnapshots",
      Effect: "Allow",
      Action: ["ec2:CreateSnapshot"],
      Resource: [ec2("snapshot/*")],
    },
    {
      Sid: "TagSnapshots",
      Effect: "Allow",
      Action: ["ec2:CreateTags"],
      Resource: [ec2("snapshot/*")],
    },
    {
      Sid: "DropOldSnapshots",
      Effect: "Allow",
      Action: ["ec2:DeleteSnapshot"],
      Resource: [ec2("snapshot/*")],
      Condition: { StringEquals: { [`aws:ResourceTag/${HOMES_TAG}`]: stackId } },
    },
  ]);
}
