import type { WorkstationPlan, PlannedEnvironment } from "../../components/plan/model";

/** A plan made by hand, for tests of what is done with one. */
export interface HandPlan {
  readonly stack: string;
  readonly users: readonly string[];
  /** Image to run as it is. Default: none, so that one is built. */
  readonly image?: string;
  readonly leavers?: readonly string[];
  readonly id?: string;
  /** Second part of the networks' range, 10.<range>.0.0/16. */
  readonly range?: number;
  /** Slot of the first user. Default 0. */
  readonly firstSlot?: number;
  readonly portBase?: number;
  readonly command?: readonly string[];
  readonly healthCheck?: readonly string[];
  readonly memoryMiB?: number;
  readonly host?: string;
}

const MIB = 2 ** 20;

/** Says that it is ready, and ends on SIGTERM. */
const READY = [
  "sh",
  "-c",
  "trap 'exit 0' TERM; touch /tmp/ready; while :; do sleep 1 & wait $!; done",
];

function labels(plan: HandPlan, user: string): Record<string, string> {
  return {
    "dev.gpudev.stack-id": plan.id ?? "abc123",
    "dev.gpudev.stack": plan.stack,
    "dev.gpudev.user": user,
  };
}

function environment(plan: HandPlan, user: string, slot: number): PlannedEnvironment {
  const name = `gpudev-${plan.stack}-${user}`;
  const port = (plan.portBase ?? 30_000) + slot;
  const memory = (plan.memoryMiB ?? 256) * MIB;
  return {
    user,
    seat: { slot, host: 0 },
    container: name,
    homeVolume: `${name}-home`,
    network: {
      name,
      subnet: `10.${plan.range ?? 231}.0.${8 * slot}/29`,
      gateway: `10.${plan.range ?? 231}.0.${8 * slot + 1}`,
    },
    authorizedKeys: [],
    labels: labels(plan, user),
    profile: {
      uid: 1000,
      gid: 1000,
      capDrop: ["ALL"],
      noNewPrivileges: true,
      seccomp: "default",
      readOnlyRoot: true,
      tmpfs: [
        { target: "/tmp", sizeBytes: 64 * MIB, exec: true },
        { target: "/run", sizeBytes: 8 * MIB, exec: false },
      ],
      mounts: [{ kind: "volume", source: `${name}-home`, target: "/home/dev", readOnly: false }],
      pidsLimit: 256,
      memoryBytes: memory,
      swapBytes: 0,
      shmBytes: 64 * MIB,
      ulimits: [{ name: "nofile", soft: 1024, hard: 2048 }],
      env: { GPUDEV_MANAGED: "1" },
      command: plan.command ?? READY,
      ports: [{ name: "jupyter", container: 8888, published: { address: "127.0.0.1", port } }],
      healthCheck: {
        command: plan.healthCheck ?? ["test", "-f", "/tmp/ready"],
        intervalSeconds: 1,
        timeoutSeconds: 2,
        retries: 2,
        startPeriodSeconds: 1,
      },
      stopGraceSeconds: 5,
    },
  };
}

export function handPlan(plan: HandPlan): WorkstationPlan {
  const environments = plan.users.map((user, at) =>
    environment(plan, user, (plan.firstSlot ?? 0) + at),
  );
  return {
    stack: plan.stack,
    team: plan.stack,
    target: "workstation",
    id: plan.id ?? "abc123",
    docker: {
      provider: "bundled",
      local: true,
      reachableAt: "127.0.0.1",
      ...(plan.host === undefined ? {} : { host: plan.host }),
    },
    image: {
      ...(plan.image === undefined ? {} : { existing: plan.image }),
      repository: "pytorch-cuda",
      push: false,
      immutableTag: "2.6.0-cu124-py3.10-0123456789ab",
      movingTags: ["2.6-cuda12.4"],
      buildArgs: { PYTHON: "3.10" },
      torch: "2.6.0",
      cuda: "12.4",
      python: "3.10",
    },
    environments,
    retainedHomes: (plan.leavers ?? []).map((user) => ({
      user,
      homeVolume: `gpudev-${plan.stack}-${user}-home`,
      labels: labels(plan, user),
    })),
    seats: Object.fromEntries(environments.map(({ user, seat }) => [user, seat])),
    findings: [],
  };
}
