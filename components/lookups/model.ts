/**
 * What gpudev asks the world before it decides. Everything is read once, at the
 * edge, with a time limit, into these plain values; the plan never asks again.
 */

/** A question's answer, or the reason why it could not be had. */
export type Answer<T> =
  { readonly known: true; readonly value: T } | { readonly known: false; readonly because: string };

/**
 * One GPU device of a machine that can be handed out, as the NVIDIA driver names it. A GPU in
 * MIG mode cannot be handed out whole: its slices stand in its place.
 */
export interface GpuDevice {
  /** Index as `nvidia-smi` counts; of a MIG slice, its GPU's. */
  readonly index: number;
  /** `GPU-…` or, for a MIG slice, `MIG-…`. */
  readonly uuid: string;
  /** Product name, such as `NVIDIA L4`. */
  readonly name: string;
  /** Memory in MiB. */
  readonly memoryMiB: number;
  /** Compute capability, such as `8.9`; absent where the driver does not say. */
  readonly capability?: string;
  /** True for a MIG slice; it is named by its UUID alone. */
  readonly slice?: boolean;
}

/** The GPUs of the machine that the daemon runs on. No GPU: an empty device list and no driver. */
export interface GpuFacts {
  /** Driver version, such as `580.173.02`. */
  readonly driver?: string;
  readonly devices: readonly GpuDevice[];
  /** NVIDIA container toolkit version. */
  readonly toolkit?: string;
}

/** A limit that the kernel below the daemon may or may not enforce. */
export type EnforcedLimit = "memory" | "swap" | "cpus" | "pids";

/** What the Docker daemon tells of itself. Sizes in bytes. */
export interface DaemonFacts {
  readonly version: string;
  readonly cpus: number;
  readonly memory: number;
  /** Names of the container runtimes, such as `runc`, `nvidia`. */
  readonly runtimes: readonly string[];
  /** CDI devices that the daemon knows, such as `nvidia.com/gpu=0`. */
  readonly cdiDevices: readonly string[];
  /** The daemon's data folder. */
  readonly root: string;
  /** True where the daemon runs on this machine, so that paths and files of this machine can be mounted. */
  readonly local: boolean;
  /** True for a daemon without root rights. */
  readonly rootless: boolean;
  /** Machine architecture as the kernel names it, such as `x86_64`. */
  readonly architecture: string;
  /** Limits that are enforced here. */
  readonly enforces: readonly EnforcedLimit[];
  /** True where containers run under the default seccomp profile. */
  readonly seccomp: boolean;
}

/** Which daemon was asked. */
export interface DockerEndpoint {
  /** Address of the daemon, from the settings, `DOCKER_HOST` or the client's context; absent for the machine's own default socket. */
  readonly host?: string;
  /** True where it runs on this machine, so that files of this machine can be mounted. */
  readonly local: boolean;
}

/** A container, network or volume on the daemon, as far as the plan needs it. */
export interface DockerObject {
  readonly name: string;
  /** Value of the `dev.gpudev.stack-id` label, where there is one. */
  readonly stackId?: string;
  /** Value of the `dev.gpudev.stack` label, where there is one. */
  readonly stack?: string;
}

/** A network with the subnets that it occupies. */
export interface DockerNetwork extends DockerObject {
  readonly subnets: readonly string[];
}

/** A host port in use. */
export interface TakenPort {
  /** Address that it is bound on; `0.0.0.0` and `::` clash with every address. */
  readonly address: string;
  readonly port: number;
  /** Who has it, as far as that can be said: a container's name, a process. */
  readonly holder?: string;
  /** Value of the holding container's `dev.gpudev.stack-id` label. */
  readonly stackId?: string;
}

/** What is known of the base image. */
export interface BaseImageFacts {
  /** The base that settings name is on the daemon already. */
  readonly present: boolean;
}

/** Everything that the workstation target asks. */
export interface Lookups {
  /** Now, ISO 8601. */
  readonly time: string;
  readonly docker: DockerEndpoint;
  readonly daemon: Answer<DaemonFacts>;
  readonly gpus: Answer<GpuFacts>;
  /** Free bytes where the daemon keeps its data. */
  readonly freeDisk: Answer<number>;
  readonly containers: Answer<readonly DockerObject[]>;
  readonly networks: Answer<readonly DockerNetwork[]>;
  readonly volumes: Answer<readonly DockerObject[]>;
  readonly takenPorts: Answer<readonly TakenPort[]>;
  /** IPv4 addresses of the machine. */
  readonly addresses: Answer<readonly string[]>;
  readonly base: Answer<BaseImageFacts>;
  /** Images on the daemon by `repository:tag`. */
  readonly images: Answer<readonly string[]>;
  /** Folder of this machine where gpudev keeps what belongs to a person: keys, known hosts, the file backend. */
  readonly stateDirectory: string;
  /** SHA-256 of what goes into every image build: the build folder's files and modes, without the locks of single torch builds. */
  readonly imageContextHash: string;
  /** Locks of torch builds below `images/pytorch-cuda/locks`: SHA-256 of each by its name. */
  readonly locks: Readonly<Record<string, string>>;
  /** Mount sources, TLS files and CA files that settings name, and whether they exist on the daemon's machine. */
  readonly files: Readonly<Record<string, Answer<boolean>>>;
}
