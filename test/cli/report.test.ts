import { stripVTControlCharacters as plain } from "node:util";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../components/settings";
import { addUser } from "../../components/settings";
import { CommandFailure, ExitCode } from "../../cli/outcome";
import { refusal } from "../../cli/refusal";
import { asFailure, failureText, jsonDocument } from "../../cli/report";

const error = (code: string): Finding => ({
  severity: "error",
  code,
  path: "gpudev:image.cuda",
  message: "There is no such build.",
  mend: "Take 12.4.",
});

describe("how a failure is said", () => {
  it("in a sentence, with its mend and findings", () => {
    expect(plain(failureText(refusal([error("no-build")])))).toBe(
      [
        "1 error:",
        "  gpudev:image.cuda",
        "    There is no such build.",
        "    → Take 12.4.",
        "",
        "✗ Nothing was created or changed.",
      ].join("\n"),
    );
    const failure = new CommandFailure(ExitCode.failed, "It broke.", "Mend it.");
    expect(plain(failureText(failure))).toBe("✗ It broke.\n  → Mend it.");
  });

  it("without a stack trace where nobody expected it", () => {
    const failure = asFailure(new TypeError("x is undefined\n    at y.ts:1:1"), false);
    expect(failure).toMatchObject({
      exitCode: ExitCode.failed,
      message: "Unexpected: x is undefined",
      mend: "Run this again with GPUDEV_DEBUG=1 to see where it comes from.",
    });
    expect(asFailure("a text", true)).toMatchObject({
      message: "Unexpected: a text",
      mend: undefined,
    });
  });

  it("as findings where a stack file cannot be edited as asked", () => {
    let thrown: unknown;
    try {
      addUser("config:\n  gpudev:users: [{name: bob}]\n", { name: "bob" });
    } catch (problem) {
      thrown = problem;
    }
    expect(asFailure(thrown, false)).toMatchObject({
      exitCode: ExitCode.badInput,
      findings: [{ code: "duplicate-user" }],
    });
  });
});

describe("exit codes of a refusal", () => {
  it.each([
    ["settings are wrong", ["no-build"], ExitCode.badInput],
    ["only the daemon is missing", ["no-daemon"], ExitCode.notReady],
    ["both", ["no-daemon", "no-build"], ExitCode.badInput],
  ])("%s", (_, codes, exitCode) => {
    expect(refusal(codes.map(error)).exitCode).toBe(exitCode);
  });
});

describe("the --json document", () => {
  it("of a command that ended well", () => {
    expect(JSON.parse(jsonDocument("status", { findings: [], stack: "x" }))).toEqual({
      command: "status",
      ok: true,
      exitCode: 0,
      findings: [],
      stack: "x",
    });
  });

  it("of one that ended with a code of its own", () => {
    expect(JSON.parse(jsonDocument("doctor", { findings: [], exitCode: 1 }))).toMatchObject({
      ok: false,
      exitCode: 1,
    });
  });

  it("of one that failed", () => {
    const failure = refusal([error("no-build")], { plan: { stack: "x" } });
    expect(JSON.parse(jsonDocument("up", failure))).toEqual({
      command: "up",
      ok: false,
      exitCode: 2,
      findings: [error("no-build")],
      error: { message: "Nothing was created or changed." },
      plan: { stack: "x" },
    });
  });
});
