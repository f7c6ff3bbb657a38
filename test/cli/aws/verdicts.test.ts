import { describe, expect, it } from "vitest";
import { asleep, judge, parseVerdict, verdictsText, type Verdict } from "../../../cli/aws/verdicts";

const VERSION = "a".repeat(64);
/** As images/host/gpudev_host/verdict.py writes it, with what this command does not read. */
const written = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({
    schema: "gpudev.verdict/1",
    host: "host-0",
    stack: "team",
    id: "7f3k2m",
    document: VERSION,
    at: "2026-11-23T12:00:00Z",
    ready: true,
    state: "ready",
    words: ["host-0 is ready: ada can log in."],
    checks: { driver: { ok: true, found: "580.95.05" } },
    environments: { ada: { state: "healthy", reason: "" } },
    boot: "b",
    ...changes,
  });
const verdict = (changes?: Record<string, unknown>) =>
  judge("host-0", parseVerdict("host-0", written(changes)), VERSION);

describe("a host's verdict", () => {
  it("counts where it is on the newest document", () => {
    expect(verdict()).toMatchObject({
      ready: true,
      words: ["host-0 is ready: ada can log in."],
    });
  });

  it("does not count where it is on an older one", () => {
    expect(verdict({ document: "b".repeat(64) })).toMatchObject({
      ready: false,
      words: [
        "host-0 has not applied its newest document yet. What it said before:",
        "host-0 is ready: ada can log in.",
      ],
    });
  });

  it.each([
    ["no JSON", "<html>", "The verdict of host-0 is no JSON."],
    ["of another schema", written({ schema: "gpudev.verdict/9" }), "cannot be read by this gpudev"],
    ["without words", written({ words: undefined }), "cannot be read by this gpudev"],
  ])("does not count where it is %s", (_, text, words) => {
    const heard = judge("host-0", parseVerdict("host-0", text), VERSION);
    expect(heard.ready).toBe(false);
    expect(heard.words.join()).toContain(words);
  });

  it("does not count while the host is stopped", () => {
    expect(asleep("host-0")).toMatchObject({ ready: false, stopped: true });
    expect(verdictsText([asleep("host-0")])).toMatch(/^host-0: stopped\n/);
  });

  it("is printed in the host's own words", () => {
    const words = ["The driver is 550.1; 560.0 is needed.", "ada: the environment is unhealthy."];
    const unready: Verdict | string = parseVerdict("host-1", written({ ready: false, words }));
    expect(verdictsText([verdict(), judge("host-1", unready, VERSION)])).toBe(
      [
        "host-0: ready",
        "  host-0 is ready: ada can log in.",
        "host-1: not ready",
        "  The driver is 550.1; 560.0 is needed.",
        "  ada: the environment is unhealthy.",
      ].join("\n"),
    );
  });
});
