import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import { account, awsErrors, exampleStack, recordAws } from "../plan/aws/world";
import { AwsEngine, nameOf, type StateResource } from "../support/awsEngine";
import { ROOT } from "../support/gpudev";

const GOLDEN = path.join(ROOT, "test", "aws", "golden");

/** A resource as a line: what it is called, of what type, below what; `!` where it is protected. */
function line({ urn, type, protect, parent }: StateResource): string {
  const below = parent === undefined ? "" : ` < ${nameOf(parent)}`;
  return `${nameOf(urn)}  ${type}${below}${protect === true ? "  !" : ""}`;
}

/**
 * The example stacks on Pulumi's real engine, with a stand-in for AWS: which resources there are and that they
 * stay. It does not show that AWS takes them; their properties are held by test/aws.
 */
describe.each(["team-vision", "research-a100", "solo-spot"])("the example stack %s", (stack) => {
  let engine: AwsEngine;
  const recorded = recordAws(exampleStack(stack), account());
  const plan = makeAwsPlan(recorded, account());

  beforeAll(async () => {
    engine = await AwsEngine.open(stack);
  });
  afterAll(() => engine.remove());

  it("is planned without an error", () => {
    expect(awsErrors(plan)).toEqual([]);
  });

  it("consists of exactly these resources", async () => {
    const ran = await engine.up(plan);
    expect(ran.tally.errors).toEqual([]);
    const lines = engine.resources().map(line).toSorted();
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(path.join(GOLDEN, `${stack}.txt`));
  });

  it("stays as it is the second time", async () => {
    const ran = await engine.up(plan, true);
    expect(ran.failure).toBeUndefined();
    expect(Object.keys(ran.changes)).toEqual(["same"]);
  });

  it("is gone but for its homes when it is destroyed", async () => {
    const ran = await engine.destroy();
    expect(ran.tally.errors).toEqual([]);
    const homes = engine.resources().filter(({ protect }) => protect === true);
    const left = Object.values(engine.account.read().things).map(({ name }) => name);
    expect(left.toSorted()).toEqual(homes.map(({ urn }) => nameOf(urn)).toSorted());
  });
});
