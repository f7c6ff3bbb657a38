import { stripVTControlCharacters as plain } from "node:util";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../components/settings";
import { findingsText, hasErrors } from "../../cli/output/findings";
import { sinceText } from "../../cli/output/since";
import { bytesText } from "../../cli/output/sizes";
import { table } from "../../cli/output/table";

const finding = (severity: Finding["severity"], path: string): Finding => ({
  severity,
  code: "code",
  path,
  message: `What is wrong with ${path}.`,
  mend: `Mend ${path}.`,
});

describe("findings for a person", () => {
  it("come by severity, errors first, each with path, reason and mend", () => {
    const found = findingsText([
      finding("hint", "c"),
      finding("error", "a"),
      finding("warning", "b"),
      finding("error", "d"),
    ]);
    expect(plain(found)).toBe(
      [
        "2 errors:",
        "  a",
        "    What is wrong with a.",
        "    → Mend a.",
        "  d",
        "    What is wrong with d.",
        "    → Mend d.",
        "",
        "1 warning:",
        "  b",
        "    What is wrong with b.",
        "    → Mend b.",
        "",
        "1 hint:",
        "  c",
        "    What is wrong with c.",
        "    → Mend c.",
      ].join("\n"),
    );
  });

  it("are an empty text where there are none", () => {
    expect(findingsText([])).toBe("");
  });

  it("stop only where one is an error", () => {
    expect(hasErrors([finding("warning", "a"), finding("hint", "b")])).toBe(false);
    expect(hasErrors([finding("warning", "a"), finding("error", "b")])).toBe(true);
  });
});

describe("a table", () => {
  it("aligns its columns and leaves out empty ones", () => {
    const text = table(
      ["USER", "NOTE", "GPU"],
      [
        ["alice", "", "0"],
        ["b", "", "1,2"],
      ],
    );
    expect(plain(text)).toBe(["USER   GPU", "alice  0", "b      1,2"].join("\n"));
  });
});

describe("figures for a person", () => {
  it.each([
    [0, "0 B"],
    [512, "512 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [1536 * 2 ** 20, "1.5 GiB"],
    [16 * 2 ** 30, "16 GiB"],
    [3 * 2 ** 50, "3072 TiB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  it.each([
    ["2026-01-01T12:00:00Z", "0 s"],
    ["2026-01-01T11:59:01Z", "59 s"],
    ["2026-01-01T11:59:00Z", "1 min"],
    ["2026-01-01T10:00:30Z", "1 h"],
    ["2025-12-29T12:00:00Z", "3 d"],
    ["2026-01-01T12:00:09Z", "0 s"],
  ])("%s is %s ago", (time, text) => {
    expect(sinceText(time, new Date("2026-01-01T12:00:00Z"))).toBe(text);
  });
});
