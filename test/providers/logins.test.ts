import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configWith, withLogins } from "../../cli/providers/logins";

const login = { address: "registry.example.com", username: "AWS", password: "secret" };
const AUTH = { auth: Buffer.from("AWS:secret").toString("base64") };

describe("the Docker client's settings with a login on top", () => {
  it("keep what is the person's own, and drop what would hide the login", () => {
    const own = {
      currentContext: "gpu-box",
      auths: { "other.example.com": {} },
      credsStore: "desktop",
      credHelpers: { "registry.example.com": "ecr-login", "third.example.com": "x" },
    };
    expect(configWith(own, [login])).toEqual({
      currentContext: "gpu-box",
      auths: { "other.example.com": {}, "registry.example.com": AUTH },
      credHelpers: { "third.example.com": "x" },
    });
  });
});

describe("work with a login", () => {
  let own: string;
  beforeEach(() => (own = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-docker-"))));
  afterEach(() => fs.rmSync(own, { recursive: true, force: true }));

  it("sees the person's contexts and plugins, and a file of the owner's alone", async () => {
    fs.mkdirSync(path.join(own, "contexts"));
    fs.writeFileSync(path.join(own, "config.json"), JSON.stringify({ currentContext: "a" }));
    const seen = await withLogins(
      [login],
      ({ DOCKER_CONFIG: folder = "" }) => {
        const file = path.join(folder, "config.json");
        return Promise.resolve({
          folder,
          mode: fs.statSync(file).mode & 0o777,
          config: JSON.parse(fs.readFileSync(file, "utf8")) as unknown,
          contexts: fs.readlinkSync(path.join(folder, "contexts")),
        });
      },
      own,
    );
    expect(seen).toMatchObject({
      mode: 0o600,
      config: { currentContext: "a", auths: { "registry.example.com": AUTH } },
      contexts: path.join(own, "contexts"),
    });
    expect(fs.existsSync(seen.folder)).toBe(false);
  });

  it("leaves nothing behind where it fails", async () => {
    let folder = "";
    const failing = withLogins(
      [login],
      (env) => {
        folder = env.DOCKER_CONFIG ?? "";
        return Promise.reject(new Error("push failed"));
      },
      path.join(own, "absent"),
    );
    await expect(failing).rejects.toThrow("push failed");
    expect(fs.existsSync(folder)).toBe(false);
  });

  it("is the person's own where there is none", async () => {
    expect(await withLogins([], (env) => Promise.resolve(env), own)).toEqual({});
  });
});
