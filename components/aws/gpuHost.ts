import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { hostPolicy, type HostGrants } from "./hostPolicy";
import { instanceArgs, marketOf, type InstanceShape } from "./instanceArgs";
import { trustText } from "./policy";

/** Arguments of `GpuHost`. */
export interface GpuHostArgs extends InstanceShape {
  /** `host-0`: names the host's document and verdict in the bucket. */
  readonly host: string;
  readonly region: string;
  /** Account id. */
  readonly account: pulumi.Input<string>;
  /** AMI to boot. Another one replaces the instance. */
  readonly ami: pulumi.Input<string>;
  readonly subnetId: pulumi.Input<string>;
  readonly securityGroupId: pulumi.Input<string>;
  /** Bootstrap of the first boot. What changes later in it changes no instance. */
  readonly userData: pulumi.Input<string>;
  /** Bucket of the stack's hosts. */
  readonly bucket: pulumi.Input<string>;
  /** SSM document that applies. */
  readonly applyDocument: pulumi.Input<string>;
  /** SHA-256 of the host software that should run. */
  readonly bundle: string;
  /** The host's document: its text and its version. */
  readonly document: pulumi.Input<{ readonly text: string; readonly version: string }>;
  /** Path below which the host publishes: `/gpudev/<id>/host-0`. */
  readonly parameters: string;
  /** ECR repository that the image is pulled from. Default: none. */
  readonly repositoryArn?: pulumi.Input<string | undefined>;
  /** Data sets in S3 that are mounted read-only. Default: none. */
  readonly data?: HostGrants["data"];
  /** Role whose credentials for data sets the host lends to its users. Default: none. */
  readonly dataRoleArn?: pulumi.Input<string>;
  /** Homes volume of the host. Default: none. */
  readonly homesVolumeId?: pulumi.Input<string>;
  /** EFS file system of the homes, and the access points of this host's users. Default: none. */
  readonly fileSystemArn?: pulumi.Input<string>;
  readonly accessPointArns?: readonly pulumi.Input<string>[];
  /** An address that stays over stops, for direct access. Default false. */
  readonly fixedAddress?: boolean;
  /** Wait until the host is ready. Default true. */
  readonly wait?: boolean;
  /** ARN of the permissions boundary of the role. */
  readonly permissionsBoundary?: string;
  /** Called where the instance cannot be made or changed. Default: none. */
  readonly onInstanceError?: pulumi.ErrorHook;
}

/** Where the homes volume is attached; on Nitro it appears as NVMe under a name of its own. */
const HOMES_DEVICE = "/dev/sdh";
/** Says where the host's verdict is, to whoever finds the instance. */
const BUCKET_TAG = "gpudev:bucket";
/** A first boot with driver, image and health checks; pulling an image takes minutes. */
const READY_SECONDS = 3600;
/** How often drift heals by itself. */
const HEAL = "rate(30 minutes)";

/**
 * One GPU machine: instance, role, the attached homes volume, its document, and the association
 * that makes it apply the document and says when it is ready. Another document changes nothing but
 * the association.
 */
export class GpuHost extends pulumi.ComponentResource {
  public readonly instanceId: pulumi.Output<string>;
  /** Public address; the private one where the host has none. */
  public readonly address: pulumi.Output<string>;
  /** The association: once it is made, the host is ready, where anybody waits for it. */
  public readonly ready: aws.ssm.Association;

  constructor(
    private readonly label: string,
    private readonly args: GpuHostArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gpudev:index:GpuHost", label, {}, opts);
    // The first boot looks for it.
    const document = this.document();
    const { profile, policy } = this.role();
    const shape = instanceArgs(label, args);
    const instance = new aws.ec2.Instance(
      `${label}-instance`,
      {
        ...shape,
        tags: pulumi
          .all([shape.tags, args.bucket])
          .apply(([tags, bucket]) => ({ ...tags, [BUCKET_TAG]: bucket })),
        ami: args.ami,
        subnetId: args.subnetId,
        vpcSecurityGroupIds: [args.securityGroupId],
        iamInstanceProfile: profile.name,
        userData: args.userData,
      },
      {
        parent: this,
        dependsOn: [policy, document],
        // One homes volume, one address, and scarce GPUs: the old one goes first.
        deleteBeforeReplace: true,
        // cloud-init runs once; a change would only restart the machine.
        ignoreChanges: ["userData"],
        replaceOnChanges: [
          // EC2 moves only a stopped instance into another reservation, and the provider does not stop it.
          "capacityReservationSpecification",
          // EC2 gives a Spot instance no other type, stopped or not.
          ...(args.spot === true ? ["instanceType"] : []),
        ],
        // The provider sees no change where a Spot instance is to be none any more (terraform-provider-aws #38141).
        replacementTrigger: marketOf(args),
        ...(args.onInstanceError === undefined
          ? {}
          : { hooks: { onError: [args.onInstanceError] } }),
      },
    );
    this.instanceId = instance.id;
    this.address =
      args.fixedAddress === true
        ? this.fixedAddress(instance)
        : pulumi
            .all([instance.publicIp, instance.privateIp])
            .apply(([open, inside]) => (open === "" ? inside : open));
    const attached =
      args.homesVolumeId === undefined ? [] : [this.attach(instance, args.homesVolumeId)];
    this.ready = this.associate(instance, [document, ...attached]);
    this.registerOutputs({ instanceId: this.instanceId, address: this.address });
  }

  private document(): aws.s3.BucketObjectv2 {
    const { bucket, host, document } = this.args;
    return new aws.s3.BucketObjectv2(
      `${this.label}-document`,
      {
        bucket,
        key: `documents/${host}.json`,
        content: pulumi.output(document).text,
        contentType: "application/json",
        // S3 takes ten tags on an object, and a stack may have more.
        overrideProvider: { defaultTags: { tags: {} } },
      },
      { parent: this },
    );
  }

  private role(): {
    readonly profile: aws.iam.InstanceProfile;
    readonly policy: aws.iam.RolePolicy;
  } {
    const { permissionsBoundary } = this.args;
    const role = new aws.iam.Role(
      `${this.label}-role`,
      {
        assumeRolePolicy: trustText("ec2"),
        description: "A GPU host of gpudev",
        // What a role may be lent goes by them.
        tags: { ...this.args.tags },
        ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
      },
      { parent: this },
    );
    const policy = new aws.iam.RolePolicy(
      `${this.label}-policy`,
      { role: role.name, policy: this.grants() },
      { parent: this },
    );
    const profile = new aws.iam.InstanceProfile(
      `${this.label}-profile`,
      { role: role.name },
      { parent: this },
    );
    return { profile, policy };
  }

  private grants(): pulumi.Output<string> {
    const { region, host, parameters, data } = this.args;
    const { account, bucket, applyDocument, repositoryArn, dataRoleArn } = this.args;
    const { fileSystemArn, accessPointArns } = this.args;
    const roots = { account, bucket, applyDocument, repositoryArn, dataRoleArn };
    const points = accessPointArns === undefined ? undefined : [...accessPointArns];
    return pulumi.output({ ...roots, fileSystemArn, accessPointArns: points }).apply((known) =>
      hostPolicy({
        region,
        host,
        parameters,
        account: known.account,
        bucket: known.bucket,
        applyDocument: known.applyDocument,
        ...(data === undefined ? {} : { data }),
        ...(known.repositoryArn === undefined ? {} : { repositoryArn: known.repositoryArn }),
        ...(known.dataRoleArn === undefined ? {} : { dataRoleArn: known.dataRoleArn }),
        ...(known.fileSystemArn === undefined ? {} : { fileSystemArn: known.fileSystemArn }),
        ...(known.accessPointArns === undefined ? {} : { accessPointArns: known.accessPointArns }),
      }),
    );
  }

  private fixedAddress(instance: aws.ec2.Instance): pulumi.Output<string> {
    const address = new aws.ec2.Eip(
      `${this.label}-address`,
      { domain: "vpc", tags: { Name: this.label } },
      { parent: this },
    );
    new aws.ec2.EipAssociation(
      `${this.label}-address`,
      { allocationId: address.id, instanceId: instance.id },
      { parent: this, deletedWith: instance },
    );
    return address.publicIp;
  }

  private attach(instance: aws.ec2.Instance, volumeId: pulumi.Input<string>) {
    return new aws.ec2.VolumeAttachment(
      `${this.label}-homes`,
      {
        deviceName: HOMES_DEVICE,
        instanceId: instance.id,
        volumeId,
        // A mounted volume is not taken from a running machine.
        stopInstanceBeforeDetaching: true,
      },
      // Where the instance goes, EC2 detaches it as the machine has shut down.
      { parent: this, deleteBeforeReplace: true, deletedWith: instance },
    );
  }

  private associate(instance: aws.ec2.Instance, dependsOn: pulumi.Resource[]): aws.ssm.Association {
    const { applyDocument, bundle, document, wait } = this.args;
    return new aws.ssm.Association(
      `${this.label}-apply`,
      {
        name: applyDocument,
        targets: [{ key: "InstanceIds", values: [instance.id] }],
        parameters: { bundle, version: pulumi.output(document).version },
        scheduleExpression: HEAL,
        complianceSeverity: "HIGH",
        ...(wait === false ? {} : { waitForSuccessTimeoutSeconds: READY_SECONDS }),
      },
      {
        parent: this,
        dependsOn,
        // The provider waits for success only when it makes one: another document or another machine is a new wait.
        replaceOnChanges: ["parameters", "targets"],
        deleteBeforeReplace: true,
        customTimeouts: { create: "65m" },
      },
    );
  }
}
