import { spawn } from "node:child_process";
import * as path from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = path.resolve(__dirname, "..", "..");

/** Runs the real command from its sources with nobody who reads what it prints. */
function unread(...args: string[]): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve) => {
    const main = path.join(ROOT, "cli", "main.ts");
    const child = spawn(process.execPath, ["--require", "tsx/cjs", main, ...args], { cwd: ROOT });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
    child.on("close", (code) => resolve({ code, stderr }));
  });
}

describe("a reader that goes away", () => {
  it("is no error, and no stack trace", async () => {
    const { code, stderr } = await unread("--help");
    expect(stderr).not.toContain("EPIPE");
    expect(code).toBe(0);
  });
});
