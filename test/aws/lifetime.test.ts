import { describe, expect, it } from "vitest";
import { Lifetime, type LifetimeArgs } from "../../components/aws/lifetime";
import { atExpression } from "../../components/aws/schedules";
import { chunks } from "../../components/aws/stopBudget";
import { awsRegistered, namesOf, ofType, only } from "../support/awsRegistered";

const args: LifetimeArgs = {
  region: "eu-west-1",
  account: "111122223333",
  stackId: "7f3k2m",
  ended: false,
  homesOnVolumes: true,
  instances: { "host-0": "i-1", "host-3": "i-2" },
};
const hours = {
  start: "cron(0 8 ? * MON-FRI *)",
  stop: "cron(0 19 * * ? *)",
  timezone: "Europe/Berlin",
  perWeek: 55,
};
const made = async (changes: Partial<LifetimeArgs> = {}) =>
  (await awsRegistered(() => new Lifetime("life", { ...args, ...changes }).runbook)).asked;

describe("a lifetime", () => {
  it("always has the runbook that ends a stack, for a person to start", async () => {
    expect(namesOf(await made())).toEqual([
      "Document life-end",
      "Role life-ending",
      "RolePolicy life-ending",
    ]);
  });

  it("starts the runbook at the end date, once", async () => {
    const asked = await made({ until: "2026-12-24T18:00:00+01:00" });
    expect(only(asked, "scheduler/schedule:Schedule").inputs).toMatchObject({
      scheduleExpression: "at(2026-12-24T17:00:00)",
      scheduleExpressionTimezone: "UTC",
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: "arn:aws:scheduler:::aws-sdk:ssm:startAutomationExecution",
        input: JSON.stringify({ DocumentName: "id-of-life-end" }),
      },
    });
  });

  it("has no schedule for an end that is past: AWS takes none", async () => {
    const asked = await made({ until: "2020-01-01T00:00:00Z", ended: true });
    expect(ofType(asked, "scheduler/schedule:Schedule")).toEqual([]);
  });

  it("starts and stops each host by itself at working hours: one that is gone keeps no other running", async () => {
    const schedules = ofType(await made({ hours }), "scheduler/schedule:Schedule");
    expect(
      schedules.map(({ name, inputs }) => [
        name,
        inputs["scheduleExpression"],
        inputs["scheduleExpressionTimezone"],
        (inputs["target"] as { arn: string; input: string }).arn,
        (inputs["target"] as { arn: string; input: string }).input,
      ]),
    ).toEqual(
      [
        ["host-0", "i-1"],
        ["host-3", "i-2"],
      ].flatMap(([host, id]) =>
        (["start", "stop"] as const).map((what) => [
          `life-${host}-${what}`,
          hours[what],
          "Europe/Berlin",
          `arn:aws:scheduler:::aws-sdk:ec2:${what}Instances`,
          JSON.stringify({ InstanceIds: [id] }),
        ]),
      ),
    );
  });

  it("has no working hours without hosts", async () => {
    const asked = await made({ hours, instances: {} });
    expect(ofType(asked, "scheduler/schedule:Schedule")).toEqual([]);
  });

  it("puts every role under the permissions boundary", async () => {
    const permissionsBoundary = "arn:aws:iam::111122223333:policy/boundary";
    const budget = { monthlyUsd: 100, notify: ["ops@example.com"] };
    const roles = ofType(await made({ hours, budget, permissionsBoundary }), "iam/role:Role");
    expect(roles.map(({ name, inputs }) => [name, inputs["permissionsBoundary"]])).toEqual([
      ["life-budget-stopping", permissionsBoundary],
      ["life-clock", permissionsBoundary],
      ["life-ending", permissionsBoundary],
    ]);
  });
});

describe("a budget", () => {
  const budget = { monthlyUsd: 4000, notify: ["lead@example.com"] };

  it("counts by the stack's tag, tells at 80 % and stops at 100 %", async () => {
    const asked = await made({ budget });
    expect(only(asked, "budgets/budget:Budget").inputs).toMatchObject({
      budgetType: "COST",
      timeUnit: "MONTHLY",
      limitAmount: "4000",
      costFilters: [{ name: "TagKeyValue", values: ["user:gpudev:stack-id$7f3k2m"] }],
      notifications: [{ threshold: 80 }, { threshold: 100 }],
    });
    expect(only(asked, "budgets/budgetAction:BudgetAction").inputs).toMatchObject({
      actionType: "RUN_SSM_DOCUMENTS",
      approvalModel: "AUTOMATIC",
      actionThreshold: { actionThresholdType: "PERCENTAGE", actionThresholdValue: 100 },
      definition: {
        ssmActionDefinition: {
          actionSubType: "STOP_EC2_INSTANCES",
          instanceIds: ["i-1", "i-2"],
          region: "eu-west-1",
        },
      },
    });
  });

  it("has one action for each hundred hosts, as many as one takes", async () => {
    const instances = Object.fromEntries(
      Array.from({ length: 101 }, (_, index) => [`host-${index}`, `i-${index}`]),
    );
    const actions = ofType(await made({ budget, instances }), "budgets/budgetAction:BudgetAction");
    expect(actions.map(({ name }) => name)).toEqual(["life-budget-stop-0", "life-budget-stop-1"]);
  });

  it("only tells where there is nothing to stop", async () => {
    const asked = await made({ budget, instances: {} });
    expect(ofType(asked, "budgets/budgetAction:BudgetAction")).toEqual([]);
  });
});

describe("the little things", () => {
  it.each([
    ["2026-12-24T18:00:00+01:00", "at(2026-12-24T17:00:00)"],
    ["2026-12-24T18:00:00Z", "at(2026-12-24T18:00:00)"],
  ])("say %s to the scheduler as %s", (instant, expression) => {
    expect(atExpression(instant)).toBe(expression);
  });

  it("cut lists into lists of at most so many", () => {
    expect(chunks([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(chunks([], 2)).toEqual([]);
  });
});
