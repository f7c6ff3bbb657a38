import { readStatements, type DataGrant } from "./dataPolicy";
import { arn, partitionOf, policyText, s3Arn, type Place, type Statement } from "./policy";

/** What one host may do; every value is the host's or the stack's own. */
export interface HostGrants extends Place {
  /** The stack's bucket. */
  readonly bucket: string;
  /** `host-0`: names the host's document and verdict in the bucket. */
  readonly host: string;
  /** Name of the SSM document that the association runs. */
  readonly applyDocument: string;
  /** Path below which the host publishes: `/gpudev/<id>/host-0`. */
  readonly parameters: string;
  /** Repository that the image is pulled from; absent: one outside ECR. */
  readonly repositoryArn?: string;
  /** Data sets in S3 that are mounted read-only. */
  readonly data?: readonly DataGrant[];
  /** Role whose credentials for data sets the host lends to its users. */
  readonly dataRoleArn?: string;
  /** EFS file system of the homes, entered by the access points of this host's users alone. */
  readonly fileSystemArn?: string;
  readonly accessPointArns?: readonly string[];
}

/**
 * What the SSM agent needs for sessions and associations. AWS's managed policy has more:
 * `ssm:GetParameter` on every parameter of the account, inventory, patches, packages.
 */
const AGENT = [
  "ec2messages:AcknowledgeMessage",
  "ec2messages:DeleteMessage",
  "ec2messages:FailMessage",
  "ec2messages:GetEndpoint",
  "ec2messages:GetMessages",
  "ec2messages:SendReply",
  "ssm:ListAssociations",
  "ssm:ListInstanceAssociations",
  "ssm:UpdateAssociationStatus",
  "ssm:UpdateInstanceAssociationStatus",
  "ssm:UpdateInstanceInformation",
  "ssmmessages:CreateControlChannel",
  "ssmmessages:CreateDataChannel",
  "ssmmessages:OpenControlChannel",
  "ssmmessages:OpenDataChannel",
];

const allow = (Sid: string, Action: string[], Resource: string[]): Statement => ({
  Sid,
  Effect: "Allow",
  Action,
  Resource,
});

/** The inline policy of a host's role: the SSM agent, its own bucket keys, parameters, image, homes and data, nothing else. */
export function hostPolicy(grants: HostGrants): string {
  const { bucket, host, region } = grants;
  return policyText([
    // None of these takes a resource.
    allow("Agent", AGENT, ["*"]),
    allow(
      "AgentDocument",
      ["ssm:DescribeDocument", "ssm:GetDocument"],
      [arn(grants, "ssm", `document/${grants.applyDocument}`)],
    ),
    allow(
      "Fetch",
      ["s3:GetObject"],
      [s3Arn(region, bucket, "bundle/*"), s3Arn(region, bucket, `documents/${host}.json`)],
    ),
    allow("Verdict", ["s3:PutObject"], [s3Arn(region, bucket, `verdicts/${host}.json`)]),
    allow("Publish", ["ssm:PutParameter"], [arn(grants, "ssm", `parameter${grants.parameters}/*`)]),
    ...imageStatements(grants),
    ...readStatements(region, grants.data ?? []),
    ...lendingStatements(grants),
    ...homesStatements(grants),
  ]);
}

function imageStatements({ repositoryArn }: HostGrants): Statement[] {
  if (repositoryArn === undefined) return [];
  return [
    // Takes no resource; the token opens what the next statement allows.
    allow("RegistryLogin", ["ecr:GetAuthorizationToken"], ["*"]),
    allow(
      "PullImage",
      ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
      [repositoryArn],
    ),
  ];
}

function lendingStatements({ dataRoleArn }: HostGrants): Statement[] {
  if (dataRoleArn === undefined) return [];
  return [allow("LendData", ["sts:AssumeRole", "sts:TagSession"], [dataRoleArn])];
}

function homesStatements({ fileSystemArn, accessPointArns }: HostGrants): Statement[] {
  if (fileSystemArn === undefined || accessPointArns === undefined) return [];
  return [
    {
      ...allow(
        "Homes",
        ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        [fileSystemArn],
      ),
      Condition: {
        StringEquals: { "elasticfilesystem:AccessPointArn": [...accessPointArns] },
        Bool: { "aws:SecureTransport": "true" },
      },
    },
  ];
}

/** A bucket's own policy: nobody reaches it unencrypted. */
export function bucketPolicy(region: string, bucket: string): string {
  return policyText([
    {
      Sid: "EncryptedOnly",
      Effect: "Deny",
      Principal: "*",
      Action: ["s3:*"],
      Resource: [s3Arn(region, bucket), s3Arn(region, bucket, "*")],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
  ]);
}

/** A file system's own policy: encrypted connections, and only by access points. */
export function fileSystemPolicy(region: string, fileSystemArn: string, account: string): string {
  const mount = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"];
  return policyText([
    {
      Sid: "ThisAccount",
      Effect: "Allow",
      Principal: { AWS: `arn:${partitionOf(region)}:iam::${account}:root` },
      Action: mount,
      Resource: [fileSystemArn],
    },
    {
      Sid: "EncryptedOnly",
      Effect: "Deny",
      Principal: "*",
      Action: ["*"],
      Resource: [fileSystemArn],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
    {
      Sid: "AccessPointsOnly",
      Effect: "Deny",
      Principal: "*",
      Action: [...mount, "elasticfilesystem:ClientRootAccess"],
      Resource: [fileSystemArn],
      Condition: { Null: { "elasticfilesystem:AccessPointArn": "true" } },
    },
  ]);
}
