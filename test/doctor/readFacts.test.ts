import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { foreignRanges, readStateDirectory, wantsOf } from "../../cli/doctor/readFacts";
import { parseSettings, type Settings } from "../../components/settings";

function settingsOf(config: Record<string, unknown>): Settings {
  const texts: Record<string, string> = { "gpudev:target": "workstation" };
  for (const [key, value] of Object.entries(config)) texts[`gpudev:${key}`] = JSON.stringify(value);
  const { settings } = parseSettings({
    stack: "s",
    config: texts,
    readFile: () => "",
  });
  if (settings === undefined) throw new Error("the settings of this test do not parse");
  return settings;
}

describe("wantsOf", () => {
  it("takes a user's request before the profile's, and that before the stack's", () => {
    const settings = settingsOf({
      users: [
        { name: "ada", gpus: 2, profile: "small" },
        { name: "bob", profile: "small" },
        { name: "cyd" },
      ],
      gpu: { perUser: "none" },
      profiles: { small: { gpus: 1 } },
      image: { base: "debian:12", extraCa: "/etc/ca.pem" },
      networks: { range: "10.9.0.0/16" },
    });
    expect(wantsOf(settings)).toEqual({
      base: "debian:12",
      users: 3,
      gpus: [2, 1, "none"],
      range: "10.9.0.0/16",
      extraCa: "/etc/ca.pem",
    });
  });
  it("judges a stack without users for one", () => {
    const wants = wantsOf(settingsOf({ users: [] }));
    expect([wants.users, wants.gpus]).toEqual([1, ["auto"]]);
  });
});

describe("foreignRanges", () => {
  it("leaves out what belongs to Docker's networks, as address or as route", () => {
    const ranges = [
      "127.0.0.1/8",
      "10.213.0.1/29",
      "10.213.0.0/29",
      "172.17.0.1/16",
      "10.8.0.0/24",
    ];
    const networks = [
      { name: "bridge", subnets: ["172.17.0.0/16", "fd00::/64"] },
      { name: "gpudev-s-ada", subnets: ["10.213.0.0/29"] },
    ];
    expect(foreignRanges(ranges, networks)).toEqual(["127.0.0.1/8", "10.8.0.0/24"]);
  });
});

describe("readStateDirectory", () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-test-"));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  it("sees a folder that is there", () => {
    fs.chmodSync(folder, 0o750);
    expect(readStateDirectory(folder)).toEqual({
      directory: folder,
      exists: true,
      mode: 0o750,
      own: true,
      writable: true,
    });
  });
  it("looks above for one that is not there yet", () => {
    const directory = path.join(folder, "a", "b");
    expect(readStateDirectory(directory)).toEqual({
      directory,
      exists: false,
      mode: 0,
      own: true,
      writable: true,
    });
  });
});
