import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import { account, awsSettings, recordAws } from "../plan/aws/world";
import { AwsEngine } from "../support/awsEngine";

// What the program itself can say: with plain `pulumi up` nobody goes down the ladder.
describe("missing capacity without the command", () => {
  let engine: AwsEngine;

  beforeAll(async () => {
    engine = await AwsEngine.open("capacity");
  });
  afterAll(() => engine.remove());

  it("is told with the setting that takes the next step", async () => {
    const hosts = { ladder: [{ type: "g6.xlarge" }, { type: "g5.xlarge" }] };
    const settings = recordAws(awsSettings(["ada"], { hosts }), account());
    engine.account.change({ exhausted: ["g6.xlarge"] });
    const failed = await engine.up(makeAwsPlan(settings, account()));
    const said = failed.tally.errors.map(({ message }) => message).join("\n");
    expect(said).toContain("InsufficientInstanceCapacity");
    expect(said).toContain("as gpudev:aws.hosts.rung and run it again");
    const { aws } = settings;
    const next = { ...settings, aws: { ...aws, hosts: { ...aws.hosts, rung: 1 } } };
    expect((await engine.up(makeAwsPlan(next, account()))).failure).toBeUndefined();
  });
});
