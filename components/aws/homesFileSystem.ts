import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { PlannedHomes } from "../plan/aws/model";
import { fileSystemPolicy } from "./hostPolicy";

/** Arguments of `HomesFileSystem`. */
export interface HomesFileSystemArgs {
  readonly region: string;
  /** Account id. */
  readonly account: pulumi.Input<string>;
  /** Network of the hosts. */
  readonly vpcId: pulumi.Input<string>;
  /** Subnets by zone; each gets a mount target. */
  readonly subnetIds: Readonly<Record<string, pulumi.Input<string>>>;
  /** Group of the hosts, which alone may connect. */
  readonly hostsGroupId: pulumi.Input<string>;
  /** Users, each with a folder that the access point locks them into. */
  readonly accessPoints: PlannedHomes["accessPoints"];
  /** Default: none. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Homes that follow their users from zone to zone: an encrypted EFS file system with backups, and an access point for each user. */
export class HomesFileSystem extends pulumi.ComponentResource {
  public readonly id: pulumi.Output<string>;
  public readonly arn: pulumi.Output<string>;
  /** Access points by user. */
  public readonly accessPoints: pulumi.Output<Record<string, string>>;
  /** The same as resources, so that a host knows of its own users' alone: a newcomer elsewhere changes nothing for it. */
  public readonly points: Readonly<Record<string, aws.efs.AccessPoint>>;
  /** Without one in its zone a host cannot mount: let hosts depend on these. */
  public readonly mountTargets: readonly aws.efs.MountTarget[];

  constructor(
    private readonly label: string,
    private readonly args: HomesFileSystemArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gpudev:index:HomesFileSystem", label, {}, opts);
    const fileSystem = this.fileSystem();
    this.id = fileSystem.id;
    this.arn = fileSystem.arn;
    this.mountTargets = this.makeMountTargets(fileSystem);
    const points = args.accessPoints.map(
      (planned) => [planned.user, this.accessPoint(planned, fileSystem)] as const,
    );
    this.points = Object.fromEntries(points);
    this.accessPoints = pulumi.all(Object.fromEntries(points.map(([user, { id }]) => [user, id])));
    this.registerOutputs({ id: this.id, accessPoints: this.accessPoints });
  }

  private fileSystem(): aws.efs.FileSystem {
    const { region, account, tags } = this.args;
    const fileSystem = new aws.efs.FileSystem(
      `${this.label}-files`,
      { encrypted: true, throughputMode: "elastic", tags: { ...tags, Name: this.label } },
      { parent: this, protect: true },
    );
    new aws.efs.BackupPolicy(
      `${this.label}-backup`,
      { fileSystemId: fileSystem.id, backupPolicy: { status: "ENABLED" } },
      { parent: this },
    );
    new aws.efs.FileSystemPolicy(
      `${this.label}-policy`,
      {
        fileSystemId: fileSystem.id,
        policy: pulumi
          .all([fileSystem.arn, account])
          .apply(([arn, owner]) => fileSystemPolicy(region, arn, owner)),
      },
      { parent: this },
    );
    return fileSystem;
  }

  private makeMountTargets(fileSystem: aws.efs.FileSystem): aws.efs.MountTarget[] {
    const { vpcId, subnetIds, hostsGroupId } = this.args;
    const group = new aws.ec2.SecurityGroup(
      `${this.label}-group`,
      { vpcId, description: "Homes of gpudev on EFS", tags: { Name: this.label } },
      { parent: this },
    );
    new aws.vpc.SecurityGroupIngressRule(
      `${this.label}-nfs`,
      {
        securityGroupId: group.id,
        referencedSecurityGroupId: hostsGroupId,
        ipProtocol: "tcp",
        fromPort: 2049,
        toPort: 2049,
        description: "NFS, for hosts alone",
      },
      { parent: this },
    );
    return Object.entries(subnetIds).map(
      ([zone, subnetId]) =>
        new aws.efs.MountTarget(
          `${this.label}-${zone}`,
          { fileSystemId: fileSystem.id, subnetId, securityGroups: [group.id] },
          // A file system takes one mount target in a zone.
          { parent: this, deleteBeforeReplace: true },
        ),
    );
  }

  private accessPoint(
    { user, path, uid, gid }: PlannedHomes["accessPoints"][number],
    fileSystem: aws.efs.FileSystem,
  ): aws.efs.AccessPoint {
    return new aws.efs.AccessPoint(
      `${this.label}-${user}`,
      {
        fileSystemId: fileSystem.id,
        posixUser: { uid, gid },
        rootDirectory: {
          path,
          creationInfo: { ownerUid: uid, ownerGid: gid, permissions: "0700" },
        },
        tags: { ...this.args.tags, "gpudev:user": user, Name: `${this.label}-${user}` },
      },
      { parent: this, protect: true },
    );
  }
}
