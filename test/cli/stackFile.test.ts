import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CommandFailure, ExitCode } from "../../cli/outcome";
import { chooseStack, presentStacks, readStackFile, replaceFile } from "../../cli/stackFile";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-test-"));
  fs.mkdirSync(path.join(folder, "stacks"));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function failureOf(work: () => unknown): CommandFailure {
  try {
    work();
  } catch (error) {
    if (error instanceof CommandFailure) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

describe("the stack that a command works on", () => {
  it.each([
    ["--stack before all", "vision", "env", ["only"], "vision"],
    ["GPUDEV_STACK next", undefined, "env", ["only"], "env"],
    ["the only one next", undefined, undefined, ["only"], "only"],
    ["an empty GPUDEV_STACK is none", undefined, "", ["only"], "only"],
    ["local where there are several", undefined, undefined, ["a", "b"], "local"],
    ["local where there is none", undefined, undefined, [], "local"],
  ])("%s", (_, asked, environment, present, stack) => {
    expect(chooseStack({ asked, environment, present })).toBe(stack);
  });

  it.each(["../etc", "a/b", "", ".hidden", "a b"])("is never %j", (asked) => {
    const failure = failureOf(() => chooseStack({ asked, environment: undefined, present: [] }));
    expect(failure.exitCode).toBe(ExitCode.badInput);
    expect(failure.message).toBe(`\`${asked}\` is no stack name.`);
  });

  it("is found by its file's name", () => {
    for (const name of ["Pulumi.b.yaml", "Pulumi.a-1.yaml", "Pulumi.yaml", "team.csv"])
      fs.writeFileSync(path.join(folder, "stacks", name), "");
    expect(presentStacks(folder)).toEqual(["a-1", "b"]);
    expect(presentStacks(path.join(folder, "nowhere"))).toEqual([]);
  });

  it("is missed with the names of those that there are", () => {
    fs.writeFileSync(path.join(folder, "stacks", "Pulumi.vision.yaml"), "config: {}\n");
    expect(readStackFile(folder, "vision")).toBe("config: {}\n");
    const failure = failureOf(() => readStackFile(folder, "local"));
    expect(failure.exitCode).toBe(ExitCode.badInput);
    expect(failure.mend).toBe(
      "Name one that is there by --stack: vision. Or run `gpudev up --bootstrap`, which makes `local`.",
    );
  });
});

describe("replacing a file", () => {
  it("keeps its mode and leaves nothing beside it", () => {
    const file = path.join(folder, "file");
    fs.writeFileSync(file, "old", { mode: 0o640 });
    fs.chmodSync(file, 0o640);
    replaceFile(file, "new");
    expect(fs.readFileSync(file, "utf8")).toBe("new");
    expect(fs.statSync(file).mode & 0o777).toBe(0o640);
    expect(fs.readdirSync(folder).sort()).toEqual(["file", "stacks"]);
  });
});
