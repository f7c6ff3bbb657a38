import * as path from "node:path";
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import { TABLE } from "../support/awsStandIn/table";
import { engineersPolicy, KNOWN_TYPES, permissionsOf, typesMade } from "../support/awsPermissions";
import { ROOT } from "../support/gpudev";

/** IAM's limits: characters of a managed policy, and managed policies of one principal. */
const POLICY_LIMIT = 6144;

describe("the permissions that an engineer needs", () => {
  const types = typesMade();
  const policy = engineersPolicy(types);

  it("are known for exactly the types that our components make", () => {
    expect(KNOWN_TYPES.toSorted()).toEqual(types);
  });

  it("are of the same types that the stand-in knows", () => {
    expect(
      Object.keys(TABLE)
        .filter((type) => type.startsWith("aws:"))
        .toSorted(),
    ).toEqual(types);
  });

  it("hold each action once, and all of each type", () => {
    const actions = policy.Statement.flatMap(({ Action }) => Action);
    expect(actions.toSorted()).toEqual([...new Set(actions)].toSorted());
    expect(types.flatMap(permissionsOf).filter((action) => !actions.includes(action))).toEqual([]);
  });

  it("allow nothing of a whole service, and lend roles of ours alone", () => {
    const text = JSON.stringify(policy);
    expect(text).not.toMatch(/"[a-z0-9]+:\*"|"Action":\["\*"\]/);
    expect(policy.Statement.find(({ Sid }) => Sid === "LendRoles")?.Resource).toEqual([
      "arn:aws:iam::*:role/gpudev-*",
    ]);
  });

  it("fit into one managed policy", () => {
    expect(JSON.stringify(policy).length).toBeLessThan(POLICY_LIMIT);
  });

  it("stand in docs/aws-permissions.json", async () => {
    const file = path.join(ROOT, "docs", "aws-permissions.json");
    const options = { ...(await resolveConfig(file)), filepath: file };
    await expect(await format(JSON.stringify(policy), options)).toMatchFileSnapshot(file);
  });
});
