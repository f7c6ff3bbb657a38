import * as aws from "@pulumi/aws";
import { hostPolicy } from "../../components/aws/hostPolicy";
import { instanceArgs } from "../../components/aws/instanceArgs";
import { trustText } from "../../components/aws/policy";
import { hostOf } from "../../components/aws/teamParts";
import { tunnelPolicy } from "../../components/aws/tunnelPolicy";
import { hostDocument, hostDocumentText } from "../../components/plan/aws/hostDocument";
import type { AwsPlan } from "../../components/plan/aws/model";
import { IMAGE } from "./awsPeople";

const PLACE = { region: "eu-west-1", account: "111122223333" };
const USER_DATA = "#!/bin/bash\n".padEnd(4000, "#");

/**
 * What somebody would write without gpudev for the same hosts: the same instances, roles, volumes,
 * documents and associations with the same inputs, side by side and in no component. `others` more
 * resources stand for what a stack has once: network, bucket, ways in.
 */
export function bareResources(plan: AwsPlan, others: number): void {
  const opts = {
    provider: new aws.Provider("bare", {
      region: PLACE.region,
      allowedAccountIds: [PLACE.account],
      defaultTags: { tags: { ...plan.tags } },
    }),
  };
  const bucket = new aws.s3.Bucket("bare", { forceDestroy: true }, opts);
  const volumes = new Map(plan.homes.volumes.map((volume) => [volume.name, volume]));
  plan.hosts.forEach((host, at) => {
    const { name } = host;
    const draft = plan.documents[at];
    const volume = volumes.get(name);
    if (draft === undefined || volume === undefined)
      throw new Error(`nothing is planned of ${name}`);
    const document = hostDocument(draft, { image: IMAGE });
    const role = new aws.iam.Role(`${name}-role`, { assumeRolePolicy: trustText("ec2") }, opts);
    new aws.iam.RolePolicy(
      `${name}-policy`,
      {
        role: role.name,
        policy: bucket.bucket.apply((known) =>
          hostPolicy({
            ...PLACE,
            bucket: known,
            host: name,
            applyDocument: "apply",
            parameters: draft.parameters,
          }),
        ),
      },
      opts,
    );
    const profile = new aws.iam.InstanceProfile(`${name}-profile`, { role: role.name }, opts);
    new aws.s3.BucketObjectv2(
      `${name}-document`,
      {
        bucket: bucket.bucket,
        key: `documents/${name}.json`,
        content: hostDocumentText(document),
        contentType: "application/json",
      },
      opts,
    );
    const instance = new aws.ec2.Instance(
      `${name}-instance`,
      {
        ...instanceArgs(name, hostOf(plan, host)),
        ami: plan.ami.id ?? "",
        subnetId: "subnet-0a",
        vpcSecurityGroupIds: ["sg-0a"],
        iamInstanceProfile: profile.name,
        userData: USER_DATA,
      },
      opts,
    );
    const homes = new aws.ebs.Volume(
      `${name}-homes`,
      {
        availabilityZone: volume.zone,
        size: volume.sizeGiB,
        type: "gp3",
        encrypted: true,
        finalSnapshot: true,
        tags: { ...plan.tags, Name: name },
      },
      opts,
    );
    new aws.ec2.VolumeAttachment(
      `${name}-homes`,
      { deviceName: "/dev/sdh", instanceId: instance.id, volumeId: homes.id },
      opts,
    );
    new aws.ssm.Association(
      `${name}-apply`,
      {
        name: "apply",
        targets: [{ key: "InstanceIds", values: [instance.id] }],
        parameters: { bundle: "b".repeat(64), version: document.version },
        scheduleExpression: "rate(30 minutes)",
        waitForSuccessTimeoutSeconds: 3600,
      },
      opts,
    );
  });
  for (const { user, host } of plan.environments) {
    const principal = plan.access.principals[user];
    if (principal === undefined) continue;
    const policy = tunnelPolicy({
      ...PLACE,
      stackId: plan.id,
      host,
      documents: [`gpudev-jupyter-${host}`, `gpudev-ssh-${host}`],
      parameters: `/gpudev/${plan.id}/host-${host}/${user}`,
      principal: { kind: "user", name: user },
    });
    new aws.iam.UserPolicy(user, { user, policy }, opts);
  }
  for (let index = 0; index < others; index++) {
    new aws.ssm.Document(
      `other-${index}`,
      { documentType: "Session", documentFormat: "JSON", content: `{"n":${index}}` },
      opts,
    );
  }
}
