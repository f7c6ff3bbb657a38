import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseSettings } from "../../components/settings";
import { CommandFailure, ExitCode } from "../../cli/outcome";
import { identify, readSeatRecord, writeSeatRecord } from "../../cli/seatRecord";

function settingsWith(seats: object) {
  const { settings } = parseSettings({
    stack: "x",
    config: {
      "gpudev:target": "workstation",
      "gpudev:users": "[]",
      "gpudev:seats": JSON.stringify(seats),
    },
    readFile: () => "",
  });
  if (settings === undefined) throw new Error("no settings");
  return settings;
}

const record = { id: "abcdef", seats: { alice: { slot: 3, host: 0 } } };

describe("a stack's id", () => {
  it("is the one in its file", () => {
    const seats = { id: "abcdef", bob: { slot: 1 } };
    expect(identify(settingsWith(seats), record, () => "new-id")).toMatchObject({
      id: "abcdef",
      restored: false,
      settings: { seats: { id: "abcdef", bob: { slot: 1, host: 0 } } },
    });
  });

  it("is a new one where nobody knows any", () => {
    expect(identify(settingsWith({}), undefined, () => "newone")).toMatchObject({
      id: "newone",
      restored: false,
      settings: { seats: { id: "newone" } },
    });
  });

  it("comes back with its seats where the file lost them, so that homes are found again", () => {
    expect(identify(settingsWith({}), record, () => "newone")).toMatchObject({
      id: "abcdef",
      restored: true,
      settings: { seats: { id: "abcdef", alice: { slot: 3, host: 0 } } },
    });
  });

  it("is refused where file and machine disagree, with both ids", () => {
    try {
      identify(settingsWith({ id: "zzzzzz" }), record, () => "newone");
    } catch (error) {
      expect(error).toBeInstanceOf(CommandFailure);
      const { exitCode, findings } = error as CommandFailure;
      expect(exitCode).toBe(ExitCode.badInput);
      expect(findings.map(({ code, path: at }) => [code, at])).toEqual([
        ["other-stack", "gpudev:seats.id"],
      ]);
      expect(findings[0]?.message).toContain("abcdef");
      expect(findings[0]?.message).toContain("zzzzzz");
      return;
    }
    throw new Error("it was not refused");
  });
});

describe("what a machine remembers", () => {
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-test-"))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it("is read as it was written, by its owner alone", () => {
    const file = path.join(folder, "stacks", "x", "seats.json");
    expect(readSeatRecord(file)).toBeUndefined();
    writeSeatRecord(file, record);
    expect(readSeatRecord(file)).toEqual(record);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  });
});
