import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readStackFile, stackFile, writeStackFile } from "../../cli/bootstrap/stackFile";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-test-"));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

describe("the local stack's file", () => {
  it("is absent at first", () => {
    expect(readStackFile(folder)).toBeUndefined();
  });

  it("is written whole, into a folder that is made for it, as its owner's", () => {
    const text = "config:\n  gpudev:image: {base: bootstrap:bookworm}\n";
    const file = writeStackFile(folder, text);
    expect(file).toBe(path.join(folder, "stacks", "Pulumi.local.yaml"));
    expect(file).toBe(stackFile(folder));
    expect(fs.readFileSync(file, "utf8")).toBe(text);
    expect(fs.readdirSync(path.dirname(file))).toEqual(["Pulumi.local.yaml"]);
    expect(fs.statSync(file).uid).toBe(fs.statSync(path.dirname(file)).uid);
    expect(readStackFile(folder)).toEqual({ base: "bootstrap:bookworm" });
  });
});
