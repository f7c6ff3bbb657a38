import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { applyDocument } from "../../components/aws/applyDocument";
import { GpuHost, type GpuHostArgs } from "../../components/aws/gpuHost";
import { HostControl } from "../../components/aws/hostControl";
import { awsRegistered, namesOf, ofType, only } from "../support/awsRegistered";

const args: GpuHostArgs = {
  host: "host-0",
  region: "eu-west-1",
  account: "111122223333",
  ami: "ami-1",
  instanceType: "g6.xlarge",
  zone: "eu-west-1a",
  subnetId: "subnet-1",
  securityGroupId: "sg-1",
  userData: "#!/bin/sh",
  bucket: "bucket",
  applyDocument: "apply",
  bundle: "b".repeat(64),
  document: { text: "{}\n", version: "d".repeat(64) },
  parameters: "/gpudev/7f3k2m/host-0",
  homesVolumeId: "vol-1",
  tags: { "gpudev:stack-id": "7f3k2m", "gpudev:host": "0" },
};

const made = async (changes: Partial<GpuHostArgs> = {}, preview = false) => {
  const { asked, value } = await awsRegistered(() => {
    const { instanceId, address } = new GpuHost("host-0", { ...args, ...changes });
    return pulumi.output({ instanceId, address });
  }, preview);
  return { asked, value };
};
const instance = async (changes: Partial<GpuHostArgs> = {}) =>
  only((await made(changes)).asked, "ec2/instance:Instance");

describe("a host", () => {
  it("is an instance, a role, its document, the attached homes and an association", async () => {
    const { asked, value } = await made();
    expect(namesOf(asked)).toEqual([
      "Association host-0-apply",
      "BucketObjectv2 host-0-document",
      "Instance host-0-instance",
      "InstanceProfile host-0-profile",
      "Role host-0-role",
      "RolePolicy host-0-policy",
      "VolumeAttachment host-0-homes",
    ]);
    expect(value).toEqual({ instanceId: "id-of-host-0-instance", address: "203.0.113.10" });
  });

  it("is the same in a preview", async () => {
    expect(namesOf((await made({}, true)).asked)).toHaveLength(7);
  });

  it("asks for IMDSv2 with one hop, an encrypted root, no key pair, and stops when it shuts down", async () => {
    const { inputs } = await instance();
    expect(inputs).toMatchObject({
      metadataOptions: {
        httpEndpoint: "enabled",
        httpTokens: "required",
        httpPutResponseHopLimit: 1,
        instanceMetadataTags: "disabled",
      },
      rootBlockDevice: { encrypted: true, volumeType: "gp3", volumeSize: 100 },
      instanceInitiatedShutdownBehavior: "stop",
      vpcSecurityGroupIds: ["sg-1"],
      associatePublicIpAddress: true,
      tags: {
        "gpudev:stack-id": "7f3k2m",
        "gpudev:host": "0",
        "gpudev:bucket": "bucket",
        Name: "host-0",
      },
    });
    expect(inputs).not.toHaveProperty("keyName");
    expect(inputs).not.toHaveProperty("instanceMarketOptions");
  });

  it("tags the root volume, which default tags may not reach", async () => {
    const { inputs } = await instance();
    expect(inputs["rootBlockDevice"]).toMatchObject({ tags: { "gpudev:stack-id": "7f3k2m" } });
  });

  it("goes before its replacement comes, and never for its user data", async () => {
    const one = await instance();
    expect([one.deleteBeforeReplace, one.ignoreChanges]).toEqual([true, ["userData"]]);
    expect(one.inputs["userDataReplaceOnChange"]).toBe(false);
  });

  it("is made anew for another reservation, which takes no running machine", async () => {
    expect((await instance()).replaceOnChanges).toEqual(["capacityReservationSpecification"]);
  });

  it.each([
    ["on demand keeps its disk where its type changes", {}, "on-demand", []],
    ["as spot capacity is made anew for another type", { spot: true }, "spot", ["instanceType"]],
    ["in a Capacity Block is bought by itself", { capacityBlock: "cr-2" }, "capacity-block", []],
  ])("%s, and is made anew for another market", async (_what, changes, market, paths) => {
    const { replaceOnChanges, replacementTrigger } = await instance(changes);
    expect(replacementTrigger).toBe(market);
    expect(replaceOnChanges).toEqual(["capacityReservationSpecification", ...paths]);
  });

  it("boots once its role may do everything and its document is there", async () => {
    expect((await instance()).dependencies).toEqual(
      expect.arrayContaining(["host-0-policy", "host-0-document"]),
    );
  });

  it("as spot capacity is persistent, and stopped when AWS takes it", async () => {
    expect((await instance({ spot: true })).inputs["instanceMarketOptions"]).toEqual({
      marketType: "spot",
      spotOptions: { spotInstanceType: "persistent", instanceInterruptionBehavior: "stop" },
    });
  });

  it.each([
    ["capacity reservation", { capacityReservation: "cr-1" }, undefined],
    ["Capacity Block", { capacityBlock: "cr-1" }, { marketType: "capacity-block" }],
  ])("runs in a %s", async (_, changes, market) => {
    const { inputs } = await instance(changes);
    expect(inputs["capacityReservationSpecification"]).toEqual({
      capacityReservationTarget: { capacityReservationId: "cr-1" },
    });
    expect(inputs["instanceMarketOptions"]).toEqual(market);
  });

  it("without a public address is known by its private one", async () => {
    const { value } = await made({ publicAddress: false });
    expect(value?.address).toBe("10.64.0.10");
  });

  it("keeps an address over stops where it is reached directly", async () => {
    const { asked, value } = await made({ fixedAddress: true });
    expect(value?.address).toBe("198.51.100.9");
    expect(only(asked, "ec2/eipAssociation:EipAssociation").deletedWith).toBe("host-0-instance");
  });
});

describe("a host's homes volume", () => {
  it("is taken from a stopped machine, or goes with it", async () => {
    const attachment = only((await made()).asked, "ec2/volumeAttachment:VolumeAttachment");
    expect(attachment).toMatchObject({
      deleteBeforeReplace: true,
      deletedWith: "host-0-instance",
      inputs: { stopInstanceBeforeDetaching: true, volumeId: "vol-1" },
    });
  });
});

describe("a host's association", () => {
  it("is made anew for another document or machine, since only then its success is waited for", async () => {
    const association = only((await made()).asked, "ssm/association:Association");
    expect(association).toMatchObject({
      replaceOnChanges: ["parameters", "targets"],
      deleteBeforeReplace: true,
      inputs: {
        name: "apply",
        parameters: { bundle: "b".repeat(64), version: "d".repeat(64) },
        targets: [{ key: "InstanceIds", values: ["id-of-host-0-instance"] }],
        scheduleExpression: "rate(30 minutes)",
        waitForSuccessTimeoutSeconds: 3600,
      },
    });
    expect(association.dependencies).toEqual(
      expect.arrayContaining(["host-0-document", "host-0-homes"]),
    );
  });

  it("does not wait where settings say so", async () => {
    const association = only((await made({ wait: false })).asked, "ssm/association:Association");
    expect(association.inputs).not.toHaveProperty("waitForSuccessTimeoutSeconds");
  });

  it("runs the host's own software with hashes alone", () => {
    const document = JSON.parse(applyDocument()) as {
      parameters: Record<string, { allowedPattern: string }>;
      mainSteps: { inputs: { runCommand: string[] } }[];
    };
    expect(Object.values(document.parameters).map((one) => one.allowedPattern)).toEqual([
      "^[0-9a-f]{64}$",
      "^[0-9a-f]{64}$",
    ]);
    expect(document.mainSteps[0]?.inputs.runCommand.at(-1)).toBe(
      "exec /usr/local/sbin/gpudev-host sync --bundle '{{ bundle }}' --version '{{ version }}'",
    );
  });
});

describe("what hosts are steered by", () => {
  const program = () =>
    new HostControl("control", {
      region: "eu-west-1",
      bundle: { sha256: "b".repeat(64), file: __filename },
      switchName: "gpudev-team-7f3k2m-switch",
    }).bucket;

  it("is a closed bucket, the host software in it, and the documents that apply and switch", async () => {
    const { asked } = await awsRegistered(program);
    expect(namesOf(asked)).toEqual([
      "Bucket control-hosts",
      "BucketObjectv2 control-bundle",
      "BucketPolicy control-hosts",
      "BucketPublicAccessBlock control-hosts",
      "Document control-apply",
      "Document control-switch",
    ]);
    expect(only(asked, "s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
  });

  it("starts and stops one user's environment, and takes no other command", async () => {
    const found = ofType((await awsRegistered(program)).asked, "ssm/document:Document").find(
      ({ name }) => name === "control-switch",
    );
    expect(found?.inputs).toMatchObject({
      name: "gpudev-team-7f3k2m-switch",
      documentType: "Command",
    });
    const { parameters, mainSteps } = JSON.parse(String(found?.inputs["content"])) as {
      parameters: {
        action: { allowedValues: string[] };
        user: { allowedPattern: string };
      };
      mainSteps: { inputs: { runCommand: string[] } }[];
    };
    expect(parameters.action.allowedValues).toEqual(["start", "stop"]);
    expect(mainSteps.map(({ inputs }) => inputs.runCommand)).toEqual([
      ["exec /usr/local/sbin/gpudev-host '{{ action }}' '{{ user }}'"],
    ]);
    const users = new RegExp(parameters.user.allowedPattern);
    for (const user of ["ada", "_x", "a-b_1"]) expect(user).toMatch(users);
    for (const user of ["", "-x", "Ada", "a'; id; '", "a b", "a\n", "a".repeat(32)])
      expect(user).not.toMatch(users);
  });

  it("keeps older software, which older user data names", async () => {
    const [bundle] = ofType(
      (await awsRegistered(program)).asked,
      "s3/bucketObjectv2:BucketObjectv2",
    );
    expect(bundle?.retainOnDelete).toBe(true);
    expect(bundle?.inputs["key"]).toBe(`bundle/${"b".repeat(64)}.tar.gz`);
  });
});
