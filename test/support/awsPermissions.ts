import * as fs from "node:fs";
import * as path from "node:path";
import * as aws from "@pulumi/aws";
import { ROOT } from "./gpudev";

/** What AWS's provider calls to make, read, change and remove a resource of each type. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  "aws:ec2/vpc:Vpc": ["ec2:CreateVpc", "ec2:DeleteVpc", "ec2:ModifyVpcAttribute"],
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": [
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
  ],
  "aws:ec2/internetGateway:InternetGateway": [
    "ec2:AttachInternetGateway",
    "ec2:CreateInternetGateway",
    "ec2:DeleteInternetGateway",
    "ec2:DetachInternetGateway",
  ],
  "aws:ec2/subnet:Subnet": ["ec2:CreateSubnet", "ec2:DeleteSubnet", "ec2:ModifySubnetAttribute"],
  "aws:ec2/routeTable:RouteTable": ["ec2:CreateRouteTable", "ec2:DeleteRouteTable"],
  "aws:ec2/routeTableAssociation:RouteTableAssociation": [
    "ec2:AssociateRouteTable",
    "ec2:DisassociateRouteTable",
    "ec2:ReplaceRouteTableAssociation",
  ],
  "aws:ec2/route:Route": ["ec2:CreateRoute", "ec2:DeleteRoute", "ec2:ReplaceRoute"],
  "aws:ec2/vpcEndpoint:VpcEndpoint": [
    "ec2:CreateVpcEndpoint",
    "ec2:DeleteVpcEndpoints",
    "ec2:ModifyVpcEndpoint",
  ],
  "aws:ec2/eip:Eip": ["ec2:AllocateAddress", "ec2:DisassociateAddress", "ec2:ReleaseAddress"],
  "aws:ec2/eipAssociation:EipAssociation": ["ec2:AssociateAddress", "ec2:DisassociateAddress"],
  "aws:ec2/natGateway:NatGateway": ["ec2:CreateNatGateway", "ec2:DeleteNatGateway"],
  "aws:ec2/securityGroup:SecurityGroup": [
    "ec2:CreateSecurityGroup",
    "ec2:DeleteSecurityGroup",
    "ec2:RevokeSecurityGroupEgress",
  ],
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": [
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:ModifySecurityGroupRules",
    "ec2:RevokeSecurityGroupIngress",
  ],
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": [
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:ModifySecurityGroupRules",
    "ec2:RevokeSecurityGroupEgress",
  ],
  "aws:ec2/instance:Instance": [
    "ec2:AssociateIamInstanceProfile",
    "ec2:CancelSpotInstanceRequests",
    "ec2:DisassociateIamInstanceProfile",
    "ec2:ModifyInstanceAttribute",
    "ec2:ModifyInstanceCapacityReservationAttributes",
    "ec2:ModifyInstanceMetadataOptions",
    "ec2:ModifyVolume",
    "ec2:ReplaceIamInstanceProfileAssociation",
    "ec2:RunInstances",
    "ec2:StartInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
  ],
  "aws:ebs/volume:Volume": [
    "ec2:CreateSnapshot",
    "ec2:CreateVolume",
    "ec2:DeleteVolume",
    "ec2:ModifyVolume",
  ],
  "aws:ec2/volumeAttachment:VolumeAttachment": [
    "ec2:AttachVolume",
    "ec2:DetachVolume",
    "ec2:StopInstances",
  ],
  "aws:dlm/lifecyclePolicy:LifecyclePolicy": [
    "dlm:CreateLifecyclePolicy",
    "dlm:DeleteLifecyclePolicy",
    "dlm:GetLifecyclePolicy",
    "dlm:TagResource",
    "dlm:UntagResource",
    "dlm:UpdateLifecyclePolicy",
  ],
  "aws:efs/fileSystem:FileSystem": [
    "elasticfilesystem:CreateFileSystem",
    "elasticfilesystem:DeleteFileSystem",
    "elasticfilesystem:ListTagsForResource",
    "elasticfilesystem:TagResource",
    "elasticfilesystem:UntagResource",
    "elasticfilesystem:UpdateFileSystem",
  ],
  "aws:efs/mountTarget:MountTarget": [
    "ec2:CreateNetworkInterface",
    "elasticfilesystem:CreateMountTarget",
    "elasticfilesystem:DeleteMountTarget",
    "elasticfilesystem:ModifyMountTargetSecurityGroups",
  ],
  "aws:efs/accessPoint:AccessPoint": [
    "elasticfilesystem:CreateAccessPoint",
    "elasticfilesystem:DeleteAccessPoint",
    "elasticfilesystem:TagResource",
    "elasticfilesystem:UntagResource",
  ],
  "aws:efs/backupPolicy:BackupPolicy": ["elasticfilesystem:PutBackupPolicy"],
  "aws:efs/fileSystemPolicy:FileSystemPolicy": [
    "elasticfilesystem:DeleteFileSystemPolicy",
    "elasticfilesystem:PutFileSystemPolicy",
  ],
  "aws:iam/role:Role": [
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:PassRole",
    "iam:PutRolePermissionsBoundary",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
  ],
  "aws:iam/rolePolicy:RolePolicy": [
    "iam:DeleteRolePolicy",
    "iam:GetRolePolicy",
    "iam:PutRolePolicy",
  ],
  "aws:iam/instanceProfile:InstanceProfile": [
    "iam:AddRoleToInstanceProfile",
    "iam:CreateInstanceProfile",
    "iam:DeleteInstanceProfile",
    "iam:GetInstanceProfile",
    "iam:RemoveRoleFromInstanceProfile",
    "iam:TagInstanceProfile",
    "iam:UntagInstanceProfile",
  ],
  "aws:iam/userPolicy:UserPolicy": [
    "iam:DeleteUserPolicy",
    "iam:GetUserPolicy",
    "iam:PutUserPolicy",
  ],
  "aws:ecr/repository:Repository": [
    "ecr:CreateRepository",
    "ecr:DeleteRepository",
    "ecr:ListTagsForResource",
    "ecr:PutImageScanningConfiguration",
    "ecr:PutImageTagMutability",
    "ecr:TagResource",
    "ecr:UntagResource",
  ],
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": [
    "ecr:DeleteLifecyclePolicy",
    "ecr:GetLifecyclePolicy",
    "ecr:PutLifecyclePolicy",
  ],
  "aws:s3/bucket:Bucket": [
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetAccelerateConfiguration",
    "s3:GetBucket*",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutBucketTagging",
  ],
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": [
    "s3:GetBucketPublicAccessBlock",
    "s3:PutBucketPublicAccessBlock",
  ],
  "aws:s3/bucketPolicy:BucketPolicy": [
    "s3:DeleteBucketPolicy",
    "s3:GetBucketPolicy",
    "s3:PutBucketPolicy",
  ],
  "aws:s3/bucketObjectv2:BucketObjectv2": [
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:GetObjectTagging",
    "s3:PutObject",
  ],
  "aws:ssm/document:Document": [
    "ssm:AddTagsToResource",
    "ssm:CreateDocument",
    "ssm:DeleteDocument",
    "ssm:DescribeDocument",
    "ssm:DescribeDocumentPermission",
    "ssm:GetDocument",
    "ssm:ListTagsForResource",
    "ssm:RemoveTagsFromResource",
    "ssm:UpdateDocument",
    "ssm:UpdateDocumentDefaultVersion",
  ],
  "aws:ssm/association:Association": [
    "ssm:CreateAssociation",
    "ssm:DeleteAssociation",
    "ssm:DescribeAssociation",
    "ssm:UpdateAssociation",
  ],
  "aws:scheduler/schedule:Schedule": [
    "scheduler:CreateSchedule",
    "scheduler:DeleteSchedule",
    "scheduler:GetSchedule",
    "scheduler:UpdateSchedule",
  ],
  "aws:budgets/budget:Budget": [
    "budgets:ListTagsForResource",
    "budgets:ModifyBudget",
    "budgets:TagResource",
    "budgets:UntagResource",
    "budgets:ViewBudget",
  ],
  "aws:budgets/budgetAction:BudgetAction": [
    "budgets:CreateBudgetAction",
    "budgets:DeleteBudgetAction",
    "budgets:DescribeBudgetAction",
    "budgets:UpdateBudgetAction",
  ],
};

/** What functions of the provider ask, the push of the image, and the questions and deeds of `gpudev` itself. */
const BESIDES: readonly string[] = [
  "ec2:CreateTags",
  "ec2:DeleteTags",
  "ec2:Describe*",
  "ecr:BatchCheckLayerAvailability",
  "ecr:BatchGetImage",
  "ecr:CompleteLayerUpload",
  "ecr:DescribeRepositories",
  "ecr:GetAuthorizationToken",
  "ecr:InitiateLayerUpload",
  "ecr:PutImage",
  "ecr:UploadLayerPart",
  "elasticfilesystem:Describe*",
  "iam:CreateServiceLinkedRole",
  "pricing:GetProducts",
  "servicequotas:GetServiceQuota",
  "ssm:GetCommandInvocation",
  "ssm:GetParameter",
  "ssm:GetParametersByPath",
  "ssm:SendCommand",
  "ssm:StartAutomationExecution",
];

/** Services whose things are all named by us: the policy reaches no other. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  budgets: ["arn:aws:budgets::*:budget/gpudev-*"],
  ecr: ["arn:aws:ecr:*:*:repository/gpudev-*"],
  s3: ["arn:aws:s3:::gpudev-*"],
  scheduler: ["arn:aws:scheduler:*:*:schedule/default/gpudev-*"],
};

/** Actions with a rule of their own: they take no resource, or others than the rest of their service. */
const APART: readonly {
  readonly Sid: string;
  readonly actions: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: unknown;
}[] = [
  {
    Sid: "Everywhere",
    actions: ["ecr:GetAuthorizationToken", "pricing:GetProducts", "servicequotas:GetServiceQuota"],
    Resource: ["*"],
  },
  {
    Sid: "LendRoles",
    actions: ["iam:PassRole"],
    Resource: ["arn:aws:iam::*:role/gpudev-*"],
    Condition: {
      StringEquals: {
        "iam:PassedToService": ["budgets", "dlm", "ec2", "scheduler", "ssm"].map(
          (service) => `${service}.amazonaws.com`,
        ),
      },
    },
  },
  {
    Sid: "ServiceRoles",
    actions: ["iam:CreateServiceLinkedRole"],
    Resource: ["*"],
    Condition: {
      StringEquals: {
        "iam:AWSServiceName": ["elasticfilesystem.amazonaws.com", "spot.amazonaws.com"],
      },
    },
  },
  {
    Sid: "UsersPolicies",
    actions: ["iam:DeleteUserPolicy", "iam:GetUserPolicy", "iam:PutUserPolicy"],
    Resource: ["arn:aws:iam::*:user/*"],
  },
  {
    // With a document of ours alone: no shell on any machine.
    Sid: "Switch",
    actions: ["ssm:SendCommand"],
    Resource: ["arn:aws:ssm:*:*:document/gpudev-*", "arn:aws:ec2:*:*:instance/*"],
  },
  {
    Sid: "Parameters",
    actions: ["ssm:GetParameter", "ssm:GetParametersByPath"],
    Resource: ["arn:aws:ssm:*::parameter/aws/service/*", "arn:aws:ssm:*:*:parameter/gpudev/*"],
  },
];

const SOURCES = path.join(ROOT, "components", "aws");

/** Types of resources that the components' own source makes. */
export function typesMade(): string[] {
  const text = fs
    .readdirSync(SOURCES)
    .map((file) => fs.readFileSync(path.join(SOURCES, file), "utf8"))
    .join("\n");
  const modules = aws as unknown as Record<string, Record<string, { __pulumiType?: string }>>;
  const types = [...text.matchAll(/new aws\.(\w+)\.(\w+)\(/g)].map(
    ([call, room = "", name = ""]) => {
      const type = modules[room]?.[name]?.__pulumiType;
      if (type === undefined) throw new Error(`${call} makes nothing that AWS's package knows`);
      return type;
    },
  );
  return [...new Set(types)].toSorted();
}

/** Permissions of one type. */
export function permissionsOf(type: string): readonly string[] {
  const found = PERMISSIONS[type];
  if (found === undefined) throw new Error(`say in awsPermissions.ts what ${type} needs`);
  return found;
}

/** The types of which the table says something. */
export const KNOWN_TYPES = Object.keys(PERMISSIONS);

/** The policy that an engineer needs to run stacks of these types. */
export function engineersPolicy(types: readonly string[]) {
  const all = [...new Set([...types.flatMap(permissionsOf), ...BESIDES])].toSorted();
  const apart = new Set(APART.flatMap(({ actions }) => actions));
  const rest = all.filter((action) => !apart.has(action));
  const services = [...new Set(rest.map((action) => action.split(":")[0] ?? ""))];
  const of = (some: readonly string[]) =>
    rest.filter((action) => some.includes(action.split(":")[0] ?? ""));
  const resourcesOf = (service: string): readonly string[] => {
    if (service === "iam") {
      return ["arn:aws:iam::*:instance-profile/gpudev-*", "arn:aws:iam::*:role/gpudev-*"];
    }
    return NAMED[service] ?? ["*"];
  };
  return {
    Version: "2012-10-17",
    Statement: [
      {
        // Services whose things have no name of ours in their ARNs, in one statement: a policy's length is limited.
        Sid: "Services",
        Effect: "Allow",
        Action: of(services.filter((service) => resourcesOf(service)[0] === "*")),
        Resource: ["*"],
      },
      ...services
        .filter((service) => resourcesOf(service)[0] !== "*")
        .map((service) => ({
          Sid: `${service[0]?.toUpperCase() ?? ""}${service.slice(1)}`,
          Effect: "Allow",
          Action: of([service]),
          Resource: resourcesOf(service).flatMap((one) =>
            service === "s3" ? [one, `${one}/*`] : [one],
          ),
        })),
      ...APART.map(({ Sid, actions, Resource, Condition }) => ({
        Sid,
        Effect: "Allow",
        Action: actions.filter((action) => all.includes(action)),
        Resource,
        ...(Condition === undefined ? {} : { Condition }),
      })).filter(({ Action }) => Action.length > 0),
    ],
  };
}
