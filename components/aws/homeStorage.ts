import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { PlannedHomes, PlannedHomesVolume } from "../plan/aws/model";
import { HomesFileSystem } from "./homesFileSystem";
import { trustText } from "./policy";
import { HOMES_TAG, snapshotPolicy } from "./snapshots";

/** Arguments of `HomeStorage`. */
export interface HomeStorageArgs extends PlannedHomes {
  readonly region: string;
  /** Account id. */
  readonly account: pulumi.Input<string>;
  /** The stack's id, by which snapshots are taken. */
  readonly stackId: string;
  /** Tags on volumes, file systems and snapshots. Default: none. */
  readonly tags?: Readonly<Record<string, string>>;
  /** ARN of the permissions boundary of the role that takes snapshots. */
  readonly permissionsBoundary?: string;
  /** With EFS: the network of the hosts. */
  readonly vpcId?: pulumi.Input<string>;
  /** With EFS: subnets by zone; each gets a mount target. */
  readonly subnetIds?: Readonly<Record<string, pulumi.Input<string>>>;
  /** With EFS: group of the hosts, which alone may connect. */
  readonly hostsGroupId?: pulumi.Input<string>;
}

/**
 * Homes, which outlive hosts, users and stacks: for each host an encrypted gp3 volume with daily
 * snapshots and a final one, or one EFS file system with an access point for each user. All are
 * protected: nothing but an explicit command deletes one.
 */
export class HomeStorage extends pulumi.ComponentResource {
  /** Homes volumes by the name of their host; none with EFS. */
  public readonly volumeIds: Readonly<Record<string, pulumi.Output<string>>>;
  /** Absent with volumes. */
  public readonly fileSystem?: HomesFileSystem;

  constructor(
    private readonly label: string,
    private readonly args: HomeStorageArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("gpudev:index:HomeStorage", label, {}, opts);
    this.volumeIds = Object.fromEntries(
      args.volumes.map((planned) => [planned.name, this.volume(planned).id]),
    );
    if (args.volumes.length > 0) this.snapshots();
    if (args.kind === "efs") this.fileSystem = this.homesFileSystem();
    this.registerOutputs({
      volumeIds: this.volumeIds,
      ...(this.fileSystem === undefined ? {} : { fileSystemId: this.fileSystem.id }),
    });
  }

  private volume({ name, zone, sizeGiB, host, snapshot }: PlannedHomesVolume): aws.ebs.Volume {
    return new aws.ebs.Volume(
      `${this.label}-${name}`,
      {
        availabilityZone: zone,
        size: sizeGiB,
        type: "gp3",
        encrypted: true,
        finalSnapshot: true,
        ...(snapshot === undefined ? {} : { snapshotId: snapshot }),
        tags: {
          ...this.args.tags,
          [HOMES_TAG]: this.args.stackId,
          "gpudev:host": String(host),
          Name: `${this.label}-${name}`,
        },
      },
      // What it was made from says nothing of what is on it now.
      { parent: this, protect: true, ignoreChanges: ["snapshotId"] },
    );
  }

  private snapshots(): void {
    const { stackId, region, account, permissionsBoundary } = this.args;
    const role = new aws.iam.Role(
      `${this.label}-snapshots`,
      {
        assumeRolePolicy: pulumi.output(account).apply((id) => trustText("dlm", id)),
        description: "Takes gpudev's daily snapshots of homes",
        ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
      },
      { parent: this },
    );
    const policy = new aws.iam.RolePolicy(
      `${this.label}-snapshots`,
      { role: role.name, policy: snapshotPolicy(region, stackId) },
      { parent: this },
    );
    new aws.dlm.LifecyclePolicy(
      `${this.label}-snapshots`,
      {
        description: "Daily snapshots of gpudev homes",
        executionRoleArn: role.arn,
        state: "ENABLED",
        policyDetails: {
          resourceTypes: ["VOLUME"],
          targetTags: { [HOMES_TAG]: stackId },
          schedules: [
            {
              name: "daily",
              createRule: { interval: 24, intervalUnit: "HOURS", times: "03:00" },
              retainRule: { count: this.args.snapshotsKept },
              copyTags: true,
            },
          ],
        },
      },
      { parent: this, dependsOn: [policy] },
    );
  }

  private homesFileSystem(): HomesFileSystem {
    const { vpcId, subnetIds, hostsGroupId, tags, region, account, accessPoints } = this.args;
    if (vpcId === undefined || subnetIds === undefined || hostsGroupId === undefined) {
      throw new Error("homes on EFS need vpcId, subnetIds and hostsGroupId");
    }
    return new HomesFileSystem(
      `${this.label}-efs`,
      {
        region,
        account,
        vpcId,
        subnetIds,
        hostsGroupId,
        accessPoints,
        tags: { ...tags, [HOMES_TAG]: this.args.stackId },
      },
      { parent: this },
    );
  }
}
