import type { DaemonFacts, GpuFacts } from "../../components/lookups/model";
import type { DoctorFacts } from "../../cli/doctor/model";

const GIB = 2 ** 30;

export const daemon: DaemonFacts = {
  version: "29.1.0",
  cpus: 16,
  memory: 64 * GIB,
  runtimes: ["runc"],
  cdiDevices: [],
  root: "/var/lib/docker",
  local: true,
  rootless: false,
  architecture: "x86_64",
  enforces: ["memory", "swap", "cpus", "pids"],
  seccomp: true,
};

/** A workstation with an L4 and all that it takes. */
export const l4: GpuFacts = {
  driver: "580.173.02",
  toolkit: "1.20.1",
  devices: [{ index: 0, uuid: "GPU-1", name: "NVIDIA L4", memoryMiB: 23034, capability: "8.9" }],
};

/** A machine without a GPU on which everything is well. */
export const well: DoctorFacts = {
  wants: { base: "ubuntu:22.04", users: 1, gpus: ["auto"], range: "10.213.0.0/16" },
  systemd: true,
  clients: [{ file: "/usr/bin/docker", version: "29.1.0", buildKit: "buildx" }],
  daemon: { known: true, value: daemon },
  gpus: { known: true, value: { devices: [] } },
  gpuOnBus: false,
  freeDisk: { known: true, value: 100 * GIB },
  networks: { known: true, value: [{ name: "bridge", subnets: ["172.17.0.0/16"] }] },
  usedRanges: ["127.0.0.1/8", "192.168.1.20/24"],
  pulumi: { atHand: "3.259.0", sources: ["cache", "npm"] },
  ssh: { known: true, value: "OpenSSH_9.2p1 Debian-2" },
  stateDirectory: {
    directory: "/home/ada/.local/state/gpudev",
    exists: true,
    mode: 0o700,
    own: true,
    writable: true,
  },
  base: { known: true, value: "present" },
  indexes: [
    { client: "npm", purpose: "the Pulumi CLI", answer: { known: true, value: "answers" } },
    { client: "pip", purpose: "PyTorch's wheels", answer: { known: true, value: "answers" } },
    { client: "apt", purpose: "system packages", answer: { known: true, value: "answers" } },
  ],
};
