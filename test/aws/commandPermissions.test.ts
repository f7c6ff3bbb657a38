import * as path from "node:path";
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import { engineersPolicy, typesMade } from "../support/awsPermissions";
import {
  allowsAction,
  commandActions,
  commandsPolicy,
  operationsIn,
} from "../support/commandPermissions";
import { ROOT } from "../support/gpudev";

const actionsOf = (policy: { Statement: readonly { Action: readonly string[] }[] }) =>
  policy.Statement.flatMap(({ Action }) => Action);

describe("what the command asks of AWS itself", () => {
  const engines = actionsOf(engineersPolicy(typesMade()));
  const policy = commandsPolicy(engines);

  it("is read out of the source", () => {
    const text = `import {
      type EC2Client, StopInstancesCommand, paginateDescribeVolumes,
      waitUntilInstanceStopped } from "@aws-sdk/client-ec2";
    import { GetServiceQuotaCommand } from "@aws-sdk/client-service-quotas";`;
    expect(operationsIn(text)).toEqual([
      "ec2:StopInstances",
      "ec2:DescribeVolumes",
      "ec2:Describe*",
      "servicequotas:GetServiceQuota",
    ]);
  });

  it("is what init, stop, upgrade and restore are known to do, among others", () => {
    expect(commandActions()).toEqual(
      expect.arrayContaining([
        "ec2:CreateSnapshot",
        "ec2:DeleteVolume",
        "ec2:DescribeImages",
        "ec2:StartInstances",
        "ec2:StopInstances",
        "kms:CreateKey",
        "s3:GetObject",
        "s3:PutBucketVersioning",
        "ssm:GetParameter",
      ]),
    );
  });

  it("is allowed by the two policies together", () => {
    const both = [...engines, ...actionsOf(policy)];
    expect(commandActions().filter((action) => !allowsAction(both, action))).toEqual([]);
  });

  it("is allowed nothing of a whole service", () => {
    expect(JSON.stringify(policy)).not.toMatch(/"[a-z0-9]+:\*"|"Action":\["\*"\]/);
  });

  it("stands in docs/aws-permissions-command.json", async () => {
    const file = path.join(ROOT, "docs", "aws-permissions-command.json");
    const options = { ...(await resolveConfig(file)), filepath: file };
    await expect(await format(JSON.stringify(policy), options)).toMatchFileSnapshot(file);
  });
});
