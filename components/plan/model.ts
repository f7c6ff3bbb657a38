import type { Finding } from "../settings/finding";
import type { Seat } from "../settings/schema";

/** Which GPU devices a container gets, and by which of Docker's ways. */
export interface GpuAccess {
  readonly via: "cdi" | "runtime";
  /** Indexes or UUIDs. */
  readonly devices: readonly string[];
}

/** A tmpfs of the container. */
export interface Tmpfs {
  readonly target: string;
  readonly sizeBytes: number;
  /** Docker's default is noexec, which breaks torch.compile in /tmp. */
  readonly exec: boolean;
}

/** A volume or folder in the container. */
export interface Mount {
  readonly kind: "volume" | "bind";
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** A port of the container. */
export interface Port {
  readonly name: "jupyter" | "ssh";
  readonly container: number;
  /** Address and port of the host that it is published on; absent where it stays inside. */
  readonly published?: { readonly address: string; readonly port: number };
}

/**
 * Everything that hardens and shapes an environment's container, said once. Docker
 * arguments, a systemd unit and a Pod spec are renderings of this same value.
 */
export interface ContainerProfile {
  readonly uid: number;
  readonly gid: number;
  /** Linux capabilities that are dropped: all of them. */
  readonly capDrop: readonly ["ALL"];
  readonly noNewPrivileges: true;
  /** The engine's default seccomp profile stays on. */
  readonly seccomp: "default";
  readonly readOnlyRoot: true;
  readonly tmpfs: readonly Tmpfs[];
  readonly mounts: readonly Mount[];
  readonly pidsLimit: number;
  readonly memoryBytes: number;
  /** Swap on top of memory: none, so that a limit is a limit. */
  readonly swapBytes: 0;
  /** Cores; absent: all, shared fairly. */
  readonly cpus?: number;
  readonly shmBytes: number;
  readonly ulimits: readonly {
    readonly name: string;
    readonly soft: number;
    readonly hard: number;
  }[];
  readonly gpu?: GpuAccess;
  /** Plain values only: no secret ever goes in here. */
  readonly env: Readonly<Record<string, string>>;
  /** Arguments of the image's entry point: the services. */
  readonly command: readonly string[];
  readonly ports: readonly Port[];
  readonly healthCheck: {
    readonly command: readonly string[];
    readonly intervalSeconds: number;
    readonly timeoutSeconds: number;
    readonly retries: number;
    readonly startPeriodSeconds: number;
  };
  /** Seconds between SIGTERM and SIGKILL. */
  readonly stopGraceSeconds: number;
}

/** The image that every environment of the stack runs. */
export interface PlannedImage {
  /** An image named by digest that is used as it is; then nothing is built. */
  readonly existing?: string;
  readonly repository: string;
  readonly push: boolean;
  /** Tag that never moves: versions and the hash of everything that goes into the build. */
  readonly immutableTag: string;
  /** Tags that move with rebuilds: `2.6-cuda12.4`; where pushed also `v2.6`. */
  readonly movingTags: readonly string[];
  /** Build arguments of images/pytorch-cuda/Dockerfile. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** PEM file handed to the build as a secret. */
  readonly extraCa?: string;
  readonly torch: string;
  readonly cuda: string;
  readonly python: string;
}

/** One user's environment. */
export interface PlannedEnvironment {
  readonly user: string;
  readonly seat: Seat;
  readonly container: string;
  readonly homeVolume: string;
  readonly network: { readonly name: string; readonly subnet: string; readonly gateway: string };
  /** Lines of the user's authorized_keys file. */
  readonly authorizedKeys: readonly string[];
  readonly profile: ContainerProfile;
  readonly labels: Readonly<Record<string, string>>;
}

/** A home whose user has left the list: kept until `gpudev forget`. */
export interface RetainedHome {
  readonly user: string;
  readonly homeVolume: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The whole decision for a stack: data that a target turns into resources. */
export interface Plan {
  readonly stack: string;
  readonly team: string;
  readonly target: "workstation";
  /** The stack's random id; `unrecorded` until gpudev has written one. */
  readonly id: string;
  readonly docker: {
    readonly host?: string;
    readonly provider: "bundled" | "official";
    readonly local: boolean;
    /** Host name or address at which published ports answer; a loopback address is the daemon's machine's own. */
    readonly reachableAt: string;
  };
  readonly image: PlannedImage;
  readonly environments: readonly PlannedEnvironment[];
  readonly retainedHomes: readonly RetainedHome[];
  /** Seats as they should be recorded in the stack file, leavers included. */
  readonly seats: Readonly<Record<string, Seat>>;
  readonly findings: readonly Finding[];
}
