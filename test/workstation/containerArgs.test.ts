import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { container } from "../../cli/providers/container";
import { containerSchema } from "../../cli/providers/containerInputs";
import { createArgs } from "../../cli/providers/containerCommand";
import type { ContainerProfile } from "../../components/plan/model";
import { containerArgs } from "../../components/workstation/containerArgs";
import { containerInputs, oneEnvironment } from "../support/containerInputs";

const MIB = 2 ** 20;
const mebibytes = (min: number) => fc.integer({ min, max: 2 ** 20 }).map((size) => size * MIB);
const path = fc.stringMatching(/^\/[a-z][a-z0-9]{0,8}$/);
const device = fc.constantFrom("0", "1", "7", "GPU-3a23c669-1f69-c64e-cf85-44e9b07e7a2a");

const profiles: fc.Arbitrary<ContainerProfile> = fc.record(
  {
    uid: fc.integer({ min: 1, max: 60_000 }),
    gid: fc.integer({ min: 1, max: 60_000 }),
    capDrop: fc.constant(["ALL"] as const),
    noNewPrivileges: fc.constant(true as const),
    seccomp: fc.constant("default" as const),
    readOnlyRoot: fc.constant(true as const),
    tmpfs: fc.uniqueArray(
      fc.record({ target: path, sizeBytes: mebibytes(1), exec: fc.boolean() }),
      { selector: ({ target }) => target },
    ),
    mounts: fc.array(
      fc.record({
        kind: fc.constantFrom("volume" as const, "bind" as const),
        source: path,
        target: path,
        readOnly: fc.boolean(),
      }),
    ),
    pidsLimit: fc.integer({ min: 64, max: 4_194_304 }),
    memoryBytes: mebibytes(64),
    swapBytes: fc.constant(0 as const),
    cpus: fc.integer({ min: 1, max: 1024 }).map((tenths) => tenths / 10),
    shmBytes: mebibytes(1),
    ulimits: fc.array(fc.record({ name: fc.constant("nofile"), soft: fc.nat(), hard: fc.nat() }), {
      maxLength: 1,
    }),
    gpu: fc.record({
      via: fc.constantFrom("cdi" as const, "runtime" as const),
      devices: fc.uniqueArray(device, { minLength: 1 }),
    }),
    env: fc.dictionary(fc.stringMatching(/^[A-Z]{1,8}$/), fc.string()),
    command: fc.subarray(["jupyter", "ssh"]),
    ports: fc.array(
      fc.record(
        {
          name: fc.constantFrom("jupyter" as const, "ssh" as const),
          container: fc.integer({ min: 1, max: 65_535 }),
          published: fc.record({
            address: fc.ipV4(),
            port: fc.integer({ min: 1024, max: 65_535 }),
          }),
        },
        { requiredKeys: ["name", "container"] },
      ),
    ),
    healthCheck: fc.record({
      command: fc.constant(["/usr/local/bin/gpudev-healthcheck"]),
      intervalSeconds: fc.integer({ min: 1, max: 60 }),
      timeoutSeconds: fc.integer({ min: 1, max: 60 }),
      retries: fc.integer({ min: 1, max: 10 }),
      startPeriodSeconds: fc.integer({ min: 1, max: 600 }),
    }),
    stopGraceSeconds: fc.integer({ min: 1, max: 600 }),
  },
  {
    requiredKeys: [
      ...(["uid", "gid", "capDrop", "noNewPrivileges", "seccomp", "readOnlyRoot"] as const),
      ...(["tmpfs", "mounts", "pidsLimit", "memoryBytes", "swapBytes", "shmBytes"] as const),
      ...(["ulimits", "env", "command", "ports", "healthCheck", "stopGraceSeconds"] as const),
    ],
  },
);

/** How each control of a profile shows in Docker's arguments. A new control without a row does not compile. */
const RENDERED: {
  readonly [Control in keyof Required<ContainerProfile>]: (
    profile: ContainerProfile,
    args: readonly string[],
  ) => void;
} = {
  uid: ({ uid, gid }, args) => expect(after(args, "--user")).toEqual([`${uid}:${gid}`]),
  gid: ({ uid, gid }, args) => expect(after(args, "--user")).toEqual([`${uid}:${gid}`]),
  capDrop: (_, args) => expect(after(args, "--cap-drop")).toEqual(["ALL"]),
  noNewPrivileges: (_, args) =>
    expect(after(args, "--security-opt")).toEqual(["no-new-privileges:true"]),
  // Docker's own profile is on unless an option turns it off.
  seccomp: (_, args) => expect(args.join(" ")).not.toContain("seccomp"),
  readOnlyRoot: (_, args) => expect(args).toContain("--read-only"),
  tmpfs: ({ tmpfs }, args) =>
    expect(after(args, "--tmpfs").sort()).toEqual(
      tmpfs
        .map(
          ({ target, sizeBytes, exec }) =>
            `${target}:rw,nosuid,nodev,${exec ? "exec" : "noexec"},mode=1777,size=${sizeBytes}`,
        )
        .sort(),
    ),
  mounts: ({ mounts }, args) =>
    expect(after(args, "--mount")).toEqual(
      mounts.map(
        ({ kind, source, target, readOnly }) =>
          `type=${kind},source=${source},target=${target}${readOnly ? ",readonly" : ""}`,
      ),
    ),
  pidsLimit: ({ pidsLimit }, args) => expect(after(args, "--pids-limit")).toEqual([`${pidsLimit}`]),
  memoryBytes: ({ memoryBytes }, args) =>
    expect(after(args, "--memory")).toEqual([`${memoryBytes / MIB}m`]),
  swapBytes: ({ memoryBytes }, args) =>
    expect(after(args, "--memory-swap")).toEqual([`${memoryBytes / MIB}m`]),
  cpus: ({ cpus }, args) =>
    expect(after(args, "--cpus")).toEqual(cpus === undefined ? [] : [`${cpus}`]),
  shmBytes: ({ shmBytes }, args) =>
    expect(after(args, "--shm-size")).toEqual([`${shmBytes / MIB}m`]),
  ulimits: ({ ulimits }, args) =>
    expect(after(args, "--ulimit")).toEqual(
      ulimits.map(({ name, soft, hard }) => `${name}=${soft}:${hard}`),
    ),
  gpu: ({ gpu }, args) => {
    const cdi = gpu?.via === "cdi" ? gpu.devices.map((one) => `nvidia.com/gpu=${one}`) : [];
    expect(after(args, "--device")).toEqual(cdi);
    const listed = gpu?.via === "runtime" ? [`device=${gpu.devices.join(",")}`] : [];
    expect(after(args, "--gpus").map((one) => one.replaceAll('"', ""))).toEqual(listed);
  },
  env: ({ env }, args) =>
    expect(after(args, "--env")).toEqual(Object.entries(env).map(([name, v]) => `${name}=${v}`)),
  command: ({ command }, args) => expect(args.slice(args.indexOf("sha256:1") + 1)).toEqual(command),
  ports: ({ ports }, args) =>
    expect(after(args, "--publish")).toEqual(
      ports.flatMap(({ container, published }) =>
        published === undefined ? [] : [`${published.address}:${published.port}:${container}`],
      ),
    ),
  healthCheck: ({ healthCheck }, args) => {
    expect(after(args, "--health-cmd")).toEqual(healthCheck.command);
    expect(after(args, "--health-interval")).toEqual([`${healthCheck.intervalSeconds}s`]);
    expect(after(args, "--health-timeout")).toEqual([`${healthCheck.timeoutSeconds}s`]);
    expect(after(args, "--health-retries")).toEqual([`${healthCheck.retries}`]);
    expect(after(args, "--health-start-period")).toEqual([`${healthCheck.startPeriodSeconds}s`]);
  },
  stopGraceSeconds: ({ stopGraceSeconds }, args) =>
    expect(after(args, "--stop-timeout")).toEqual([`${stopGraceSeconds}`]),
};

/** The values of an option, in order; what comes behind the image is not Docker's. */
function after(args: readonly string[], option: string): string[] {
  const options = args.slice(0, args.indexOf("sha256:1"));
  return options.flatMap((arg, at) => (arg === option ? [options[at + 1] ?? ""] : []));
}

describe("a container profile", () => {
  it("is rendered for Docker with each of its controls, and nothing that the provider refuses", () => {
    fc.assert(
      fc.property(profiles, (profile) => {
        const inputs = containerInputs({ ...oneEnvironment(), profile });
        expect(container.check(inputs)).toEqual([]);
        const args = createArgs(containerSchema.parse(inputs));
        for (const control of Object.values(RENDERED)) control(profile, args);
      }),
    );
  });

  it("stops its container within the grace that training has, and waits past the health check's own verdict", () => {
    const { args } = containerArgs(oneEnvironment());
    expect(args.destroyGraceSeconds).toBe(5);
    // 1 s start period, (2 + 1) times 1 s interval and 2 s timeout, and a minute.
    expect(args.waitTimeout).toBe(1 + 3 * 3 + 60);
  });
});
