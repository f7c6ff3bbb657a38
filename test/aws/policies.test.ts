import { describe, expect, it } from "vitest";
import { endPolicy } from "../../components/aws/endRunbook";
import {
  bucketPolicy,
  fileSystemPolicy,
  hostPolicy,
  type HostGrants,
} from "../../components/aws/hostPolicy";
import { partitionOf, trustText } from "../../components/aws/policy";
import { budgetPolicy, schedulerPolicy } from "../../components/aws/schedules";
import { snapshotPolicy } from "../../components/aws/snapshots";

interface Policy {
  readonly Version: string;
  readonly Statement: readonly {
    readonly Sid: string;
    readonly Effect: string;
    readonly Action: readonly string[];
    readonly Resource: readonly string[];
    readonly Condition?: unknown;
  }[];
}

const read = (text: string) => JSON.parse(text) as Policy;
const place = { region: "eu-west-1", account: "111122223333" };
const grants: HostGrants = {
  ...place,
  bucket: "gpudev-hosts",
  host: "host-0",
  applyDocument: "gpudev-apply",
  parameters: "/gpudev/7f3k2m/host-0",
};

describe("a host's role", () => {
  it("has what the SSM agent needs, its own bucket keys and its own parameter path", () => {
    expect(read(hostPolicy(grants))).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "Agent",
          Effect: "Allow",
          Action: [
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
          ],
          Resource: ["*"],
        },
        {
          Sid: "AgentDocument",
          Effect: "Allow",
          Action: ["ssm:DescribeDocument", "ssm:GetDocument"],
          Resource: ["arn:aws:ssm:eu-west-1:111122223333:document/gpudev-apply"],
        },
        {
          Sid: "Fetch",
          Effect: "Allow",
          Action: ["s3:GetObject"],
          Resource: [
            "arn:aws:s3:::gpudev-hosts/bundle/*",
            "arn:aws:s3:::gpudev-hosts/documents/host-0.json",
          ],
        },
        {
          Sid: "Verdict",
          Effect: "Allow",
          Action: ["s3:PutObject"],
          Resource: ["arn:aws:s3:::gpudev-hosts/verdicts/host-0.json"],
        },
        {
          Sid: "Publish",
          Effect: "Allow",
          Action: ["ssm:PutParameter"],
          Resource: ["arn:aws:ssm:eu-west-1:111122223333:parameter/gpudev/7f3k2m/host-0/*"],
        },
      ],
    });
  });

  it("pulls from one repository", () => {
    const repositoryArn = "arn:aws:ecr:eu-west-1:111122223333:repository/gpudev-team";
    const { Statement } = read(hostPolicy({ ...grants, repositoryArn }));
    expect(Statement.slice(5)).toEqual([
      {
        Sid: "RegistryLogin",
        Effect: "Allow",
        Action: ["ecr:GetAuthorizationToken"],
        Resource: ["*"],
      },
      {
        Sid: "PullImage",
        Effect: "Allow",
        Action: [
          "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:GetDownloadUrlForLayer",
        ],
        Resource: [repositoryArn],
      },
    ]);
  });

  it("reads data sets below their prefixes, and cannot write them", () => {
    const data = [
      { bucket: "sets", prefix: "imagenet/" },
      { bucket: "all", prefix: "" },
    ];
    const { Statement } = read(hostPolicy({ ...grants, data }));
    expect(Statement.slice(5)).toEqual([
      {
        Sid: "ReadData",
        Effect: "Allow",
        Action: ["s3:GetObject"],
        Resource: ["arn:aws:s3:::sets/imagenet/*", "arn:aws:s3:::all/*"],
      },
      {
        Sid: "ListData0",
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: ["arn:aws:s3:::sets"],
        Condition: { StringLike: { "s3:prefix": ["imagenet/*"] } },
      },
      {
        Sid: "ListData1",
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: ["arn:aws:s3:::all"],
        Condition: { StringLike: { "s3:prefix": ["*"] } },
      },
    ]);
  });

  it("lends credentials of one role", () => {
    const dataRoleArn = "arn:aws:iam::111122223333:role/gpudev-data";
    expect(read(hostPolicy({ ...grants, dataRoleArn })).Statement.slice(5)).toEqual([
      {
        Sid: "LendData",
        Effect: "Allow",
        Action: ["sts:AssumeRole", "sts:TagSession"],
        Resource: [dataRoleArn],
      },
    ]);
  });

  it("mounts homes on EFS by its access points alone, encrypted", () => {
    const fileSystemArn = "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1";
    const accessPointArns = ["arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/a"];
    const { Statement } = read(hostPolicy({ ...grants, fileSystemArn, accessPointArns }));
    expect(Statement.slice(5)).toEqual([
      {
        Sid: "Homes",
        Effect: "Allow",
        Action: ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        Resource: [fileSystemArn],
        Condition: {
          StringEquals: { "elasticfilesystem:AccessPointArn": accessPointArns },
          Bool: { "aws:SecureTransport": "true" },
        },
      },
    ]);
  });

  it("never reads a parameter", () => {
    const all = hostPolicy({ ...grants, repositoryArn: "r", data: [{ bucket: "b", prefix: "" }] });
    expect(all).not.toMatch(/GetParameter|ssm:\*|"\*:\*"|kms:/);
  });
});

describe("what the services of AWS may do for a stack", () => {
  const own = { StringEquals: { "aws:ResourceTag/gpudev:stack-id": "7f3k2m" } };
  const homes = { StringEquals: { "aws:ResourceTag/gpudev:homes": "7f3k2m" } };
  const runbook = {
    stackId: "7f3k2m",
    runbook: "gpudev-end",
    runbookRoleArn: "arn:aws:iam::111122223333:role/ending",
  };
  const brief = (text: string) =>
    read(text).Statement.map(({ Action, Resource, Condition }) => [Action, Resource, Condition]);

  it("the end: stop, cancel, snapshot, terminate, only what is the stack's own", () => {
    const ec2 = "arn:aws:ec2:eu-west-1:111122223333:";
    expect(brief(endPolicy(place, "7f3k2m"))).toEqual([
      [["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"], ["*"], undefined],
      [["ec2:StopInstances", "ec2:TerminateInstances"], [`${ec2}instance/*`], own],
      [["ec2:CancelSpotInstanceRequests"], [`${ec2}spot-instances-request/*`], undefined],
      [["ec2:CreateSnapshot"], [`${ec2}volume/*`], homes],
      [["ec2:CreateSnapshot"], ["arn:aws:ec2:eu-west-1::snapshot/*"], undefined],
      [
        ["ec2:CreateTags"],
        ["arn:aws:ec2:eu-west-1::snapshot/*"],
        { StringEquals: { "ec2:CreateAction": "CreateSnapshot" } },
      ],
    ]);
  });

  it("the scheduler: start the runbook as its role, and with working hours start and stop", () => {
    const texts = [true, false].map((hours) => schedulerPolicy(place, { ...runbook, hours }));
    const [withHours = "", without = ""] = texts;
    expect(brief(without)).toEqual([
      [
        ["ssm:StartAutomationExecution"],
        [
          "arn:aws:ssm:eu-west-1:111122223333:automation-definition/gpudev-end:*",
          "arn:aws:ssm:eu-west-1:111122223333:document/gpudev-end",
          "arn:aws:ssm:eu-west-1:111122223333:automation-execution/*",
        ],
        undefined,
      ],
      [
        ["iam:PassRole"],
        ["arn:aws:iam::111122223333:role/ending"],
        { StringEquals: { "iam:PassedToService": "ssm.amazonaws.com" } },
      ],
    ]);
    expect(brief(withHours).slice(2)).toEqual([
      [
        ["ec2:StartInstances", "ec2:StopInstances"],
        ["arn:aws:ec2:eu-west-1:111122223333:instance/*"],
        own,
      ],
    ]);
  });

  it("the budget: stop, by AWS's own runbook", () => {
    expect(brief(budgetPolicy(place, "7f3k2m"))).toEqual([
      [["ec2:DescribeInstanceStatus", "ec2:DescribeInstances"], ["*"], undefined],
      [["ec2:StopInstances"], ["arn:aws:ec2:eu-west-1:111122223333:instance/*"], own],
      [
        ["ssm:StartAutomationExecution"],
        [
          "arn:aws:ssm:eu-west-1:*:automation-definition/AWS-StopEC2Instance:*",
          "arn:aws:ssm:eu-west-1::document/AWS-StopEC2Instance",
          "arn:aws:ssm:eu-west-1:111122223333:automation-execution/*",
        ],
        undefined,
      ],
    ]);
  });

  it("snapshots: of the stack's homes, and only those are dropped again", () => {
    const statements = read(snapshotPolicy("eu-west-1", "7f3k2m")).Statement;
    expect(statements.find(({ Sid }) => Sid === "SnapshotHomes")?.Condition).toEqual(homes);
    expect(statements.find(({ Sid }) => Sid === "DropOldSnapshots")).toMatchObject({
      Action: ["ec2:DeleteSnapshot"],
      Condition: homes,
    });
  });
});

describe("policies of resources", () => {
  it("close a bucket to unencrypted requests", () => {
    expect(read(bucketPolicy("eu-west-1", "b")).Statement).toEqual([
      {
        Sid: "EncryptedOnly",
        Effect: "Deny",
        Principal: "*",
        Action: ["s3:*"],
        Resource: ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ]);
  });

  it("close a file system to whoever comes unencrypted or past the access points", () => {
    const { Statement } = read(fileSystemPolicy("eu-west-1", "arn:fs", "111122223333"));
    expect(Statement.map(({ Sid, Effect, Condition }) => [Sid, Effect, Condition])).toEqual([
      ["ThisAccount", "Allow", undefined],
      ["EncryptedOnly", "Deny", { Bool: { "aws:SecureTransport": "false" } }],
      ["AccessPointsOnly", "Deny", { Null: { "elasticfilesystem:AccessPointArn": "true" } }],
    ]);
  });

  it("let one service take a role, on this account's behalf where it is given", () => {
    expect(JSON.parse(trustText("dlm", "111122223333"))).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "dlm.amazonaws.com" },
          Action: "sts:AssumeRole",
          Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } },
        },
      ],
    });
    expect(trustText("ec2")).not.toContain("Condition");
  });

  it.each([
    ["eu-west-1", "aws"],
    ["cn-north-1", "aws-cn"],
    ["us-gov-west-1", "aws-us-gov"],
  ])("know the partition of %s: %s", (region, partition) => {
    expect(partitionOf(region)).toBe(partition);
  });
});
