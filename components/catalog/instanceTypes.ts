/** One EC2 instance type with GPUs. */
export interface InstanceType {
  /** Such as `g6.12xlarge`. */
  readonly type: string;
  readonly family: string;
  /** Model as the GPU table names it. */
  readonly gpuModel: string;
  /** GPUs; below 1 a fraction of one. */
  readonly gpus: number;
  readonly vcpus: number;
  readonly memoryGiB: number;
  /** Instance store in GB; 0: none. */
  readonly nvmeGB: number;
  /** Baseline network in Gbit/s. */
  readonly networkGbps: number;
  /** On-demand, Linux, us-east-1, USD; absent where the source has no price. */
  readonly usdPerHour?: number;
  readonly arch: "x86_64" | "arm64";
  /** Group of types that share a vCPU quota. */
  readonly quotaFamily: "G" | "P";
  /** GPUs are joined by NVSwitch, which needs the fabric manager. */
  readonly nvswitch: boolean;
  /** Bare metal. */
  readonly metal: boolean;
  readonly asOf: string;
  readonly source: string;
  readonly verified: boolean;
}
