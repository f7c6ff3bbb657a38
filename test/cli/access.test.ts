import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { accessFiles, sshCommand } from "../../cli/access";
import { browserCommand } from "../../cli/commands/open";
import { withInclude } from "../../cli/commands/ssh";
import { readGpus, readKeys } from "../../cli/commands/users";
import { jupyterLink } from "../../cli/environments";

describe("how a user gets in", () => {
  const files = accessFiles("/state/stacks/x");

  it("is an ssh command with the stack's own files", () => {
    const endpoint = {
      user: "alice",
      environment: "gpudev-x-alice",
      ssh: { host: "127.0.0.1", port: 2222, user: "dev", alias: "gpudev-x-alice" },
      devices: [],
      pricePerHour: 0,
    };
    expect(sshCommand(endpoint, files)).toBe("ssh -F /state/stacks/x/ssh_config gpudev-x-alice");
    const { user, environment, devices, pricePerHour } = endpoint;
    expect(sshCommand({ user, environment, devices, pricePerHour }, files)).toBe("");
  });

  it("is a link with the token", () => {
    expect(jupyterLink("https://127.0.0.1:8888/lab", "abc123")).toBe(
      "https://127.0.0.1:8888/lab?token=abc123",
    );
  });

  it.each([
    ["darwin" as const, {}, "open"],
    ["linux" as const, { DISPLAY: ":0" }, "xdg-open"],
    ["linux" as const, { WAYLAND_DISPLAY: "wayland-0" }, "xdg-open"],
    ["linux" as const, { DISPLAY: "" }, undefined],
  ])("in a browser on %s with %j: %s", (platform, env, program) => {
    expect(browserCommand(platform, env)).toBe(program);
  });
});

describe("including the stack's hosts in one's own ssh_config", () => {
  it("puts the line first, where it counts for every host, and only once", () => {
    const once = withInclude("Host a\n  Port 1\n", "/state/ssh_config");
    expect(once).toBe('Include "/state/ssh_config"\n\nHost a\n  Port 1\n');
    expect(withInclude(once, "/state/ssh_config")).toBe(once);
    expect(withInclude("", "/state/ssh_config")).toBe('Include "/state/ssh_config"\n');
  });
});

describe("a new user's GPUs", () => {
  it.each([
    ["2", 2],
    ["0", 0],
    ["auto", "auto"],
    ["none", "none"],
    ["0,2", [0, 2]],
    ["1,", [1]],
    ["GPU-aaaa,3", ["GPU-aaaa", 3]],
  ])("%s", (text, gpus) => {
    expect(readGpus(text)).toEqual(gpus);
  });
});

describe("a new user's keys", () => {
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-test-"))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));
  const write = (name: string, text: string) => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, text);
    return file;
  };

  it("are texts and lines of files", () => {
    const file = write("keys.pub", "# laptop\nssh-ed25519 AAAA a\n\nssh-rsa BBBB b\n");
    expect(readKeys(["ssh-ed25519 CCCC c", file])).toEqual([
      "ssh-ed25519 CCCC c",
      "ssh-ed25519 AAAA a",
      "ssh-rsa BBBB b",
    ]);
  });

  it("are never private ones", () => {
    const file = write("id", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    expect(() => readKeys([file])).toThrow(
      `${file} is a private key, which belongs in no stack file.`,
    );
  });

  it("are missed plainly", () => {
    expect(() => readKeys(["nowhere.pub"])).toThrow(
      "`nowhere.pub` is no public SSH key and no file.",
    );
  });
});
