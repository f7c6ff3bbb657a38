import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { needsGpu } from "../../cli/doctor/gpuVerdicts";
import type { Check, CheckName, DoctorFacts } from "../../cli/doctor/model";
import { judge } from "../../cli/doctor/verdicts";
import type { DaemonFacts, GpuFacts } from "../../components/lookups/model";
import { daemon, l4, well } from "./facts";

const GIB = 2 ** 30;
const unknown = { known: false, because: "no answer in time" } as const;

function withDaemon(changes: Partial<DaemonFacts>): Partial<DoctorFacts> {
  return { daemon: { known: true, value: { ...daemon, ...changes } } };
}
function withGpus(
  changes: Partial<GpuFacts>,
  more: Partial<DaemonFacts> = {},
): Partial<DoctorFacts> {
  return { ...withDaemon(more), gpus: { known: true, value: { ...l4, ...changes } } };
}
function check(name: CheckName, changes: Partial<DoctorFacts>): Check | undefined {
  return judge({ ...well, ...changes }).find((one) => one.name === name);
}

const cdi = ["nvidia.com/gpu=0", "nvidia.com/gpu=all"];
const withoutToolkit: GpuFacts = { driver: "580.173.02", devices: l4.devices };

/** What is changed in a machine that is well, the check that has to see it, its state, and a word of what it says. */
const CASES: readonly (readonly [
  string,
  Partial<DoctorFacts>,
  CheckName,
  Check["state"],
  RegExp,
])[] = [
  ["no client", { clients: [] }, "docker-client", "error", /No Docker client/],
  ["no client", { clients: [] }, "docker-build", "error", /No Docker client on PATH can build/],
  [
    "a client without buildx",
    { clients: [{ file: "/usr/local/bin/docker", version: "28.2.2", buildKit: "none" }] },
    "docker-build",
    "error",
    /can build with BuildKit/,
  ],
  [
    "a second client that builds",
    {
      clients: [
        { file: "/usr/local/bin/docker", version: "28.2.2", buildKit: "none" },
        { file: "/usr/bin/docker", version: "20.10.24", buildKit: "built-in" },
      ],
    },
    "docker-build",
    "ok",
    /built in \(\/usr\/bin\/docker 20\.10\.24\)/,
  ],
  ["no daemon", { daemon: unknown }, "docker-daemon", "error", /no answer in time/],
  ["no daemon", { daemon: unknown }, "limits", "unknown", /No Docker daemon/],
  ["no daemon", { daemon: unknown }, "memory", "unknown", /No Docker daemon/],
  [
    "Docker 19.03",
    withDaemon({ version: "19.03.15" }),
    "docker-daemon",
    "error",
    /older than 20\.10/,
  ],
  ["Docker 20.10", withDaemon({ version: "20.10.24+dfsg1" }), "docker-daemon", "ok", /20\.10\.24/],
  [
    "no pids controller",
    withDaemon({ enforces: ["memory", "swap", "cpus"] }),
    "limits",
    "warning",
    /pids/,
  ],
  ["no seccomp", withDaemon({ seccomp: false }), "limits", "warning", /seccomp/],
  ["no GPU, auto", {}, "gpu", "ok", /runs on the CPU/],
  ["no GPU, two asked", { wants: { ...well.wants, gpus: [2] } }, "gpu", "error", /asks for some/],
  ["a GPU without driver", { gpuOnBus: true }, "gpu", "warning", /no driver/],
  [
    "a GPU without driver that is asked for",
    { gpuOnBus: true, wants: { ...well.wants, gpus: ["auto", [0]] } },
    "gpu",
    "error",
    /no driver/,
  ],
  ["GPUs not to be seen", { gpus: unknown }, "gpu", "unknown", /no answer in time/],
  ["an L4", withGpus({}), "gpu", "ok", /^NVIDIA L4, driver 580\.173\.02\.$/],
  [
    "two L4",
    withGpus({ devices: [...l4.devices, ...l4.devices] }),
    "gpu",
    "ok",
    /^2 × NVIDIA L4, driver/,
  ],
  [
    "no toolkit",
    { gpus: { known: true, value: withoutToolkit } },
    "gpu-toolkit",
    "error",
    /cannot use the GPUs/,
  ],
  ["an old toolkit", withGpus({ toolkit: "1.19.0" }), "gpu-toolkit", "error", /CVE-2026-24260/],
  ["the first mended toolkit", withGpus({ toolkit: "1.19.1" }), "gpu-toolkit", "ok", /1\.19\.1/],
  ["CDI", withGpus({}, { cdiDevices: cdi }), "gpu-access", "ok", /2 CDI devices/],
  ["no CDI device", withGpus({}), "gpu-access", "error", /neither/],
  [
    "CDI devices on a Docker that is too old for them",
    withGpus({}, { cdiDevices: cdi, version: "25.0.5" }),
    "gpu-access",
    "error",
    /neither/,
  ],
  [
    "the NVIDIA runtime",
    withGpus({}, { version: "24.0.7", runtimes: ["runc", "nvidia"] }),
    "gpu-access",
    "ok",
    /NVIDIA runtime/,
  ],
  ["3 GiB of memory", withDaemon({ memory: 3 * GIB }), "memory", "error", /3 GiB/],
  ["6 GiB of memory", withDaemon({ memory: 6 * GIB }), "memory", "warning", /6 GiB/],
  [
    "64 GiB for 100 users",
    { wants: { ...well.wants, users: 100 } },
    "memory",
    "error",
    /100 users/,
  ],
  ["4 GiB of disk", { freeDisk: { known: true, value: 4 * GIB } }, "disk", "error", /4 GiB free/],
  [
    "20 GiB of disk",
    { freeDisk: { known: true, value: 20 * GIB } },
    "disk",
    "warning",
    /20 GiB free/,
  ],
  ["disk not to be seen", { freeDisk: unknown }, "disk", "unknown", /no answer/],
  [
    "a VPN's route",
    { usedRanges: ["10.0.0.0/8"] },
    "addresses",
    "error",
    /overlaps 10\.0\.0\.0\/8/,
  ],
  [
    "a bridge in the range, and no daemon to say whose it is",
    { usedRanges: ["10.213.0.1/29"], networks: unknown },
    "addresses",
    "unknown",
    /only the daemon/,
  ],
  [
    "a small range",
    { wants: { ...well.wants, range: "10.213.0.0/28", users: 3 } },
    "addresses",
    "error",
    /holds 2 networks for 3 users/,
  ],
  ["the usual range", {}, "addresses", "ok", /8192 networks; Docker has 1 network\./],
  ["a CLI that has to be made", { pulumi: { sources: ["npm", "go"] } }, "pulumi", "ok", /npm, go/],
  ["no way to a CLI", { pulumi: { sources: [] } }, "pulumi", "error", /no way/],
  ["no ssh", { ssh: unknown }, "ssh", "warning", /No OpenSSH client/],
  [
    "an open state directory",
    { stateDirectory: { ...well.stateDirectory, mode: 0o755 } },
    "state-directory",
    "warning",
    /mode 755/,
  ],
  [
    "somebody else's state directory",
    { stateDirectory: { ...well.stateDirectory, own: false, writable: false } },
    "state-directory",
    "error",
    /cannot be written/,
  ],
  [
    "no state directory yet",
    { stateDirectory: { ...well.stateDirectory, exists: false, mode: 0 } },
    "state-directory",
    "ok",
    /will be made/,
  ],
  ["a base that no hub gives", { base: unknown }, "base-image", "warning", /ubuntu:22\.04/],
  [
    "a base that is not made yet",
    { base: unknown, wants: { ...well.wants, base: "bootstrap:bookworm" } },
    "base-image",
    "warning",
    /not made yet/,
  ],
  [
    "an index that does not answer",
    {
      indexes: [
        { client: "npm", purpose: "the Pulumi CLI", answer: { known: true, value: "silent" } },
        { client: "pip", purpose: "PyTorch's wheels", answer: unknown },
      ],
    },
    "package-indexes",
    "warning",
    /No answer for npm \(the Pulumi CLI\)\.$/,
  ],
  [
    "no index that could be asked",
    { indexes: [{ client: "pip", purpose: "PyTorch's wheels", answer: unknown }] },
    "package-indexes",
    "unknown",
    /pip: no answer in time/,
  ],
  ["a private CA", { privateCa: "/etc/ca.pem" }, "certificates", "warning", /\/etc\/ca\.pem/],
  [
    "a private CA that the build gets",
    { privateCa: "/etc/ca.pem", wants: { ...well.wants, extraCa: "/etc/ca.pem" } },
    "certificates",
    "ok",
    /trusts/,
  ],
];

describe("judge", () => {
  it.each(CASES)("%s: %j %s is %s", (_title, changes, name, state, found) => {
    const one = check(name, changes);
    expect(one?.state).toBe(state);
    expect(one?.found).toMatch(found);
  });

  it("finds nothing wrong with a machine that is well", () => {
    expect(judge(well).map(({ name, state }) => `${name} ${state}`)).toEqual([
      "docker-client ok",
      "docker-build ok",
      "docker-daemon ok",
      "limits ok",
      "gpu ok",
      "memory ok",
      "disk ok",
      "addresses ok",
      "pulumi ok",
      "ssh ok",
      "state-directory ok",
      "base-image ok",
      "package-indexes ok",
      "certificates ok",
    ]);
  });

  it("says what mends it, for everything that is an error or a warning, and only then", () => {
    for (const [, changes] of CASES) {
      for (const one of judge({ ...well, ...changes })) {
        const wrong = one.state === "error" || one.state === "warning";
        expect([one.name, one.mend !== undefined]).toEqual([one.name, wrong]);
      }
    }
  });

  it("asks for a GPU only where a request cannot do without", () => {
    fc.assert(
      fc.property(fc.nat(16), (count) => {
        expect(needsGpu(count)).toBe(count > 0);
      }),
    );
    expect(needsGpu("auto")).toBe(false);
    expect(needsGpu("none")).toBe(false);
    expect(needsGpu(["GPU-1"])).toBe(true);
  });
});

describe("mends", () => {
  it.each<[string, Partial<DoctorFacts>, CheckName, string]>([
    [
      "systemd starts the daemon",
      { daemon: unknown },
      "docker-daemon",
      "sudo systemctl start docker",
    ],
    [
      "without systemd npm start does",
      { daemon: unknown, systemd: false },
      "docker-daemon",
      "start dockerd as root: npm start does that",
    ],
    [
      "a user outside the group",
      { daemon: { known: false, because: "permission denied while trying to connect" } },
      "docker-daemon",
      'sudo usermod -aG docker "$USER", then log in again',
    ],
    [
      "a daemon elsewhere",
      { daemon: unknown, dockerHost: "ssh://ada@box" },
      "docker-daemon",
      "docker --host ssh://ada@box info says why not",
    ],
    [
      "an old Docker gets the runtime",
      withGpus({}, { version: "20.10.24" }),
      "gpu-access",
      "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker",
    ],
    [
      "a new Docker gets CDI",
      withGpus({}),
      "gpu-access",
      "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml && sudo systemctl restart docker",
    ],
  ])("%s", (_title, changes, name, mend) => {
    expect(check(name, changes)?.mend).toBe(mend);
  });
});
