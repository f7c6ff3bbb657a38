import { describe, expect, it } from "vitest";
import { container } from "../../cli/providers/container";
import { containerSchema } from "../../cli/providers/containerInputs";
import { createArgs } from "../../cli/providers/containerCommand";
import { containerInputs } from "../support/containerInputs";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

describe("inputs of a container", () => {
  it("are taken as the component sends them", () => {
    expect(container.check(containerInputs())).toEqual([]);
  });

  it("that are not known are refused by name, with the mend", () => {
    const problems = container.check({
      ...containerInputs(),
      privileged: true,
      capabilities: { drops: ["ALL"], adds: ["SYS_ADMIN"] },
      healthcheck: { ...(containerInputs()["healthcheck"] as object), startInterval: "1s" },
    });
    expect(problems.map(({ property }) => property).sort()).toEqual([
      "capabilities.adds",
      "healthcheck.startInterval",
      "privileged",
    ]);
    for (const { reason } of problems) expect(reason).toContain("{provider: official}");
  });

  it("of a wrong kind are refused at their path", () => {
    const problems = container.check({ ...containerInputs(), ports: [{ internal: "x" }] });
    expect(problems.map(({ property }) => property)).toEqual([
      "ports.0.internal",
      "ports.0.external",
      "ports.0.ip",
    ]);
  });

  it("may be unknown in a preview", () => {
    expect(container.check({ ...containerInputs(), image: UNKNOWN, ports: UNKNOWN })).toEqual([]);
  });
});

/** A changed value for each input, and what the change does. */
const CHANGES = [
  ["name", "other", "replace"],
  ["image", "sha256:2", "replace"],
  ["image", UNKNOWN, "replace"],
  ["hostname", "other", "replace"],
  ["command", ["ssh"], "replace"],
  ["envs", ["A=1"], "replace"],
  ["user", "1001:1001", "replace"],
  ["restart", "always", "update"],
  ["readOnly", false, "replace"],
  ["capabilities", { drops: [] }, "replace"],
  ["securityOpts", [], "replace"],
  ["tmpfs", { "/tmp": "rw" }, "replace"],
  ["mounts", [], "replace"],
  ["ports", [], "replace"],
  ["networksAdvanced", [{ name: "other" }], "replace"],
  ["memory", 1, "update"],
  ["memorySwap", 1, "update"],
  ["cpus", "2", "replace"],
  ["shmSize", 1, "replace"],
  ["pidsLimit", 1, "update"],
  ["ulimits", [], "replace"],
  ["gpus", "device=0", "replace"],
  ["deviceRequests", [{ driver: "cdi", deviceIds: ["nvidia.com/gpu=0"] }], "replace"],
  ["labels", [], "replace"],
  ["healthcheck", { tests: ["CMD", "true"] }, "replace"],
  ["wait", false, "update"],
  ["waitTimeout", 1, "update"],
  ["destroyGraceSeconds", 1, "update"],
  ["stopTimeout", 1, "replace"],
] as const;

describe("a changed input of a container", () => {
  it.each(CHANGES)("%s: %j is a %s", (property, value, effect) => {
    const before = containerInputs();
    const now = { ...before, [property]: value };
    expect(container.diff(before, now, { ...before, mustRun: true })).toEqual([
      {
        property,
        kind: before[property] === undefined ? "add" : "update",
        replaces: effect === "replace",
      },
    ]);
  });

  it("is covered for every input", () => {
    expect([...new Set(CHANGES.map(([property]) => property))].sort()).toEqual(
      Object.keys(containerSchema.shape).sort(),
    );
  });

  it("is none where nothing changed", () => {
    const inputs = containerInputs();
    expect(container.diff(inputs, inputs, { ...inputs, mustRun: true })).toEqual([]);
  });

  it("is an update where the container was stopped from outside", () => {
    const inputs = containerInputs();
    expect(container.diff(inputs, inputs, { ...inputs, mustRun: false })).toEqual([
      { property: "mustRun", kind: "update", replaces: false },
    ]);
  });

  it("replaces by deleting first, since names and ports are taken", () => {
    expect(container.deleteBeforeReplace).toBe(true);
  });
});

describe("the arguments of docker create", () => {
  const args = (more: object) =>
    createArgs(containerSchema.parse({ ...containerInputs(), ...more })).join(" ");

  it("say everything that the inputs say", () => {
    expect(createArgs(containerSchema.parse(containerInputs()))).toEqual([
      "create",
      ...["--name", "gpudev-unit-alice", "--hostname", "gpudev-unit-alice"],
      ...["--user", "1000:1000", "--restart", "unless-stopped", "--read-only"],
      ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"],
      ...["--tmpfs", "/tmp:rw,nosuid,nodev,exec,mode=1777,size=67108864"],
      ...["--tmpfs", "/run:rw,nosuid,nodev,noexec,mode=1777,size=8388608"],
      ...["--mount", "type=volume,source=gpudev-unit-alice-home,target=/home/dev"],
      ...["--publish", "127.0.0.1:30000:8888", "--network", "net"],
      ...["--memory", "256m", "--memory-swap", "256m", "--pids-limit", "256"],
      ...["--shm-size", "64m", "--ulimit", "nofile=1024:2048"],
      ...["--env", "GPUDEV_MANAGED=1"],
      ...["--label", "dev.gpudev.stack-id=abc123"],
      ...["--label", "dev.gpudev.stack=unit", "--label", "dev.gpudev.user=alice"],
      ...["--health-cmd", "test -f /tmp/ready", "--health-interval", "1s"],
      ...["--health-timeout", "2s", "--health-start-period", "1s", "--health-retries", "2"],
      ...["--stop-timeout", "5", "sha256:1"],
      ...["sh", "-c", expect.stringContaining("trap") as string],
    ]);
  });

  it.each([
    [{ gpus: "device=0" }, "--gpus device=0"],
    [{ gpus: "device=0,2" }, '--gpus "device=0,2"'],
    [
      { deviceRequests: [{ driver: "cdi", deviceIds: ["nvidia.com/gpu=0", "nvidia.com/gpu=1"] }] },
      "--device nvidia.com/gpu=0 --device nvidia.com/gpu=1",
    ],
    [{ cpus: "1.5" }, "--cpus 1.5"],
    [
      { mounts: [{ type: "bind", source: '/data/a,"b"', target: "/data", readOnly: true }] },
      '--mount type=bind,"source=/data/a,""b""",target=/data,readonly',
    ],
    [
      {
        healthcheck: {
          tests: ["CMD", "sh", "-c", "it's"],
          interval: "1s",
          timeout: "1s",
          startPeriod: "1s",
          retries: 1,
        },
      },
      "--health-cmd sh -c 'it'\\''s'",
    ],
  ])("quote what Docker would split: %j", (more, expected) => {
    expect(args(more)).toContain(expected);
  });
});
