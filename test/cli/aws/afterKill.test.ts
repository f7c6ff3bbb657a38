import type { Deployment } from "@pulumi/pulumi/automation";
import { describe, expect, it } from "vitest";
import { pendingOnes, strays } from "../../../cli/aws/afterKill";
import { deployedOf } from "../../../cli/aws/deployed";
import { homesLeft, homesLeftText } from "../../../cli/aws/homesCost";

const urn = (type: string, name: string) => `urn:pulumi:team::gpudev::${type}::${name}`;
const resource = (type: string, name: string, id: string, outputs: Record<string, unknown>) => ({
  urn: urn(type, name),
  type,
  id,
  outputs,
});
const state = (deployment: Record<string, unknown>): Deployment => ({ version: 3, deployment });

const DEPLOYMENT = state({
  pending_operations: [
    { resource: { urn: urn("aws:ec2/instance:Instance", "gpudev-host-1-instance") } },
  ],
  resources: [
    resource("aws:s3/bucket:Bucket", "gpudev-control-hosts", "bucket-1", {}),
    resource("aws:ec2/instance:Instance", "gpudev-host-0-instance", "i-0", {
      publicIp: "",
      privateIp: "10.64.0.9",
      availabilityZone: "eu-west-1a",
    }),
    resource("aws:ssm/association:Association", "gpudev-host-0-apply", "a-0", {
      parameters: { bundle: "b", version: "v" },
    }),
    resource("aws:ebs/volume:Volume", "gpudev-homes-host-0", "vol-0", { size: 400 }),
    resource("aws:ec2/volumeAttachment:VolumeAttachment", "gpudev-host-0-homes", "at-0", {
      volumeId: "vol-0",
    }),
    resource("aws:ebs/volume:Volume", "gpudev-homes-host-1", "vol-1", { size: 100 }),
  ],
});

describe("what the state says of a stack on AWS", () => {
  it("is its hosts, bucket and homes, and which homes no machine ever had", () => {
    const { homes, unattached, ...rest } = deployedOf(DEPLOYMENT);
    expect(rest).toEqual({
      bucket: "bucket-1",
      hosts: {
        "host-0": { instanceId: "i-0", address: "10.64.0.9", zone: "eu-west-1a", version: "v" },
      },
    });
    expect(homes.map(({ id }) => id)).toEqual(["vol-0", "vol-1"]);
    expect(unattached.map(({ id }) => id)).toEqual(["vol-1"]);
  });

  it("is nothing where there is none", () => {
    expect(deployedOf(state({}))).toEqual({ hosts: {}, homes: [], unattached: [] });
  });

  it("is what homes go on costing", () => {
    const left = homesLeft(deployedOf(DEPLOYMENT).homes);
    // 500 GiB, 0.08 for gp3 and 0.05 for a full snapshot.
    expect(left.perMonth).toBe(65);
    expect(homesLeftText(left)).toMatch(
      /^Kept: gpudev-homes-host-0 \(vol-0, 400 GiB\), gpudev-homes-host-1 \(vol-1, 100 GiB\); about 65\.00 USD a month/,
    );
    expect(homesLeftText(homesLeft([]))).toBeUndefined();
  });
});

describe("what a killed run left", () => {
  it("is named by its resource", () => {
    expect(pendingOnes(DEPLOYMENT)).toEqual(["gpudev-host-1-instance"]);
    expect(pendingOnes(state({}))).toEqual([]);
  });

  it("is a machine that runs and is not in the state", () => {
    const hosts = [
      { instanceId: "i-0", state: "running" },
      { instanceId: "i-1", state: "running" },
      { instanceId: "i-2", state: "stopped" },
      { instanceId: "i-3", state: "pending" },
    ];
    expect(strays(hosts, ["i-0"])).toEqual(["i-1", "i-3"]);
  });
});
