import { z } from "zod";
import { describe, expect, it } from "vitest";
import { awsSchema } from "../../components/settings/awsSchema";
import { settingsSchema } from "../../components/settings/schema";
import { BASE, changed, ROWS } from "../support/awsContractRows";

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Paths of everything that can be set: sections are followed, lists and records are one value. */
function leaves({ properties }: Schema, path: string): string[] {
  if (properties === undefined) return [path];
  return Object.entries(properties).flatMap(([name, inner]) => leaves(inner, `${path}.${name}`));
}

/** Sections whose parts have one effect, or that the target has no use for. */
const WHOLE = new Set(["aws.budget", "aws.hours", "aws.trial"]);
/** Settings of the workstation, which a stack on AWS does not take, and what only other settings refer to. */
const ELSEWHERE = ["target", "seats", "bind", "docker", "workspace", "profiles", "aws"];

describe("the upgrade contract of AWS stacks", () => {
  const rows = new Set(ROWS.map(({ path }) => path));

  it("has a row for every setting below gpudev:aws", () => {
    const schema = z.toJSONSchema(awsSchema, { io: "input", unrepresentable: "any" }) as Schema;
    const all = leaves(schema, "aws").map(
      (path) => [...WHOLE].find((whole) => path.startsWith(`${whole}.`)) ?? path,
    );
    expect([...new Set(all)].filter((path) => !rows.has(path))).toEqual([]);
  });

  it("has a row for every other section", () => {
    const sections = Object.keys(settingsSchema.shape).filter((key) => !ELSEWHERE.includes(key));
    expect(sections.filter((section) => !rows.has(section))).toEqual([]);
  });

  it("changes one value and no other", () => {
    expect(changed({ a: { b: 1, c: 2 }, d: 3 }, "a.b", 9)).toEqual({ a: { b: 9, c: 2 }, d: 3 });
    expect(changed(BASE, "aws.wait", false)).toMatchObject({
      aws: { region: "eu-west-1", wait: false },
    });
  });
});
