import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import type { Check } from "../../cli/doctor/model";
import { doctorExitCode, doctorText } from "../../cli/doctor/render";

const ok: Check = { name: "ssh", state: "ok", found: "OpenSSH_9.2p1." };
const warning: Check = {
  name: "disk",
  state: "warning",
  found: "20 GiB free.",
  mend: "docker system df",
};
const error: Check = { name: "docker-client", state: "error", found: "None.", mend: "install it" };
const unknown: Check = { name: "memory", state: "unknown", found: "No Docker daemon answers." };

describe("doctorText", () => {
  it("puts what to type below what needs it", () => {
    expect(stripVTControlCharacters(doctorText([ok, warning, error, unknown]))).toBe(
      [
        "✓ ssh            OpenSSH_9.2p1.",
        "! disk           20 GiB free.",
        "                 → docker system df",
        "✗ docker-client  None.",
        "                 → install it",
        "? memory         No Docker daemon answers.",
        "",
        "1 to mend, 1 to look at, 1 not to be seen.",
      ].join("\n"),
    );
  });
  it("says so where all is well", () => {
    expect(stripVTControlCharacters(doctorText([ok]))).toBe(
      "✓ ssh  OpenSSH_9.2p1.\n\nAll is well.",
    );
  });
});

describe("doctorExitCode", () => {
  it.each([
    [[ok], 0],
    [[ok, warning, unknown], 0],
    [[ok, error], 1],
  ])("case %#", (checks, code) => {
    expect(doctorExitCode(checks)).toBe(code);
  });
});
