import * as fs from "node:fs";
import * as path from "node:path";
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import { quantityText } from "../../cli/output/awsText";
import { makeAwsPlan } from "../../components/plan/aws/makeAwsPlan";
import type { CostLine } from "../../components/plan/aws/model";
import { account, exampleStack, recordAws } from "../plan/aws/world";
import { ROOT } from "../support/gpudev";

const FILE = path.join(ROOT, "docs", "aws.md");
const [BEGIN, END] = ["<!-- made by test/aws/costTable.test.ts -->", "<!-- end -->"];

const STACKS = ["team-vision", "research-a100", "solo-spot"] as const;

function line(one: CostLine): string {
  const { item, perHour, when, note } = one;
  const about = [when === "running" ? "while hosts run" : "always", ...(note ? [note] : [])];
  return `| ${item} | ${quantityText(one)} | ${perHour?.toFixed(4) ?? "?"} | ${about.join("; ")} |`;
}

function tableOf(stack: (typeof STACKS)[number]): string {
  const region = stack === "team-vision" ? "eu-west-1" : "us-east-1";
  const lookups = account({}, region);
  const { cost, lifetime } = makeAwsPlan(recordAws(exampleStack(stack), lookups), lookups);
  const sums = [
    `${cost.perHour.toFixed(2)} USD an hour while all hosts run`,
    `${cost.perHourStopped.toFixed(2)} while all are stopped`,
    `${cost.perDay.toFixed(2)} a day (${cost.assumption})`,
  ];
  return [
    `**${stack}**, until ${lifetime.until ?? "no end"}; prices of ${cost.pricesAsOf} in us-east-1:`,
    "",
    "| what | how much | USD an hour | when |",
    "| --- | --- | --- | --- |",
    ...cost.lines.map(line),
    "",
    `Together ${sums.join(", ")}.${cost.unpriced.length === 0 ? "" : ` Without a price: ${cost.unpriced.join(", ")}.`}`,
  ].join("\n");
}

describe("what the example stacks cost", () => {
  it("stands in docs/aws.md as the plan has it", async () => {
    const text = fs.readFileSync(FILE, "utf8");
    const [before = "", rest = ""] = text.split(BEGIN);
    const after = rest.split(END).slice(1).join(END);
    const whole = `${before}${BEGIN}\n\n${STACKS.map(tableOf).join("\n\n")}\n\n${END}${after}`;
    const options = { ...(await resolveConfig(FILE)), filepath: FILE };
    await expect(await format(whole, options)).toMatchFileSnapshot(FILE);
  });
});
