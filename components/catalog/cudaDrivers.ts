/** Which Linux drivers go with a CUDA version. */
export interface CudaDrivers {
  /** Oldest driver that runs programs made with it: minor-version compatibility. */
  readonly floor: string;
  /** Driver of the toolkit's first release: from it on PTX compiles for certain. */
  readonly toolkit: string;
}

const CUDA_11 = "450.80.02";
const CUDA_12 = "525.60.13";
const CUDA_13 = "580";

/**
 * Read 2026-11-22 from NVIDIA's CUDA toolkit release notes (drivers of the
 * toolkits) and its page on minor-version compatibility (floors).
 */
export const CUDA_DRIVERS = {
  "11.8": { floor: CUDA_11, toolkit: "520.61.05" },
  "12.1": { floor: CUDA_12, toolkit: "530.30.02" },
  "12.4": { floor: CUDA_12, toolkit: "550.54.14" },
  "12.6": { floor: CUDA_12, toolkit: "560.28.03" },
  "12.8": { floor: CUDA_12, toolkit: "570.26" },
  "12.9": { floor: CUDA_12, toolkit: "575.51.03" },
  "13.0": { floor: CUDA_13, toolkit: "580.65.06" },
  "13.2": { floor: CUDA_13, toolkit: "595.45.04" },
} as const satisfies Readonly<Record<string, CudaDrivers>>;

/** CUDA versions that PyTorch builds of the catalog were made for. */
export type CudaVersion = keyof typeof CUDA_DRIVERS;
