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

interface Family {
  readonly gpuModel: string;
  readonly quotaFamily: InstanceType["quotaFamily"];
  readonly arch?: "arm64";
  readonly unverified?: true;
  /** Per size: vCPUs, memory GiB, GPUs, instance store GB, network Gbit/s, USD an hour. */
  readonly sizes: Readonly<
    Record<string, readonly [number, number, number, number, number, number?]>
  >;
}

const FAMILIES: Readonly<Record<string, Family>> = {
  g4dn: {
    gpuModel: "T4",
    quotaFamily: "G",
    sizes: {
      xlarge: [4, 16, 1, 125, 5, 0.526],
      "2xlarge": [8, 32, 1, 225, 10, 0.752],
      "4xlarge": [16, 64, 1, 225, 20, 1.204],
      "8xlarge": [32, 128, 1, 900, 50, 2.176],
      "12xlarge": [48, 192, 4, 900, 50, 3.912],
      "16xlarge": [64, 256, 1, 900, 50, 4.352],
      metal: [96, 384, 8, 1800, 100, 7.824],
    },
  },
  g5: {
    gpuModel: "A10G",
    quotaFamily: "G",
    sizes: {
      xlarge: [4, 16, 1, 250, 2.5, 1.006],
      "2xlarge": [8, 32, 1, 450, 5, 1.212],
      "4xlarge": [16, 64, 1, 600, 10, 1.624],
      "8xlarge": [32, 128, 1, 900, 25, 2.448],
      "12xlarge": [48, 192, 4, 3800, 40, 5.672],
      "16xlarge": [64, 256, 1, 1900, 25, 4.096],
      "24xlarge": [96, 384, 4, 3800, 50, 8.144],
      "48xlarge": [192, 768, 8, 7600, 100, 16.29],
    },
  },
  g5g: {
    gpuModel: "T4G",
    quotaFamily: "G",
    arch: "arm64",
    sizes: {
      xlarge: [4, 8, 1, 0, 1.25, 0.42],
      "2xlarge": [8, 16, 1, 0, 2.5, 0.556],
      "4xlarge": [16, 32, 1, 0, 5, 0.828],
      "8xlarge": [32, 64, 1, 0, 12, 1.372],
      "16xlarge": [64, 128, 2, 0, 25, 2.744],
      metal: [64, 128, 2, 0, 25, 2.744],
    },
  },
  g6: {
    gpuModel: "L4",
    quotaFamily: "G",
    sizes: {
      xlarge: [4, 16, 1, 250, 2.5, 0.8048],
      "2xlarge": [8, 32, 1, 450, 5, 0.9776],
      "4xlarge": [16, 64, 1, 600, 10, 1.323],
      "8xlarge": [32, 128, 1, 900, 25, 2.014],
      "12xlarge": [48, 192, 4, 3760, 40, 4.602],
      "16xlarge": [64, 256, 1, 1880, 25, 3.397],
      "24xlarge": [96, 384, 4, 3760, 50, 6.675],
      "48xlarge": [192, 768, 8, 7520, 100, 13.35],
    },
  },
  g6e: {
    gpuModel: "L40S",
    quotaFamily: "G",
    sizes: {
      xlarge: [4, 32, 1, 250, 2.5, 1.861],
      "2xlarge": [8, 64, 1, 450, 5, 2.242],
      "4xlarge": [16, 128, 1, 600, 20, 3.004],
      "8xlarge": [32, 256, 1, 900, 25, 4.529],
      "12xlarge": [48, 384, 4, 3800, 100, 10.49],
      "16xlarge": [64, 512, 1, 1900, 35, 7.577],
      "24xlarge": [96, 768, 4, 3800, 200, 15.07],
      "48xlarge": [192, 1536, 8, 7600, 400, 30.13],
    },
  },
  g6f: {
    gpuModel: "L4",
    quotaFamily: "G",
    sizes: {
      large: [2, 8, 1 / 8, 100, 1.5, 0.202],
      xlarge: [4, 16, 1 / 8, 100, 2.5, 0.2375],
      "2xlarge": [8, 32, 1 / 4, 200, 5, 0.475],
      "4xlarge": [16, 64, 1 / 2, 450, 10, 0.95],
    },
  },
  gr6: {
    gpuModel: "L4",
    quotaFamily: "G",
    sizes: { "4xlarge": [16, 128, 1, 600, 10, 1.539], "8xlarge": [32, 256, 1, 900, 25, 2.446] },
  },
  gr6f: {
    gpuModel: "L4",
    quotaFamily: "G",
    sizes: { "4xlarge": [16, 128, 1 / 2, 450, 10, 1.066] },
  },
  g7: {
    gpuModel: "RTX PRO 4500 Blackwell",
    quotaFamily: "G",
    sizes: {
      "2xlarge": [8, 32, 1, 440, 60, 2.52],
      "4xlarge": [16, 64, 1, 875, 60, 3.042],
      "8xlarge": [32, 128, 1, 930, 80, 4.086],
      "12xlarge": [48, 192, 2, 1900, 175, 7.128],
      "24xlarge": [96, 384, 4, 3800, 350, 14.26],
      "48xlarge": [192, 768, 8, 7600, 700, 28.51],
    },
  },
  g7e: {
    gpuModel: "RTX PRO 6000 Blackwell",
    quotaFamily: "G",
    sizes: {
      "2xlarge": [8, 64, 1, 1900, 50, 3.363],
      "4xlarge": [16, 128, 1, 1900, 50, 3.998],
      "8xlarge": [32, 256, 1, 1900, 100, 5.268],
      "12xlarge": [48, 512, 2, 3800, 400, 8.286],
      "24xlarge": [96, 1024, 4, 7600, 800, 16.57],
      "48xlarge": [192, 2048, 8, 15_200, 1600, 33.14],
    },
  },
  p3: {
    gpuModel: "V100 16GB",
    quotaFamily: "P",
    unverified: true,
    sizes: {
      "2xlarge": [8, 61, 1, 0, 2.5, 3.06],
      "8xlarge": [32, 244, 4, 0, 10, 12.24],
      "16xlarge": [64, 488, 8, 0, 25, 24.48],
    },
  },
  p3dn: {
    gpuModel: "V100 32GB",
    quotaFamily: "P",
    sizes: { "24xlarge": [96, 768, 8, 1800, 100, 31.21] },
  },
  p4d: {
    gpuModel: "A100 40GB",
    quotaFamily: "P",
    sizes: { "24xlarge": [96, 1152, 8, 8000, 400, 21.96] },
  },
  p4de: {
    gpuModel: "A100 80GB",
    quotaFamily: "P",
    sizes: { "24xlarge": [96, 1152, 8, 8000, 400, 27.45] },
  },
  p5: {
    gpuModel: "H100",
    quotaFamily: "P",
    sizes: {
      "4xlarge": [16, 256, 1, 3800, 100, 6.88],
      "48xlarge": [192, 2048, 8, 30_400, 3200, 55.04],
    },
  },
  p5e: {
    gpuModel: "H200",
    quotaFamily: "P",
    sizes: { "48xlarge": [192, 2048, 8, 30_400, 3200] },
  },
  p5en: {
    gpuModel: "H200",
    quotaFamily: "P",
    sizes: { "48xlarge": [192, 2048, 8, 30_400, 3200, 63.3] },
  },
  "p6-b200": {
    gpuModel: "B200",
    quotaFamily: "P",
    sizes: { "48xlarge": [192, 2048, 8, 30_400, 3200, 113.9] },
  },
  "p6-b300": {
    gpuModel: "B300",
    quotaFamily: "P",
    sizes: { "48xlarge": [192, 4096, 8, 30_400, 6400, 142.4] },
  },
};

/** Families whose GPUs are joined by NVSwitch where a host has several. */
const NVSWITCH = new Set(["p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "p6-b300"]);

/** Date of the prices in the table. */
export const PRICES_AS_OF = "2026-07-20";

/**
 * GPU instance types. Source: Karpenter's AWS provider, its reference of instance
 * types and its generated price list (Linux, on-demand, us-east-1), read 2026-11-22;
 * prices are of {@link PRICES_AS_OF}. A default with a date, never the truth.
 */
export const INSTANCE_TYPES: readonly InstanceType[] = Object.entries(FAMILIES).flatMap(
  ([family, { gpuModel, quotaFamily, arch, unverified, sizes }]) =>
    Object.entries(sizes).map(
      ([size, [vcpus, memoryGiB, gpus, nvmeGB, networkGbps, usdPerHour]]): InstanceType => ({
        type: `${family}.${size}`,
        family,
        gpuModel,
        gpus,
        vcpus,
        memoryGiB,
        nvmeGB,
        networkGbps,
        ...(usdPerHour === undefined ? {} : { usdPerHour }),
        arch: arch ?? "x86_64",
        quotaFamily,
        nvswitch: NVSWITCH.has(family) && gpus > 1,
        metal: size === "metal",
        asOf: PRICES_AS_OF,
        source: "Karpenter AWS provider: instance types and generated prices",
        verified: unverified !== true,
      }),
    ),
);

const BY_NAME = new Map(INSTANCE_TYPES.map((row) => [row.type, row]));

/** The row of an EC2 instance type; absent where the table has none. */
export function findInstanceType(type: string): InstanceType | undefined {
  return BY_NAME.get(type);
}
