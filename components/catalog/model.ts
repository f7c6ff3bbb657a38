/** Where a row of a table comes from, and when that was read. */
interface Provenance {
  /** Date of reading, ISO 8601 (YYYY-MM-DD). */
  readonly asOf: string;
  /** Short form of the public source. */
  readonly source: string;
  /** False: plausible, not verified. Such a row warns and never refuses. */
  readonly verified: boolean;
}

/**
 * One official PyTorch build: a torch release for one CUDA version, Linux x86_64.
 * `verified` speaks of what decides whether it runs (that there is such a build, its
 * Python versions, capabilities and driver floor).
 */
export interface TorchBuild extends Provenance {
  /** Figures that are for display, and were not verified for this build. */
  readonly unverified: readonly ("cudnn" | "nccl" | "torchvision" | "indexDefault")[];
  /** Release, such as `2.6.0`. */
  readonly torch: string;
  /** CUDA toolkit version, such as `12.4`. */
  readonly cuda: string;
  /** The build that the package index serves when no other index is named. */
  readonly indexDefault: boolean;
  readonly cudnn: string;
  readonly nccl: string;
  readonly torchvision: string;
  /** Python versions with wheels. */
  readonly python: readonly string[];
  /** Compute capabilities with machine code in the wheels, such as `8.6`. */
  readonly capabilities: readonly string[];
  /** Capability whose PTX is in the wheels too: newer GPUs compile it when they first use it. */
  readonly ptx?: string;
  /** Oldest driver that runs it (minor-version compatibility). */
  readonly driverFloor: string;
  /** Driver of the toolkit itself: below it PTX compilation may fail. */
  readonly driverToolkit: string;
}

/** One GPU model. */
export interface GpuModel extends Provenance {
  /** Short name that settings use: `L4`, `RTX 4090`. */
  readonly model: string;
  readonly architecture: "Volta" | "Turing" | "Ampere" | "Ada" | "Hopper" | "Blackwell";
  readonly capability: string;
  /** Nominal memory in GiB; what a program can use is a few percent less. */
  readonly memoryGiB: number;
  /** Hardware partitions (MIG). */
  readonly mig: boolean;
}
