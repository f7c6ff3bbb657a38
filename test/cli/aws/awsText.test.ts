import { stripVTControlCharacters as plain } from "node:util";
import { describe, expect, it } from "vitest";
import { awsPlanText, endedText, quantityText, usdText } from "../../../cli/output/awsText";
import { makeAwsPlan } from "../../../components/plan/aws/makeAwsPlan";
import { quotaUse } from "../../../components/plan/aws/quota";
import { account, awsSettings, known, noCredentials, recordAws } from "../../plan/aws/world";

const settings = recordAws(
  awsSettings(["ada", "bob"], { hosts: { ladder: [{ type: "g6.12xlarge" }] } }),
  account(),
);

describe("a plan for AWS as a person reads it", () => {
  it("says who sits where, what it needs of the quota and what it costs", () => {
    const others = account({
      instances: known([
        { id: "i-1", type: "g5.xlarge", zone: "eu-west-1a", market: "on-demand", vcpus: 4 },
      ]),
    });
    const plan = makeAwsPlan(settings, others);
    const [host] = plan.hosts;
    if (host === undefined) throw new Error("no host");
    const text = plain(awsPlanText(plan, quotaUse(others, host, 1, plan.id)));
    const lines = text.split("\n").map((line) => line.replace(/ +/g, " "));
    expect(lines).toContain("USER HOST SLOT TYPE MARKET ZONE GPU USD/HOUR");
    expect(lines).toContain("bob host-0 1 g6.12xlarge on-demand eu-west-1a 1 2.301");
    expect(lines).toContain(
      "Running On-Demand G and VT instances L-DB2E81BA on-demand 48 vCPUs 4 100000",
    );
    expect(lines).toContain("g6.12xlarge on-demand 1 instance 4.6020 while hosts run");
    expect(text).toMatch(
      /4\.69 USD an hour while all hosts run, 0\.0822 USD while they are stopped/,
    );
    expect(text).toMatch(/[\d.]+ USD until the end$/m);
  });

  it("is made without a login too, and says what was not asked", () => {
    const lookups = noCredentials();
    const plan = makeAwsPlan(settings, lookups);
    const [host] = plan.hosts;
    if (host === undefined) throw new Error("no host");
    const text = plain(awsPlanText(plan, quotaUse(lookups, host, 1, plan.id)));
    expect(text).toMatch(/^Stack team \(team team\) on AWS, eu-west-1$/m);
    expect(text).toMatch(/48 vCPUs +0 +not asked/);
  });

  it("says that a stack is past its end", () => {
    const plan = makeAwsPlan(settings, account({ time: "2027-01-01T00:00:00.000Z" }));
    expect(awsPlanText(plan)).toContain(endedText(plan) ?? "nothing");
    expect(endedText(plan)).toContain("no hosts any more, and the homes stay");
    expect(endedText(makeAwsPlan(settings, account()))).toBeUndefined();
  });

  it.each([
    [200, "GiB", "200 GiB"],
    [1, "instance", "1 instance"],
    [2, "instance", "2 instances"],
    [2, "address", "2 addresses"],
  ])("counts %d %s as %s", (quantity, unit, text) => {
    expect(quantityText({ quantity, unit })).toBe(text);
  });

  it.each([
    [0, "0.00 USD"],
    [0.0822, "0.0822 USD"],
    [4.685, "4.68 USD"],
    [-0.01, "-0.0100 USD"],
  ])("writes %d as %s", (usd, text) => {
    expect(usdText(usd)).toBe(text);
  });
});
