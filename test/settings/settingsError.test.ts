import { RunError } from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { type Finding, settingsError } from "../../components/settings";

const finding = (severity: Finding["severity"], path: string): Finding => ({
  severity,
  code: "bad-value",
  path,
  message: `${path} is wrong.`,
  mend: "Mend it.",
});

describe("settingsError", () => {
  it("holds every error with its path and mend, and nothing else", () => {
    const error = settingsError([
      finding("warning", "gpudev:a"),
      finding("error", "gpudev:b"),
      finding("hint", "gpudev:c"),
      finding("error", "gpudev:d"),
    ]);
    expect(RunError.isInstance(error)).toBe(true);
    expect(error.message).toBe(
      [
        "The settings have 2 problems; nothing was created.",
        "  gpudev:b: gpudev:b is wrong. Mend it.",
        "  gpudev:d: gpudev:d is wrong. Mend it.",
      ].join("\n"),
    );
  });

  it("counts one problem as one", () => {
    expect(settingsError([finding("error", "gpudev:b")]).message.split("\n")[0]).toBe(
      "The settings have 1 problem; nothing was created.",
    );
  });
});
