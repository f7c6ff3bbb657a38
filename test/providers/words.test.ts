import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildArgs, progressLine } from "../../cli/providers/build";
import { findBuilder, hasOwnBuildKit } from "../../cli/providers/builder";
import { explain } from "../../cli/providers/dockerErrors";
import { verdict, type ContainerState } from "../../cli/providers/health";

const failed = (stderr: string) => ({ exitCode: 1, stdout: "", stderr, timedOut: false });

describe("what Docker says when something fails", () => {
  it.each([
    ["Bind for 127.0.0.1:8888 failed: port is already allocated", "gpudev:ports"],
    ["Pool overlaps with other one on this address space", "gpudev:networks"],
    ['could not select device driver "" with capabilities: [[gpu]]', "NVIDIA container toolkit"],
    ["CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=9", "nvidia-ctk cdi"],
    ["Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", "start the Docker"],
    ["write /var/lib/docker: no space left on device", "docker system prune"],
  ])("comes with the mend: %s", (said, mend) => {
    const text = explain(["start", "abc"], failed(`Error response from daemon: ${said}`));
    expect(text).toContain(`docker start abc: ${said}\n`);
    expect(text).toContain(mend);
  });

  it("is shown as it is where no mend is known", () => {
    expect(explain(["volume", "rm", "x"], failed("Error response from daemon: odd"))).toBe(
      "docker volume rm: odd",
    );
  });

  it("is nothing where it did not answer", () => {
    const result = { ...failed(""), timedOut: true };
    expect(explain(["ps"], result)).toContain("did not answer in time");
  });
});

const STARTING: ContainerState = {
  Status: "running",
  ExitCode: 0,
  Restarting: false,
  OOMKilled: false,
  Health: { Status: "starting" },
};

describe("a container that was started", () => {
  it.each([
    ["starting", STARTING, 0, undefined],
    ["healthy", { ...STARTING, Health: { Status: "healthy" } }, 0, "healthy"],
    [
      "unhealthy",
      { ...STARTING, Health: { Status: "unhealthy", Log: [{ Output: "no answer\n" }] } },
      0,
      "is unhealthy; its health check says: no answer",
    ],
    ["exited", { ...STARTING, Status: "exited", ExitCode: 3 }, 0, "ended with exit code 3"],
    [
      "restarted by Docker, over and over",
      { ...STARTING, ExitCode: 0 },
      6,
      "ended with exit code 0",
    ],
    ["restarted by Docker", { ...STARTING, ExitCode: 1 }, 1, "ended with exit code 1"],
    [
      "killed for its memory",
      { ...STARTING, Restarting: true, OOMKilled: true },
      1,
      "ran out of memory (its limit is `gpudev:limits: {memory: …}`)",
    ],
    ["removed", undefined, 0, "was removed while it started"],
  ])("%s", (_, state, restarts, because) => {
    expect(verdict(state, restarts)?.because).toBe(because);
  });
});

describe("a build", () => {
  it.each([
    ["20.10.24+dfsg1", true],
    ["19.03.1", true],
    ["18.09.0", true],
    ["18.06.3", false],
    ["23.0.1", false],
    ["28.2.2", false],
    ["", false],
  ])("by a client of version %j without buildx: %s", (version, able) => {
    expect(hasOwnBuildKit(version)).toBe(able);
  });

  it.each([
    ["#12 3.201 Collecting torch==2.6.0", "Collecting torch==2.6.0"],
    ["#5 [2/9] RUN apt-get update", "[2/9] RUN apt-get update"],
    ["#5 DONE 0.3s", undefined],
    ["#5 CACHED", undefined],
    ["#3 sha256:0123 1.2MB / 3MB", undefined],
    ["#1 [internal] load build definition from Dockerfile", undefined],
    ["", undefined],
  ])("shows of %j: %j", (line, shown) => {
    expect(progressLine(line)).toBe(shown);
  });

  it("gets its arguments in the order of the inputs", () => {
    const inputs = {
      context: { location: "/src" },
      dockerfile: { location: "/src/Dockerfile" },
      buildArgs: { PYTHON: "3.10", LOCK: "a.txt" },
      tags: ["a:1"],
      push: false,
      load: true,
      secrets: { ca: "not here" },
      registries: [],
      network: "default" as const,
      buildOnPreview: false as const,
      ignoreSecretsInDiffCalculation: ["ca"],
    };
    expect(buildArgs(inputs, "a:1")).toEqual([
      ...["--progress", "plain", "--tag", "a:1", "--file", "/src/Dockerfile"],
      ...["--build-arg", "PYTHON=3.10", "--build-arg", "LOCK=a.txt"],
    ]);
  });
});

describe("the search for a client that can build", () => {
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-clients-"))));
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** A client that answers as Docker's do, with or without the buildx plugin. */
  function client(name: string, version: string, buildx: boolean): string {
    const file = path.join(folder, name, "docker");
    fs.mkdirSync(path.dirname(file));
    const script = `#!/bin/sh\n[ "$1" = buildx ] && exit ${buildx ? 0 : 1}\necho ${version}\n`;
    fs.writeFileSync(file, script, { mode: 0o755 });
    return path.dirname(file);
  }

  it("takes buildx where the first client has it", async () => {
    const first = client("first", "28.2.2", true);
    expect(await findBuilder({ PATH: first })).toEqual({
      file: path.join(first, "docker"),
      args: ["buildx", "build", "--load"],
      env: {},
    });
  });

  it("goes past a client that cannot build to an older one that can", async () => {
    const [first, second] = [client("first", "28.2.2", false), client("old", "20.10.24", false)];
    expect(await findBuilder({ PATH: `${first}:${second}` })).toEqual({
      file: path.join(second, "docker"),
      args: ["build"],
      env: { DOCKER_BUILDKIT: "1" },
    });
  });
});
