import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ContainerProfile } from "../../../components/plan";
import { DELEGATED, dockerRun } from "../../../components/plan/render/dockerRun";
import {
  systemdCommand,
  systemdUnit,
  systemdWord,
} from "../../../components/plan/render/systemdUnit";
import { settingsOfUnit, systemdReads } from "./systemdWords";

const GIB = 2 ** 30;
const IMAGE = `registry.example.com/x@sha256:${"0".repeat(64)}`;
const IDENTITY = {
  container: "gpudev-team-ada",
  network: "gpudev-team-ada",
  labels: { "dev.gpudev.user": "ada" },
};
const UNIT = {
  ...IDENTITY,
  user: "ada",
  subnet: "10.213.0.0/29",
  gateway: "10.213.0.1",
  requiresMounts: ["/var/lib/gpudev/homes"],
};

const BARE: ContainerProfile = {
  uid: 1000,
  gid: 1000,
  capDrop: ["ALL"],
  noNewPrivileges: true,
  seccomp: "default",
  readOnlyRoot: true,
  tmpfs: [{ target: "/tmp", sizeBytes: 8 * GIB, exec: true }],
  mounts: [
    { kind: "bind", source: "/var/lib/gpudev/homes/ada", target: "/home/dev", readOnly: false },
    { kind: "bind", source: "/var/lib/gpudev/data/x", target: "/data/x", readOnly: true },
  ],
  pidsLimit: 4096,
  memoryBytes: 32 * GIB,
  swapBytes: 0,
  shmBytes: 8 * GIB,
  ulimits: [{ name: "memlock", soft: -1, hard: -1 }],
  env: { GPUDEV_MANAGED: "1" },
  command: ["jupyter", "ssh"],
  ports: [
    { name: "jupyter", container: 8888, published: { address: "127.0.0.1", port: 8889 } },
    { name: "ssh", container: 2222 },
  ],
  healthCheck: {
    command: ["/usr/local/bin/gpudev-healthcheck"],
    intervalSeconds: 5,
    timeoutSeconds: 6,
    retries: 3,
    startPeriodSeconds: 60,
  },
  stopGraceSeconds: 30,
};
const PROFILE: ContainerProfile = {
  ...BARE,
  cpus: 8,
  gpu: { via: "cdi", devices: ["0", "1:1"] },
};

/** What `docker run` has to hold for each control; the type holds that none is forgotten. */
const RENDERED: Record<keyof Required<ContainerProfile>, readonly string[]> = {
  uid: ["--user 1000:1000"],
  gid: ["--user 1000:1000"],
  capDrop: ["--cap-drop ALL"],
  noNewPrivileges: ["--security-opt no-new-privileges:true"],
  seccomp: [],
  readOnlyRoot: ["--read-only"],
  tmpfs: ["--tmpfs /tmp:rw,nosuid,nodev,exec,mode=1777,size=8589934592"],
  mounts: [
    "--mount type=bind,source=/var/lib/gpudev/homes/ada,target=/home/dev",
    "--mount type=bind,source=/var/lib/gpudev/data/x,target=/data/x,readonly",
  ],
  pidsLimit: ["--pids-limit 4096"],
  memoryBytes: ["--memory 32768m"],
  swapBytes: ["--memory-swap 32768m"],
  cpus: ["--cpus 8"],
  shmBytes: ["--shm-size 8192m"],
  ulimits: ["--ulimit memlock=-1:-1"],
  gpu: ["--device nvidia.com/gpu=0", "--device nvidia.com/gpu=1:1"],
  env: ["--env GPUDEV_MANAGED=1"],
  command: [`${IMAGE} jupyter ssh`],
  ports: ["--publish 127.0.0.1:8889:8888"],
  healthCheck: [
    "--health-cmd /usr/local/bin/gpudev-healthcheck",
    "--health-interval 5s",
    "--health-timeout 6s",
    "--health-retries 3",
    "--health-start-period 60s",
  ],
  stopGraceSeconds: ["--stop-timeout 30"],
};

describe("docker run", () => {
  it("has every control of the profile, or it is named as the daemon's own", () => {
    const line = dockerRun(IDENTITY, PROFILE, IMAGE).join(" ");
    for (const [control, parts] of Object.entries(RENDERED)) {
      if (parts.length === 0) expect(Object.keys(DELEGATED)).toContain(control);
      for (const part of parts) expect(` ${line} `).toContain(` ${part} `);
    }
    expect(Object.keys(DELEGATED)).toEqual(["seccomp"]);
    expect(line).not.toContain("seccomp");
  });

  it("has every profile's values, whatever they are", () => {
    const some = fc.record({
      uid: fc.integer({ min: 1, max: 60_000 }),
      gid: fc.integer({ min: 1, max: 60_000 }),
      pidsLimit: fc.integer({ min: 64, max: 10_000 }),
      memoryBytes: fc.integer({ min: 2 ** 28, max: 2 ** 41 }),
      cpus: fc.option(fc.integer({ min: 1, max: 192 }), { nil: undefined }),
      shmBytes: fc.integer({ min: 2 ** 26, max: 2 ** 36 }),
      stopGraceSeconds: fc.integer({ min: 0, max: 600 }),
      devices: fc.uniqueArray(fc.integer({ min: 0, max: 7 }).map(String)),
      env: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,8}$/), fc.string({ maxLength: 20 }), {
        maxKeys: 4,
      }),
    });
    fc.assert(
      fc.property(some, ({ devices, cpus, ...rest }) => {
        const profile: ContainerProfile = {
          ...BARE,
          ...rest,
          ...(cpus === undefined ? {} : { cpus }),
          ...(devices.length === 0 ? {} : { gpu: { via: "cdi", devices } }),
        };
        const words = dockerRun(IDENTITY, profile, IMAGE);
        const after = (flag: string) =>
          words.flatMap((word, at) => (word === flag ? [words[at + 1]] : []));
        const mib = (bytes: number) => `${Math.floor(bytes / 2 ** 20)}m`;
        expect(after("--user")).toEqual([`${profile.uid}:${profile.gid}`]);
        expect(after("--pids-limit")).toEqual([`${profile.pidsLimit}`]);
        expect(after("--memory")).toEqual([mib(profile.memoryBytes)]);
        expect(after("--memory-swap")).toEqual(after("--memory"));
        expect(after("--cpus")).toEqual(cpus === undefined ? [] : [`${cpus}`]);
        expect(after("--shm-size")).toEqual([mib(profile.shmBytes)]);
        expect(after("--stop-timeout")).toEqual([`${profile.stopGraceSeconds}`]);
        expect(after("--device")).toEqual(devices.map((device) => `nvidia.com/gpu=${device}`));
        expect(after("--env")).toEqual(
          Object.entries(profile.env).map(([name, value]) => `${name}=${value}`),
        );
        // And systemd hands Docker exactly these words.
        const [start = ""] = settingsOfUnit(systemdUnit({ ...UNIT, profile }, IMAGE), "ExecStart");
        expect(systemdReads(start)).toEqual(["/usr/bin/docker", ...words]);
      }),
      { numRuns: 200 },
    );
  });

  it("puts a mount with a comma in quotes, as Docker's CSV wants it", () => {
    const mounts = [
      { kind: "bind", source: '/srv/a,b "c"', target: "/data/x", readOnly: true },
    ] as const;
    expect(dockerRun(IDENTITY, { ...PROFILE, mounts }, IMAGE)).toContain(
      'type=bind,"source=/srv/a,b ""c""",target=/data/x,readonly',
    );
  });

  it("by the NVIDIA runtime names devices as that wants it", () => {
    const gpu = { via: "runtime", devices: ["0", "2"] } as const;
    const words = dockerRun(IDENTITY, { ...PROFILE, gpu }, IMAGE);
    expect(words[words.indexOf("--gpus") + 1]).toBe('"device=0,2"');
  });

  it("never pulls, and never hands over the host's network, privileges or Docker itself", () => {
    const words = dockerRun(IDENTITY, PROFILE, IMAGE);
    expect(words.slice(0, 4)).toEqual(["run", "--rm", "--pull", "never"]);
    const line = words.join(" ");
    expect(line).not.toMatch(
      /--privileged|--cap-add|--network host|docker\.sock|0\.0\.0\.0|--ipc|--pid /,
    );
  });
});

describe("a word of a command line", () => {
  it("comes out of systemd as it went in, whatever is in it", () => {
    const text = fc.string({ unit: "binary" }).filter((one) => !one.includes("\0"));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (words) => {
        const line = systemdCommand(words);
        expect(line).not.toContain("\n");
        expect(systemdReads(line)).toEqual(words);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["--cap-drop", "--cap-drop"],
    ["", '""'],
    ["a b", '"a b"'],
    ["100%", '"100%%"'],
    ["$HOME", '"$$HOME"'],
    [";", '";"'],
    ['say "hi" \\', '"say \\"hi\\" \\\\"'],
    ["two\nlines", '"two\\x0alines"'],
  ])("%j is written %s", (word, written) => {
    expect(systemdWord(word)).toBe(written);
  });

  it("cannot hold a NUL", () => {
    expect(() => systemdWord("a\0b")).toThrow("a command line cannot hold a NUL");
  });
});

describe("a unit", () => {
  const unit = systemdUnit({ ...UNIT, profile: PROFILE }, IMAGE);

  it("makes the user's network in the plan's subnet, so that none ever clashes", () => {
    const before = settingsOfUnit(unit, "ExecStartPre").map((line) => systemdReads(line));
    expect(before).toEqual([
      ["-/usr/bin/docker", "rm", "--force", "gpudev-team-ada"],
      ["-/usr/bin/docker", "network", "rm", "gpudev-team-ada"],
      [
        "/usr/bin/docker",
        ..."network create --driver bridge --subnet 10.213.0.0/29 --gateway 10.213.0.1".split(" "),
        "--label",
        "dev.gpudev.user=ada",
        "gpudev-team-ada",
      ],
    ]);
  });

  it("gives programs their time to end, and systemd more", () => {
    expect(settingsOfUnit(unit, "ExecStop")).toEqual([
      "-/usr/bin/docker stop -t 30 gpudev-team-ada",
    ]);
    expect(settingsOfUnit(unit, "TimeoutStopSec")).toEqual(["60"]);
  });

  it("starts at boot, after Docker and once homes are mounted, and again when it ends by itself", () => {
    expect(settingsOfUnit(unit, "After")).toEqual(["docker.service network-online.target"]);
    expect(settingsOfUnit(unit, "RequiresMountsFor")).toEqual(["/var/lib/gpudev/homes"]);
    expect(settingsOfUnit(unit, "WantedBy")).toEqual(["multi-user.target"]);
    expect(settingsOfUnit(unit, "Restart")).toEqual(["always"]);
  });
});
