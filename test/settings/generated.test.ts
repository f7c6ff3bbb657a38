import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { parseSettings, readStackConfig } from "../../components/settings";
import { generatedFiles } from "../../components/settings/generatedFiles";
import { settingsJsonSchema } from "../../components/settings/jsonSchema";

const ROOT = path.join(__dirname, "..", "..");
const STACKS = path.join(ROOT, "stacks");
const read = (...names: string[]) => readFileSync(path.join(...names), "utf8");

// A machine's own stack (Pulumi.local.yaml) is not part of the repository.
const examples = readdirSync(STACKS).filter(
  (name) => /^Pulumi\..+\.yaml$/.test(name) && name !== "Pulumi.local.yaml",
);
const USERS: Readonly<Record<string, number>> = {
  "research-a100": 3,
  "solo-spot": 1,
  "team-vision": 6,
};

// fromJSONSchema wants formats that it knows; patterns stand beside the one that it does not.
const editor = z.fromJSONSchema(
  JSON.parse(
    JSON.stringify(settingsJsonSchema()).replaceAll(',"format":"cidrv4"', ""),
  ) as Parameters<typeof z.fromJSONSchema>[0],
);

describe("generated files", () => {
  it.each(Object.entries(generatedFiles()))("%s is current (npm run generate)", (name, text) => {
    expect(read(ROOT, name)).toBe(text);
  });

  it("names every setting in the reference", () => {
    const reference = generatedFiles()["docs/configuration.md"] ?? "";
    const config = settingsJsonSchema().properties?.["config"]?.properties ?? {};
    expect(Object.keys(config)).toHaveLength(16);
    for (const [key, schema] of Object.entries(config)) {
      expect(reference).toContain(`## \`${key}\``);
      for (const name of Object.keys(schema.properties ?? {}))
        expect(reference).toContain(`| \`${name}\` |`);
    }
  });
});

describe("the editors' schema", () => {
  it.each([
    ["config: {gpudev:target: workstation, gpudev:users: []}", true],
    ["config: {gpudev:target: workstation, gpudev:users: team.csv, aws:region: eu-west-1}", true],
    ["config: {gpudev:target: workstation}", false],
    ["config: {gpudev:target: mainframe, gpudev:users: []}", false],
    ["config: {gpudev:target: workstation, gpudev:users: [], gpudev:image: {torch: 2.6}}", false],
    ["config: {gpudev:target: workstation, gpudev:users: [], gpudev:image: {colour: red}}", false],
    ["config: {gpudev:target: workstation, gpudev:users: [], gpudev:limits: {memory: 16}}", false],
    ["config: {gpudev:target: workstation, gpudev:users: [{name: Ada}]}", false],
    ["config: {gpudev:target: workstation, gpudev:users: [{name: ada, gpus: [0, GPU-1]}]}", true],
  ])("%s: %s", (text, good) => {
    expect(editor.safeParse(parseYaml(text)).success).toBe(good);
  });
});

describe("example stacks", () => {
  it("are these", () => {
    expect(examples).toEqual([
      "Pulumi.research-a100.yaml",
      "Pulumi.solo-spot.yaml",
      "Pulumi.team-vision.yaml",
      "Pulumi.workstation-roster.yaml",
      "Pulumi.workstation-team.yaml",
    ]);
  });

  it.each(examples)("%s has no problem, for gpudev and for an editor", (name) => {
    const text = read(STACKS, name);
    const { settings, findings } = parseSettings({
      stack: name.split(".")[1] ?? "",
      config: readStackConfig(text),
      readFile: (file) => read(STACKS, file),
    });
    expect(findings).toEqual([]);
    expect(settings?.users).toHaveLength(USERS[name.split(".")[1] ?? ""] ?? 2);
    expect(editor.safeParse(parseYaml(text)).error?.issues ?? []).toEqual([]);
    expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=./schema.json");
  });
});
