import { describe, expect, it } from "vitest";
import { makePlan } from "../../components/plan";
import type { ContainerProfile } from "../../components/plan";
import { GIB, gpus, machine, settingsOf } from "./world";

const MIB = 2 ** 20;

function profile(rest: Record<string, unknown> = {}, world = machine()): ContainerProfile {
  const plan = makePlan(settingsOf(["alice"], rest), world);
  const [environment] = plan.environments;
  if (environment === undefined) throw new Error("nobody has an environment");
  return environment.profile;
}

describe("the container profile", () => {
  it("has exactly these controls by default", () => {
    const world = machine([], {}, { memory: 34 * GIB });
    expect(profile({}, world)).toEqual({
      uid: 1000,
      gid: 1000,
      capDrop: ["ALL"],
      noNewPrivileges: true,
      seccomp: "default",
      readOnlyRoot: true,
      tmpfs: [
        { target: "/tmp", sizeBytes: 8 * GIB, exec: true },
        { target: "/run", sizeBytes: 64 * MIB, exec: false },
      ],
      mounts: [
        {
          kind: "volume",
          source: "gpudev-team-alice-home",
          target: "/home/dev",
          readOnly: false,
        },
        {
          kind: "bind",
          source: "/home/ada/.local/state/gpudev/stacks/team/authorized_keys/alice",
          target: "/etc/gpudev/authorized_keys.d",
          readOnly: true,
        },
      ],
      pidsLimit: 4096,
      memoryBytes: 32 * GIB,
      swapBytes: 0,
      shmBytes: 8 * GIB,
      ulimits: [{ name: "stack", soft: 64 * MIB, hard: 64 * MIB }],
      env: { GPUDEV_MANAGED: "1", GPUDEV_GRACE: "25", NVIDIA_VISIBLE_DEVICES: "void" },
      command: ["jupyter", "ssh"],
      ports: [
        { name: "jupyter", container: 8888, published: { address: "127.0.0.1", port: 8888 } },
        { name: "ssh", container: 2222, published: { address: "127.0.0.1", port: 2222 } },
      ],
      healthCheck: {
        command: ["/usr/local/bin/gpudev-healthcheck"],
        intervalSeconds: 5,
        timeoutSeconds: 5,
        retries: 3,
        startPeriodSeconds: 60,
      },
      stopGraceSeconds: 30,
    });
  });

  it("names its GPUs, lets memory be pinned for them, and asks the driver for compute and utility only", () => {
    const { gpu, env, ulimits } = profile({ gpu: { perUser: 2 } }, machine(gpus(2)));
    expect(ulimits[0]).toEqual({ name: "memlock", soft: -1, hard: -1 });
    expect(gpu).toEqual({ via: "cdi", devices: ["0", "1"] });
    expect(env).toEqual({
      GPUDEV_MANAGED: "1",
      GPUDEV_GRACE: "25",
      NVIDIA_DRIVER_CAPABILITIES: "compute,utility",
    });
  });

  it("takes uid, CPUs and grace from settings, the entry point's grace 5 seconds less than Docker's", () => {
    const changed = profile({
      image: { uid: 1234 },
      limits: { cpus: 2.5 },
      lifetime: { stopGrace: "2m" },
    });
    expect(changed).toMatchObject({ uid: 1234, gid: 1234, cpus: 2.5, stopGraceSeconds: 120 });
    expect(changed.env.GPUDEV_GRACE).toBe("115");
    expect(profile({ lifetime: { stopGrace: "3s" } }).env.GPUDEV_GRACE).toBe("1");
  });

  it("mounts no folder of this machine's keys on a daemon elsewhere", () => {
    const docker = { host: "ssh://ada@gpu-box", local: false };
    expect(profile({}, machine([], { docker })).mounts.map(({ target }) => target)).toEqual([
      "/home/dev",
    ]);
  });

  it("mounts no keys where there is no SSH", () => {
    expect(profile({ services: { ssh: false } }).mounts.map(({ target }) => target)).toEqual([
      "/home/dev",
    ]);
  });

  it("mounts workspaces for those they are for", () => {
    const workspace = [
      { source: "/srv/team" },
      { source: "/srv/data", target: "/data", readOnly: true, users: ["alice"] },
      { source: "/srv/bob", target: "/mnt/bob", users: ["bob"] },
    ];
    const plan = makePlan(settingsOf(["alice", "bob"], { workspace }), machine());
    const binds = plan.environments.map(({ profile: { mounts } }) =>
      mounts.slice(2).map(({ kind, source, target, readOnly }) => [kind, source, target, readOnly]),
    );
    expect(binds).toEqual([
      [
        ["bind", "/srv/team", "/workspace", false],
        ["bind", "/srv/data", "/data", true],
      ],
      [
        ["bind", "/srv/team", "/workspace", false],
        ["bind", "/srv/bob", "/mnt/bob", false],
      ],
    ]);
  });

  it("serves Jupyter by https where the ports are open on purpose", () => {
    const bind = {
      address: "0.0.0.0",
      exposeToNetwork: true,
      tls: { certificate: "/etc/tls/cert.pem", key: "/etc/tls/key.pem" },
    };
    const open = profile({ bind });
    expect(open.mounts.slice(2)).toEqual([
      {
        kind: "bind",
        source: "/etc/tls/cert.pem",
        target: "/etc/gpudev/tls/tls.crt",
        readOnly: true,
      },
      {
        kind: "bind",
        source: "/etc/tls/key.pem",
        target: "/etc/gpudev/tls/tls.key",
        readOnly: true,
      },
    ]);
    expect(open.env).toMatchObject({
      GPUDEV_TLS_CERT: "/etc/gpudev/tls/tls.crt",
      GPUDEV_TLS_KEY: "/etc/gpudev/tls/tls.key",
    });
    expect(open.ports.map(({ published }) => published?.address)).toEqual(["0.0.0.0", "0.0.0.0"]);
  });
});
