import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { HomeStorage, type HomeStorageArgs } from "../../components/aws/homeStorage";
import { awsRegistered, namesOf, ofType, only } from "../support/awsRegistered";

const base = {
  region: "eu-west-1",
  account: "111122223333",
  stackId: "7f3k2m",
  quotaGiB: 100,
  snapshotsKept: 7,
  tags: { "gpudev:stack-id": "7f3k2m" },
};
const volumes: HomeStorageArgs = {
  ...base,
  kind: "volume",
  volumes: [0, 1].map((host) => ({
    host,
    name: `host-${host}`,
    zone: "eu-west-1a",
    sizeGiB: 400,
    users: [],
  })),
  accessPoints: [],
};
const efs: HomeStorageArgs = {
  ...base,
  kind: "efs",
  volumes: [],
  accessPoints: ["ada", "bob"].map((user) => ({
    user,
    path: `/homes/${user}`,
    uid: 1000,
    gid: 1000,
  })),
  vpcId: "vpc-1",
  subnetIds: { "eu-west-1a": "subnet-a", "eu-west-1b": "subnet-b" },
  hostsGroupId: "sg-hosts",
};
const made = async (args: HomeStorageArgs) =>
  awsRegistered(() => {
    const { volumeIds, fileSystem } = new HomeStorage("homes", args);
    return pulumi.output({ volumeIds, points: fileSystem?.accessPoints });
  });

describe("homes on volumes", () => {
  it("are one protected, encrypted volume for each host, with a final snapshot", async () => {
    const { asked, value } = await made(volumes);
    const all = ofType(asked, "ebs/volume:Volume");
    expect(all.map(({ name, protect }) => [name, protect])).toEqual([
      ["homes-host-0", true],
      ["homes-host-1", true],
    ]);
    expect(all[1]?.inputs).toEqual({
      availabilityZone: "eu-west-1a",
      encrypted: true,
      finalSnapshot: true,
      size: 400,
      type: "gp3",
      tags: {
        "gpudev:stack-id": "7f3k2m",
        "gpudev:homes": "7f3k2m",
        "gpudev:host": "1",
        Name: "homes-host-1",
      },
    });
    expect(value?.volumeIds).toEqual({
      "host-0": "id-of-homes-host-0",
      "host-1": "id-of-homes-host-1",
    });
  });

  it("are snapshotted daily by tag, as many as settings keep", async () => {
    const { asked } = await made(volumes);
    expect(only(asked, "dlm/lifecyclePolicy:LifecyclePolicy").inputs).toMatchObject({
      state: "ENABLED",
      policyDetails: {
        resourceTypes: ["VOLUME"],
        targetTags: { "gpudev:homes": "7f3k2m" },
        schedules: [
          {
            copyTags: true,
            createRule: { interval: 24, intervalUnit: "HOURS" },
            retainRule: { count: 7 },
          },
        ],
      },
    });
  });

  it("need no snapshots while there are none", async () => {
    expect(namesOf((await made({ ...volumes, volumes: [] })).asked)).toEqual([]);
  });
});

describe("homes on EFS", () => {
  it("are one protected, encrypted file system with a protected access point for each user", async () => {
    const { asked, value } = await made(efs);
    expect(namesOf(asked)).toEqual([
      "AccessPoint homes-efs-ada",
      "AccessPoint homes-efs-bob",
      "BackupPolicy homes-efs-backup",
      "FileSystem homes-efs-files",
      "FileSystemPolicy homes-efs-policy",
      "MountTarget homes-efs-eu-west-1a",
      "MountTarget homes-efs-eu-west-1b",
      "SecurityGroup homes-efs-group",
      "SecurityGroupIngressRule homes-efs-nfs",
    ]);
    const kept = asked.filter(({ protect }) => protect).map(({ name }) => name);
    expect(kept.toSorted()).toEqual(["homes-efs-ada", "homes-efs-bob", "homes-efs-files"]);
    expect(only(asked, "efs/fileSystem:FileSystem").inputs["encrypted"]).toBe(true);
    expect(value?.points).toEqual({
      ada: "id-of-homes-efs-ada",
      bob: "id-of-homes-efs-bob",
    });
  });

  it("lock each user into the own folder, as the image's uid", async () => {
    const [ada] = ofType((await made(efs)).asked, "efs/accessPoint:AccessPoint");
    expect(ada?.inputs).toMatchObject({
      posixUser: { uid: 1000, gid: 1000 },
      rootDirectory: {
        path: "/homes/ada",
        creationInfo: { ownerUid: 1000, ownerGid: 1000, permissions: "0700" },
      },
    });
  });

  it("let hosts in alone", async () => {
    const rule = only(
      (await made(efs)).asked,
      "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    );
    expect(rule.inputs).toMatchObject({ referencedSecurityGroupId: "sg-hosts", fromPort: 2049 });
  });
});
