import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  buildClient,
  buildKitOf,
  clientVersion,
  type DockerClient,
} from "../../cli/doctor/dockerClients";
import { dockerClientFiles, executablesOnPath } from "../../components/lookups/executables";

describe("clientVersion", () => {
  it.each([
    ["Docker version 20.10.24+dfsg1, build 297e128", "20.10.24"],
    ["Docker version 28.2.2, build e6534b4", "28.2.2"],
    ["podman version 4.3.1", undefined],
    ["", undefined],
  ])("of %j is %s", (answer, version) => {
    expect(clientVersion(answer)).toBe(version);
  });
});

describe("buildKitOf", () => {
  it.each([
    ["18.06.3", false, "none"],
    ["18.09.0", false, "built-in"],
    ["20.10.24", false, "built-in"],
    ["20.10.24", true, "buildx"],
    ["22.06.0", false, "built-in"],
    ["23.0.0", false, "none"],
    ["28.2.2", true, "buildx"],
  ] as const)("%s with buildx %s: %s", (version, buildx, way) => {
    expect(buildKitOf(version, buildx)).toBe(way);
  });
  it("takes the first client that can", () => {
    const client = (file: string, buildKit: DockerClient["buildKit"]) => ({
      file,
      version: "28.2.2",
      buildKit,
    });
    expect(
      buildClient([client("a", "none"), client("b", "buildx"), client("c", "buildx")])?.file,
    ).toBe("b");
    expect(buildClient([client("a", "none")])).toBeUndefined();
  });
});

describe("executablesOnPath", () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-test-"));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  it("keeps the order of PATH, each file once, and only what can be run", () => {
    const make = (name: string, mode: number) => {
      fs.mkdirSync(path.join(folder, name));
      fs.writeFileSync(path.join(folder, name, "docker"), "", { mode });
    };
    make("one", 0o755);
    make("text", 0o644);
    make("two", 0o755);
    fs.symlinkSync(path.join(folder, "one"), path.join(folder, "link"));
    fs.mkdirSync(path.join(folder, "folder", "docker"), { recursive: true });
    const folders = ["gone", "folder", "two", "text", "link", "one"];
    const PATH = folders.map((name) => path.join(folder, name)).join(":");
    expect(executablesOnPath("docker", { PATH: `${PATH}::relative` })).toEqual([
      path.join(folder, "two", "docker"),
      path.join(folder, "link", "docker"),
    ]);
  });

  it("looks for Docker clients in /usr/bin too, last", () => {
    const folders = { PATH: folder };
    const own = path.join(folder, "docker");
    fs.writeFileSync(own, "", { mode: 0o755 });
    const distribution = executablesOnPath("docker", { PATH: "/usr/bin" });
    expect(dockerClientFiles(folders)).toEqual([own, ...distribution]);
    expect(dockerClientFiles({})).toEqual(distribution);
  });
});
