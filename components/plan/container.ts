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
