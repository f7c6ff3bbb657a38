import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation";
import { afterAll, describe, expect, it } from "vitest";
import { ask, errorLines } from "../../cli/engine/failure";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-failure-"));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** Lists stacks with a program in the place of the Pulumi CLI. */
async function listStacks(script: string): Promise<readonly unknown[]> {
  const file = path.join(root, "bin", "pulumi");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const pulumiCommand = await PulumiCommand.get({ root, skipVersionCheck: true });
  return (await LocalWorkspace.create({ workDir: root, pulumiCommand })).listStacks();
}

describe("a short Pulumi command", () => {
  it("gives its result", async () => {
    expect(await ask("list stacks", listStacks("echo '[]'"))).toEqual([]);
  });

  it("that fails says what Pulumi said is wrong, once and without colours", async () => {
    const script = `printf 'error: \\033[31mno\\033[0m such stack\\nhint: look again\\n' >&2; exit 255`;
    await expect(ask("write the state", listStacks(script))).rejects.toMatchObject({
      name: "CommandFailure",
      exitCode: 1,
      message: "Pulumi could not write the state: error: no such stack",
    });
  });

  it("that was killed says at least how it ended", async () => {
    await expect(ask("write the state", listStacks("kill -9 $$"))).rejects.toMatchObject({
      name: "CommandFailure",
      message: expect.stringMatching(/could not write the state: .*SIGKILL/) as unknown,
    });
  });

  it("hides no mistake of our own", async () => {
    const mistake = new TypeError("undefined is not a function");
    await expect(ask("read", Promise.reject(mistake))).rejects.toBe(mistake);
  });
});

describe("the lines that name errors", () => {
  it("are none where there are none", () => {
    expect(errorLines("Killed\nhint: an error: no")).toBe("");
  });
});
