import { describe, expect, it } from "vitest";
import { makeAwsPlan } from "../../../components/plan/aws/makeAwsPlan";
import type { AwsStack } from "../../../components/plan/aws/stack";
import { account, awsSettings, brief, known, oneFinding, unknown } from "./world";

const plan = (settings: AwsStack, lookups = account()) => makeAwsPlan(settings, lookups);
const hosts = { ladder: [{ type: "g6.12xlarge" }] };
const five = ["ada", "bob", "carol", "dan", "eve"];
/** A volume's price is a month's, of 730 hours. */
const gp3 = (gib: number) => Math.round(((gib * 0.08) / 730) * 10_000) / 10_000;
const snapshots = (gib: number) => Math.round(((gib * 0.05) / 730) * 10_000) / 10_000;

describe("what a stack costs", () => {
  it("is instances, root volumes, homes, snapshots and addresses", () => {
    const { cost } = plan(awsSettings(five, { hosts, homes: { size: "50GiB" } }));
    expect(cost.lines).toEqual([
      {
        item: "g6.12xlarge on-demand",
        quantity: 2,
        unit: "instance",
        perHour: 9.204,
        when: "running",
      },
      { item: "root volumes (gp3)", quantity: 200, unit: "GiB", perHour: gp3(200), when: "always" },
      { item: "homes (gp3)", quantity: 400, unit: "GiB", perHour: gp3(400), when: "always" },
      {
        item: "snapshots of homes",
        quantity: 400,
        unit: "GiB",
        perHour: snapshots(400),
        when: "always",
        note: "as if homes were full and changed little; at first far less",
      },
      {
        item: "public IPv4 addresses",
        quantity: 2,
        unit: "address",
        perHour: 0.01,
        when: "running",
      },
    ]);
    const stopped = gp3(200) + gp3(400) + snapshots(400);
    expect(cost.perHourStopped).toBeCloseTo(stopped, 4);
    expect(cost.perHour).toBeCloseTo(9.204 + 0.01 + stopped, 4);
  });

  it("a day is 24 hours without working hours, and says that idle time is not counted in", () => {
    const { cost } = plan(awsSettings(five, { hosts }));
    expect(cost.perDay).toBeCloseTo(24 * cost.perHour, 2);
    expect(cost.assumption).toBe(
      "hosts run around the clock; idle stops are not counted in, and neither is data transfer",
    );
    expect(cost.untilEnd).toBeCloseTo(cost.perDay * 8.25, 2);
    expect([cost.source, cost.pricesAsOf]).toEqual(["table", "2026-07-20"]);
  });

  it("with working hours counts those, and storage always", () => {
    const hours = { start: "08:00", stop: "18:00", days: "MON-FRI", timezone: "Europe/Berlin" };
    const { cost, lifetime } = plan(awsSettings(five, { hosts, hours }));
    expect(lifetime.hours).toEqual({
      start: "cron(0 8 ? * MON-FRI *)",
      stop: "cron(0 18 * * ? *)",
      timezone: "Europe/Berlin",
      perWeek: 50,
    });
    const running = 50 / 7;
    expect(cost.perDay).toBeCloseTo(
      running * cost.perHour + (24 - running) * cost.perHourStopped,
      2,
    );
  });

  it.each([
    ["22:30", "06:00", "MON-FRI", 37.5],
    ["00:00", "12:00", "SAT,SUN", 24],
    ["09:00", "17:00", "FRI-MON", 32],
    ["09:00", "10:00", "MON,WED-FRI", 4],
  ])("from %s to %s on %s is %d hours a week", (start, stop, days, perWeek) => {
    const made = plan(awsSettings(["ada"], { hours: { start, stop, days } }));
    expect(made.lifetime.hours?.perWeek).toBe(perWeek);
  });

  it("without an end has no sum until then", () => {
    expect(plan(awsSettings(["ada"], {}, { lifetime: {} })).cost.untilEnd).toBeUndefined();
  });

  it("of spot is at most that of on-demand, and says so", () => {
    const aws = { hosts: { ladder: [{ type: "g6.xlarge", market: "spot" }] } };
    expect(plan(awsSettings(["ada"], aws)).cost.lines[0]).toEqual({
      item: "g6.xlarge spot",
      quantity: 1,
      unit: "instance",
      perHour: 0.8048,
      when: "running",
      note: "the on-demand price: spot costs less, and changes",
    });
  });

  it("of private hosts is a NAT gateway or endpoints instead of addresses", () => {
    const items = (network: Record<string, unknown>) =>
      plan(awsSettings(["ada"], { network }))
        .cost.lines.filter(({ unit }) => !["GiB", "instance"].includes(unit))
        .map(({ item, quantity, perHour }) => [item, quantity, perHour]);
    expect(items({ private: true })).toEqual([
      ["public IPv4 address of NAT", 1, 0.005],
      ["NAT gateway", 1, 0.045],
    ]);
    expect(items({ private: true, egress: "endpoints" })).toEqual([
      ["interface endpoints", 5, 0.05],
    ]);
  });

  it("of EFS is that of full homes", () => {
    const { cost } = plan(awsSettings(["ada", "bob"], { homes: { kind: "efs", size: "100GiB" } }));
    const line = cost.lines.find(({ item }) => item === "homes (EFS)");
    expect([line?.quantity, line?.perHour]).toEqual([200, 0.0822]);
  });

  it("is each user's part of the host", () => {
    const { environments } = plan(awsSettings(five, { hosts }));
    expect(environments.map(({ pricePerHour }) => pricePerHour)).toEqual([
      1.1505, 1.1505, 1.1505, 1.1505, 4.602,
    ]);
  });

  it("without a price in the table says what is missing", () => {
    const aws = { hosts: { ladder: [{ type: "p5e.48xlarge" }] } };
    const made = plan(awsSettings(["ada"], aws), account({ offerings: unknown("not asked") }));
    expect(made.cost.unpriced).toEqual(["p5e.48xlarge on-demand"]);
    expect(oneFinding(made, "no-price").message).toBe(
      "There is no price for p5e.48xlarge on-demand: the sums are too small by it.",
    );
  });
});

describe("live prices", () => {
  const settings = awsSettings(["ada"], {
    livePrices: true,
    hosts: { ladder: [{ type: "g6.xlarge", market: "spot" }] },
  });

  it("go before the table", () => {
    const prices = known([
      { type: "g6.xlarge", market: "on-demand" as const, usdPerHour: 0.9 },
      { type: "g6.xlarge", market: "spot" as const, usdPerHour: 0.31 },
    ]);
    const { cost, findings } = plan(settings, account({ prices }));
    expect(cost.lines[0]).toMatchObject({ item: "g6.xlarge spot", perHour: 0.31 });
    expect([cost.source, cost.pricesAsOf]).toEqual(["live", "2026-11-23"]);
    expect(findings.map(({ code }) => code)).not.toContain("prices-elsewhere");
  });

  it("that could not be had are told, and the table stands in", () => {
    const made = plan(settings, account({ prices: unknown("AccessDenied: no") }));
    expect(brief(made)).toContain("warning prices-unchecked gpudev:aws.livePrices");
    expect(made.cost.source).toBe("table");
  });
});

describe("a region other than the table's", () => {
  it("is told", () => {
    const code = (region: string) =>
      plan(awsSettings(["ada"], { region }), account({}, region)).findings.filter(
        (finding) => finding.code === "prices-elsewhere",
      ).length;
    expect([code("eu-west-1"), code("us-east-1")]).toEqual([1, 0]);
  });
});

describe("a budget", () => {
  const budget = (monthlyUsd: number) =>
    plan(awsSettings(["ada"], { budget: { monthlyUsd, notify: ["ops@example.com"] } }));

  it("that the stack may exceed is warned of", () => {
    expect(oneFinding(budget(100), "over-budget")).toMatchObject({
      severity: "warning",
      path: "gpudev:aws.budget.monthlyUsd",
      message: expect.stringMatching(/^A month may cost 6\d\d USD/) as string,
    });
    expect(brief(budget(1000)).filter((line) => line.includes("over-budget"))).toEqual([]);
  });

  it("says that cost tags have to be active and lag", () => {
    expect(oneFinding(budget(1000), "budget-lags").severity).toBe("hint");
  });
});
