import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  engineStackFile,
  prepareFolders,
  projectFile,
  stackFolders,
} from "../../cli/engine/stateFolders";
import { engineEnv } from "../../cli/engine/workspace";

const OWN = "# mine\nconfig:\n  gpudev:target: workstation # keep\n";

describe("Pulumi's copy of the stack file", () => {
  it("is the person's own text where Pulumi has added nothing yet", () => {
    expect(engineStackFile(OWN, undefined)).toBe(OWN);
    expect(engineStackFile(OWN, "config: {}\n")).toBe(OWN);
  });

  it("keeps the salt that Pulumi made, and the rest of the text", () => {
    const copy = engineStackFile(OWN, `${OWN}encryptionsalt: v1:salt\n`);
    expect(copy).toBe(`${OWN}encryptionsalt: v1:salt\n`);
  });

  it.each(["encryptionsalt: v1:own", "secretsprovider: awskms://alias/k"])(
    "leaves the person's own `%s`",
    (line) => {
      const own = `${OWN}${line}\n`;
      expect(engineStackFile(own, "encryptionsalt: v1:other\n")).toBe(own);
    },
  );
});

describe("Pulumi's project file", () => {
  it("names the bundled providers, so that nothing is downloaded", () => {
    expect(parse(projectFile("/gpudev/cli/providers/bin"))).toEqual({
      name: "gpudev",
      runtime: "nodejs",
      plugins: {
        providers: [
          { name: "docker", path: "/gpudev/cli/providers/bin" },
          { name: "docker-build", path: "/gpudev/cli/providers/bin" },
        ],
      },
    });
  });

  it("leaves Pulumi's own providers to Pulumi", () => {
    expect(parse(projectFile(undefined))).toEqual({ name: "gpudev", runtime: "nodejs" });
  });
});

describe("a stack's place in the state directory", () => {
  let state: string;
  beforeEach(() => (state = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-test-"))));
  afterEach(() => fs.rmSync(state, { recursive: true }));

  it("is made for its owner alone, with one passphrase for good", () => {
    const folders = stackFolders(state, "x");
    const own = path.join(state, "own.yaml");
    fs.writeFileSync(own, OWN);
    const copy = prepareFolders(folders, "x", own, undefined);
    const passphrase = fs.readFileSync(folders.passphraseFile, "utf8");
    expect(passphrase).toMatch(/^[\w-]{43}$/);
    expect(fs.statSync(folders.passphraseFile).mode & 0o777).toBe(0o600);
    expect(fs.statSync(folders.work).mode & 0o777).toBe(0o700);
    expect(fs.readFileSync(copy, "utf8")).toBe(OWN);
    fs.appendFileSync(copy, "encryptionsalt: v1:salt\n");
    prepareFolders(folders, "x", own, undefined);
    expect(fs.readFileSync(copy, "utf8")).toBe(`${OWN}encryptionsalt: v1:salt\n`);
    expect(fs.readFileSync(own, "utf8")).toBe(OWN);
    expect(fs.readFileSync(folders.passphraseFile, "utf8")).toBe(passphrase);
  });

  it.each([
    [
      "gpudev's own backend and passphrase",
      {},
      {
        PULUMI_BACKEND_URL: "file:///state/backend",
        PULUMI_CONFIG_PASSPHRASE_FILE: "/state/passphrase",
      },
    ],
    [
      "the person's backend",
      { PULUMI_BACKEND_URL: "s3://state" },
      { PULUMI_CONFIG_PASSPHRASE_FILE: "/state/passphrase" },
    ],
    [
      "the person's passphrase",
      { PULUMI_CONFIG_PASSPHRASE: "" },
      { PULUMI_BACKEND_URL: "file:///state/backend" },
    ],
  ])("gives the engine %s", (_, env, expected) => {
    expect(engineEnv(stackFolders("/state", "x"), env)).toEqual({
      PULUMI_SKIP_UPDATE_CHECK: "true",
      ...expected,
    });
  });
});
