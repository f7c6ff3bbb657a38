import { createHash } from "node:crypto";
import type { Properties, Value } from "../../../cli/providers/values";
import type { TypeRow, World } from "./model";

const text = (value: Value | undefined) => (typeof value === "string" ? value : "");
const arnOf =
  (service: string, resource: (inputs: Properties, id: string) => string) =>
  (inputs: Properties, id: string, { region, accountId }: World): Properties => ({
    arn: `arn:aws:${service}:${region}:${accountId}:${resource(inputs, id)}`,
  });
const globalArn =
  (kind: string) =>
  (inputs: Properties, _id: string, { accountId }: World): Properties => ({
    arn: `arn:aws:iam::${accountId}:${kind}/${text(inputs["name"])}`,
    uniqueId: `AROA${text(inputs["name"])}`,
  });
const ec2Arn = (kind: string) => arnOf("ec2", (_inputs, id) => `${kind}/${id}`);

// From a range to a group or back replaces a rule (`ModifyPlan`); none of ours changes from one to the other.
const rule: TypeRow = {
  source: "ec2/vpc_security_group_ingress_rule.go",
  idPrefix: "sgr-",
  tagged: true,
  inputs: {
    securityGroupId: "replace",
    cidrIpv4: "update",
    description: "update",
    fromPort: "update",
    ipProtocol: "update",
    referencedSecurityGroupId: "update",
    toPort: "update",
    tags: "update",
  },
  computed: (_inputs, id, { region, accountId }) => ({
    arn: `arn:aws:ec2:${region}:${accountId}:security-group-rule/${id}`,
    securityGroupRuleId: id,
  }),
};

function attachments({ account }: World) {
  return account.all("aws:ec2/volumeAttachment:VolumeAttachment");
}

/**
 * Every type that our components use. Each row was held, `ForceNew` by `ForceNew`, against its `source` below
 * `internal/service` of hashicorp/terraform-provider-aws, images against pulumi/pulumi-docker-build. What both kinds of
 * security group rule do stands in the ingress rule's file, as `RequiresReplace` and `ModifyPlan`. All were read in
 * stored versions, which may be years older than the release that @pulumi/aws 7.48.0 bridges. Pulumi's own overrides
 * (pulumi-aws, `provider/resources.go`, an older version as well) make no further input replace; of those, the ones for
 * budgets and security group rules were not read.
 */
export const TABLE: Readonly<Record<string, TypeRow>> = {
  "aws:ec2/vpc:Vpc": {
    source: "ec2/vpc_.go",
    idPrefix: "vpc-",
    tagged: true,
    inputs: {
      cidrBlock: "replace",
      enableDnsHostnames: "update",
      enableDnsSupport: "update",
      tags: "update",
    },
    computed: ec2Arn("vpc"),
  },
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": {
    source: "ec2/vpc_default_security_group.go",
    idPrefix: "sg-",
    tagged: true,
    inputs: { vpcId: "replace", tags: "update" },
  },
  "aws:ec2/internetGateway:InternetGateway": {
    source: "ec2/vpc_internet_gateway.go",
    idPrefix: "igw-",
    tagged: true,
    inputs: { vpcId: "update", tags: "update" },
    computed: ec2Arn("internet-gateway"),
  },
  "aws:ec2/subnet:Subnet": {
    source: "ec2/vpc_subnet.go",
    idPrefix: "subnet-",
    tagged: true,
    inputs: {
      availabilityZone: "replace",
      cidrBlock: "replace",
      mapPublicIpOnLaunch: "update",
      vpcId: "replace",
      tags: "update",
    },
    computed: ec2Arn("subnet"),
  },
  "aws:ec2/routeTable:RouteTable": {
    source: "ec2/vpc_route_table.go",
    idPrefix: "rtb-",
    tagged: true,
    inputs: { vpcId: "replace", tags: "update" },
    computed: ec2Arn("route-table"),
  },
  "aws:ec2/routeTableAssociation:RouteTableAssociation": {
    source: "ec2/vpc_route_table_association.go",
    idPrefix: "rtbassoc-",
    inputs: { routeTableId: "update", subnetId: "replace" },
  },
  "aws:ec2/route:Route": {
    source: "ec2/vpc_route.go",
    idPrefix: "r-",
    inputs: {
      destinationCidrBlock: "replace",
      gatewayId: "update",
      natGatewayId: "update",
      routeTableId: "replace",
    },
  },
  "aws:ec2/vpcEndpoint:VpcEndpoint": {
    source: "ec2/vpc_endpoint.go",
    idPrefix: "vpce-",
    tagged: true,
    inputs: {
      privateDnsEnabled: "update",
      routeTableIds: "update",
      securityGroupIds: "update",
      serviceName: "replace",
      subnetIds: "update",
      vpcEndpointType: "replace",
      vpcId: "replace",
      tags: "update",
    },
    computed: ec2Arn("vpc-endpoint"),
  },
  "aws:ec2/eip:Eip": {
    source: "ec2/ec2_eip.go",
    idPrefix: "eipalloc-",
    tagged: true,
    inputs: { domain: "replace", tags: "update" },
    computed: (_inputs, id) => ({ allocationId: id, publicIp: "198.51.100.9" }),
  },
  "aws:ec2/eipAssociation:EipAssociation": {
    source: "ec2/ec2_eip_association.go",
    idPrefix: "eipassoc-",
    inputs: { allocationId: "replace", instanceId: "replace" },
  },
  "aws:ec2/natGateway:NatGateway": {
    source: "ec2/vpc_nat_gateway.go",
    idPrefix: "nat-",
    tagged: true,
    inputs: { allocationId: "replace", subnetId: "replace", tags: "update" },
  },
  "aws:ec2/securityGroup:SecurityGroup": {
    source: "ec2/vpc_security_group.go",
    idPrefix: "sg-",
    named: "name",
    tagged: true,
    inputs: { description: "replace", name: "replace", vpcId: "replace", tags: "update" },
    computed: ec2Arn("security-group"),
  },
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": rule,
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {
    ...rule,
    source: "ec2/vpc_security_group_egress_rule.go",
  },
  "aws:ec2/instance:Instance": {
    source: "ec2/ec2_instance.go",
    idPrefix: "i-",
    tagged: true,
    inputs: {
      ami: "replace",
      associatePublicIpAddress: "replace",
      availabilityZone: "replace",
      capacityReservationSpecification: "update",
      iamInstanceProfile: "update",
      instanceInitiatedShutdownBehavior: "update",
      instanceMarketOptions: "replace",
      instanceType: "restart",
      metadataOptions: "update",
      rootBlockDevice: "update",
      subnetId: "replace",
      tags: "update",
      userData: "restart",
      userDataReplaceOnChange: "update",
      vpcSecurityGroupIds: "update",
    },
    // Optional and computed (terraform-provider-aws #38141).
    answered: ["instanceMarketOptions"],
    parts: { "rootBlockDevice.encrypted": "replace", "rootBlockDevice.kmsKeyId": "replace" },
    beforeUpdate: (before, inputs) => {
      if (before["instanceMarketOptions"] === undefined) return;
      if (before["instanceType"] !== inputs["instanceType"])
        throw new Error("UnsupportedOperation: the instance type of a Spot instance cannot change");
    },
    computed: (inputs, id, { region, accountId }) => ({
      arn: `arn:aws:ec2:${region}:${accountId}:instance/${id}`,
      instanceState: "running",
      privateIp: "10.64.0.10",
      publicIp: inputs["associatePublicIpAddress"] === true ? "203.0.113.10" : "",
    }),
    beforeCreate: (inputs, { account }) => {
      const type = text(inputs["instanceType"]);
      const market = inputs["instanceMarketOptions"] === undefined ? "on-demand" : "spot";
      const place = `${type} ${market} in ${text(inputs["availabilityZone"])}`;
      const { exhausted } = account.read();
      if (exhausted.some((one) => place === one || place.startsWith(`${one} `))) {
        throw new Error(
          `creating EC2 Instance: operation error EC2: RunInstances, https response error StatusCode: 500, api error InsufficientInstanceCapacity: We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${text(inputs["availabilityZone"])}).`,
        );
      }
    },
    beforeDelete: (_inputs, id, world) => {
      // A terminated instance lets go of its volumes and addresses.
      for (const type of [
        "aws:ec2/volumeAttachment:VolumeAttachment",
        "aws:ec2/eipAssociation:EipAssociation",
      ]) {
        for (const [attachment, { inputs }] of world.account.all(type)) {
          if (inputs["instanceId"] === id) world.account.remove(type, attachment);
        }
      }
    },
  },
  "aws:ebs/volume:Volume": {
    source: "ec2/ebs_volume.go",
    idPrefix: "vol-",
    tagged: true,
    inputs: {
      availabilityZone: "replace",
      encrypted: "replace",
      finalSnapshot: "update",
      size: "update",
      snapshotId: "replace",
      tags: "update",
      type: "update",
    },
    computed: ec2Arn("volume"),
    beforeUpdate: (before, { size }) => {
      if (Number(size) >= Number(before["size"])) return;
      throw new Error(
        "modifying EBS Volume: InvalidParameterValue: New size cannot be smaller than existing size",
      );
    },
    beforeDelete: (inputs, id, world) => {
      if (attachments(world).some(([, one]) => one.inputs["volumeId"] === id)) {
        throw new Error(`deleting EBS Volume (${id}): VolumeInUse`);
      }
      if (inputs["finalSnapshot"] === true) {
        const { snapshots } = world.account.read();
        world.account.change({ snapshots: [...snapshots, id] });
      }
    },
  },
  "aws:ec2/volumeAttachment:VolumeAttachment": {
    source: "ec2/ebs_volume_attachment.go",
    idPrefix: "vai-",
    inputs: {
      deviceName: "replace",
      instanceId: "replace",
      stopInstanceBeforeDetaching: "update",
      volumeId: "replace",
    },
    beforeCreate: (inputs, world) => {
      const holder = attachments(world).find(
        ([, one]) => one.inputs["volumeId"] === inputs["volumeId"],
      );
      if (holder === undefined) return;
      throw new Error(
        `attaching EBS Volume (${text(inputs["volumeId"])}): VolumeInUse: it is already attached to an instance`,
      );
    },
  },
  "aws:dlm/lifecyclePolicy:LifecyclePolicy": {
    source: "dlm/lifecycle_policy.go",
    idPrefix: "policy-",
    tagged: true,
    inputs: {
      description: "update",
      executionRoleArn: "update",
      // But `copyTags` of a schedule replaces; ours is always true.
      policyDetails: "update",
      state: "update",
    },
  },
  "aws:efs/fileSystem:FileSystem": {
    source: "efs/file_system.go",
    idPrefix: "fs-",
    tagged: true,
    inputs: { encrypted: "replace", tags: "update", throughputMode: "update" },
    computed: arnOf("elasticfilesystem", (_inputs, id) => `file-system/${id}`),
  },
  "aws:efs/mountTarget:MountTarget": {
    source: "efs/mount_target.go",
    idPrefix: "fsmt-",
    inputs: { fileSystemId: "replace", securityGroups: "update", subnetId: "replace" },
  },
  "aws:efs/accessPoint:AccessPoint": {
    source: "efs/access_point.go",
    idPrefix: "fsap-",
    tagged: true,
    inputs: {
      fileSystemId: "replace",
      posixUser: "replace",
      rootDirectory: "replace",
      tags: "update",
    },
    computed: arnOf("elasticfilesystem", (_inputs, id) => `access-point/${id}`),
  },
  "aws:efs/backupPolicy:BackupPolicy": {
    source: "efs/backup_policy.go",
    idPrefix: "fsbp-",
    inputs: { backupPolicy: "update", fileSystemId: "replace" },
  },
  "aws:efs/fileSystemPolicy:FileSystemPolicy": {
    source: "efs/file_system_policy.go",
    idPrefix: "fsp-",
    inputs: { fileSystemId: "replace", policy: "update" },
  },
  "aws:iam/role:Role": {
    source: "iam/role.go",
    named: "name",
    unique: "name",
    tagged: true,
    inputs: {
      assumeRolePolicy: "update",
      description: "update",
      maxSessionDuration: "update",
      name: "replace",
      permissionsBoundary: "update",
      tags: "update",
    },
    computed: globalArn("role"),
  },
  "aws:iam/rolePolicy:RolePolicy": {
    source: "iam/role_policy.go",
    named: "name",
    inputs: { name: "replace", policy: "update", role: "replace" },
  },
  "aws:iam/userPolicy:UserPolicy": {
    source: "iam/user_policy.go",
    named: "name",
    inputs: { name: "replace", policy: "update", user: "replace" },
  },
  "aws:iam/instanceProfile:InstanceProfile": {
    source: "iam/instance_profile.go",
    named: "name",
    unique: "name",
    tagged: true,
    inputs: { name: "replace", role: "update" },
    computed: globalArn("instance-profile"),
  },
  "aws:ecr/repository:Repository": {
    source: "ecr/repository.go",
    unique: "name",
    tagged: true,
    inputs: {
      encryptionConfigurations: "replace",
      forceDelete: "update",
      imageScanningConfiguration: "update",
      imageTagMutability: "update",
      imageTagMutabilityExclusionFilters: "update",
      name: "replace",
    },
    computed: (inputs, id, world) => ({
      ...arnOf("ecr", ({ name }) => `repository/${text(name)}`)(inputs, id, world),
      registryId: world.accountId,
      repositoryUrl: `${world.accountId}.dkr.ecr.${world.region}.amazonaws.com/${text(inputs["name"])}`,
    }),
  },
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": {
    source: "ecr/lifecycle_policy.go",
    idPrefix: "lp-",
    inputs: { policy: "replace", repository: "replace" },
  },
  "aws:s3/bucket:Bucket": {
    source: "s3/bucket.go",
    named: "bucket",
    unique: "bucket",
    tagged: true,
    inputs: { bucket: "replace", forceDestroy: "update" },
    computed: (inputs) => ({ arn: `arn:aws:s3:::${text(inputs["bucket"])}` }),
    beforeDelete: ({ bucket, forceDestroy }, _id, { account }) => {
      const type = "aws:s3/bucketObjectv2:BucketObjectv2";
      const objects = account.all(type).filter(([, { inputs }]) => inputs["bucket"] === bucket);
      if (objects.length > 0 && forceDestroy !== true) {
        throw new Error(`deleting S3 Bucket (${text(bucket)}): BucketNotEmpty`);
      }
      for (const [id] of objects) account.remove(type, id);
    },
  },
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
    source: "s3/bucket_public_access_block.go",
    idPrefix: "pab-",
    inputs: {
      blockPublicAcls: "update",
      blockPublicPolicy: "update",
      bucket: "replace",
      ignorePublicAcls: "update",
      restrictPublicBuckets: "update",
    },
  },
  "aws:s3/bucketPolicy:BucketPolicy": {
    source: "s3/bucket_policy.go",
    idPrefix: "bp-",
    inputs: { bucket: "replace", policy: "update" },
  },
  "aws:s3/bucketObjectv2:BucketObjectv2": {
    source: "s3/object.go",
    idPrefix: "object-",
    inputs: {
      bucket: "replace",
      content: "update",
      contentType: "update",
      key: "replace",
      overrideProvider: "update",
      source: "update",
    },
  },
  "aws:ssm/document:Document": {
    source: "ssm/document.go",
    named: "name",
    unique: "name",
    tagged: true,
    inputs: {
      content: "update",
      documentFormat: "update",
      documentType: "update",
      name: "replace",
    },
    computed: arnOf("ssm", ({ name }) => `document/${text(name)}`),
  },
  "aws:ssm/association:Association": {
    source: "ssm/association.go",
    loose: true,
    idPrefix: "association-",
    tagged: true,
    inputs: {
      complianceSeverity: "update",
      name: "replace",
      parameters: "update",
      scheduleExpression: "update",
      targets: "update",
      waitForSuccessTimeoutSeconds: "update",
    },
    beforeCreate: (inputs, { account }) => {
      if (inputs["waitForSuccessTimeoutSeconds"] === undefined) return;
      const { stopped, unready = [] } = account.read();
      const targets = JSON.stringify(inputs["targets"]);
      const bad = account
        .all("aws:ec2/instance:Instance")
        .find(([id, one]) => targets.includes(id) && unready.includes(text(one.inputs["ami"])));
      if (bad !== undefined)
        throw new Error(
          `waiting for SSM Association to be Success: unexpected state 'Failed', wanted target 'Success': the document failed on ${bad[0]}`,
        );
      const asleep = stopped.find((id) => targets.includes(id));
      if (asleep === undefined) return;
      throw new Error(
        `waiting for SSM Association to be Success: timeout while waiting for state to become 'Success' (last state: 'Pending'): ${asleep} is stopped`,
      );
    },
  },
  "aws:scheduler/schedule:Schedule": {
    source: "scheduler/schedule.go",
    loose: true,
    named: "name",
    inputs: {
      flexibleTimeWindow: "update",
      name: "replace",
      scheduleExpression: "update",
      scheduleExpressionTimezone: "update",
      target: "update",
    },
  },
  "aws:budgets/budget:Budget": {
    source: "budgets/budget.go",
    named: "name",
    tagged: true,
    inputs: {
      budgetType: "update",
      costFilters: "update",
      limitAmount: "update",
      limitUnit: "update",
      name: "replace",
      notifications: "update",
      timeUnit: "update",
    },
  },
  "aws:budgets/budgetAction:BudgetAction": {
    source: "budgets/budget_action.go",
    loose: true,
    idPrefix: "action-",
    tagged: true,
    inputs: {
      actionThreshold: "update",
      actionType: "replace",
      approvalModel: "update",
      budgetName: "replace",
      definition: "update",
      executionRoleArn: "update",
      notificationType: "update",
      subscribers: "update",
    },
  },
  // Stands in for Pulumi's docker-build in the same tests: nothing is built.
  "docker-build:index:Image": {
    source: "pulumi-docker-build: provider/internal/image.go",
    idPrefix: "image-",
    inputs: {
      buildArgs: "update",
      buildOnPreview: "update",
      context: "update",
      dockerfile: "update",
      load: "update",
      network: "update",
      push: "update",
      // Of a registry's parts only the password is ignored; the others come from the repository, as `tags` do.
      registries: "ignore",
      tags: "update",
    },
    computed: (inputs) => {
      const tags = JSON.stringify(inputs["tags"]);
      const digest = `sha256:${createHash("sha256").update(tags).digest("hex")}`;
      return { digest, ref: digest };
    },
  },
};
