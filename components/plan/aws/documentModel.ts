/** Schema name of host documents; a host refuses any other. */
export const HOST_SCHEMA = "gpudev.host/1";

/** Stands for the image's reference in the units of a draft. */
export const IMAGE = "@@IMAGE@@";

/** One environment as a host installs it. */
export interface HostEnvironment {
  readonly user: string;
  readonly slot: number;
  readonly container: string;
  readonly home: {
    /** Folder on the host that is mounted as the user's home. */
    readonly path: string;
    /** Project quota; with EFS nothing enforces it. */
    readonly quotaBytes: number;
    /** Owner of the folder. */
    readonly uid: number;
    readonly gid: number;
  };
  /** Name of the systemd unit: `gpudev-<user>.service`. */
  readonly unitName: string;
  /** Full text of the unit. It names the image by digest and never pulls: the host has pulled it before. */
  readonly unit: string;
  /** Text of `/var/lib/gpudev/authorized_keys/<user>/dev`. */
  readonly authorizedKeys: string;
  /** CDI names without `nvidia.com/gpu=`: `0`, or `0:1` for a MIG slice. Empty: CPU. */
  readonly devices: readonly string[];
  /** Ports on the host's loopback address. */
  readonly ports: { readonly jupyter?: number; readonly ssh?: number };
}

/** What a host's document says before the image and a file system are known. Plain data, the same for the same settings. */
export interface HostDraft {
  readonly stack: string;
  readonly id: string;
  /** `host-0`. */
  readonly host: string;
  readonly region: string;
  readonly checks: {
    /** Oldest driver that runs the image. */
    readonly driverMin: string;
    /** Oldest container toolkit without a known break-out. */
    readonly toolkitMin: string;
    /** GPUs that the driver has to show. */
    readonly gpus: number;
  };
  readonly gpu: {
    readonly sharing: "devices" | "mig" | "time-slicing";
    /** MIG profile that every GPU is cut into, such as `3g.20gb`, and how many slices each GPU gives. */
    readonly mig?: { readonly profile: string; readonly slices: number };
    readonly modules: "open" | "proprietary";
    /** NVSwitch: the fabric manager of the driver's version has to run. */
    readonly fabricManager: boolean;
  };
  readonly homes: { readonly kind: "volume" | "efs" };
  /** Parameters that this host may put: `<prefix>/<user>/token` and `<prefix>/<user>/host-key`. */
  readonly parameters: string;
  readonly lifetime: {
    /** Seconds without activity after which an environment stops. */
    readonly idleStop: number;
    /** ISO 8601 with offset; absent: no end. */
    readonly until?: string;
    /** Seconds between SIGTERM and SIGKILL. */
    readonly graceSeconds: number;
    /** Seconds that a keep-awake lease may last at most. */
    readonly maxLease: number;
  };
  /** Data sets that are mounted read-only from S3 at `path`. */
  readonly data: readonly {
    readonly bucket: string;
    readonly prefix: string;
    readonly path: string;
  }[];
  /** Direct access by Caddy; absent: SSM only. */
  readonly direct?: {
    /** Name that the certificate is for; absent: a private CA. */
    readonly name?: string;
    /** Public port to the port on the loopback address. */
    readonly sites: readonly {
      readonly user: string;
      readonly listen: number;
      readonly upstream: number;
    }[];
  };
  /** Their units name the image as {@link IMAGE}. */
  readonly environments: readonly HostEnvironment[];
}

/** What only a deployment knows. */
export interface HostRuntime {
  /** Image by digest. */
  readonly image: string;
  /** ARN of the role whose credentials are lent to users; absent: none are. */
  readonly dataRole?: string;
  /** EFS file system and the access point of each user. */
  readonly efs?: {
    readonly fileSystem: string;
    readonly accessPoints: Readonly<Record<string, string>>;
  };
}

/** What a host fetches from the stack's bucket (`documents/<host>.json`) and applies. */
export interface HostDocument extends Omit<HostDraft, "homes"> {
  readonly schema: typeof HOST_SCHEMA;
  /** SHA-256 of the canonical JSON of everything else: keys sorted, no spaces, UTF-8, nothing escaped that need not be. */
  readonly version: string;
  /** Image by digest. */
  readonly image: string;
  /** ECR registry to log in to before pulling; absent for an image of another registry. */
  readonly registry?: string;
  /** S3 credentials for users: the host takes this role once for each of them. Absent: nobody gets any. */
  readonly credentials?: { readonly roleArn: string };
  readonly homes: HostDraft["homes"] & {
    /** EFS file system, `fs-…`. */
    readonly fileSystem?: string;
    /** EFS access point of each user. */
    readonly accessPoints?: Readonly<Record<string, string>>;
  };
}
