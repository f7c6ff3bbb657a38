import type { CudaVersion } from "./cudaDrivers";

const BEFORE_BLACKWELL = ["5.0", "6.0", "7.0", "7.5", "8.0", "8.6", "9.0"];
const WITH_KEPLER = ["3.7", ...BEFORE_BLACKWELL];
const BLACKWELL = ["7.5", "8.0", "8.6", "9.0", "10.0", "12.0"];
const BLACKWELL_AND_VOLTA = ["7.0", ...BLACKWELL];

/** What a release's build for one CUDA version has of its own. */
interface Variant {
  readonly cuda: CudaVersion;
  readonly cudnn: string;
  readonly nccl: string;
  readonly capabilities: readonly string[];
  readonly ptx?: string;
  /** Set where its sources are silent on the capabilities or contradict each other. */
  readonly capabilitiesUnverified?: true;
  readonly unverified?: readonly ("cudnn" | "nccl")[];
}

/** A torch release with all its patch releases, which share everything but torchvision. */
export interface Release {
  /** Patch releases, each with the torchvision that goes with it. */
  readonly torch: Readonly<Record<string, string>>;
  /** First and last Python 3 minor version with wheels, experimental ones included. */
  readonly python: readonly [number, number];
  /** CUDA version of the build on the default package index. */
  readonly indexDefault: CudaVersion;
  readonly unverified?: readonly ("torchvision" | "indexDefault")[];
  readonly variants: readonly Variant[];
}

const cu13 = (cuda: CudaVersion, cudnn: string, nccl: string): Variant => ({
  cuda,
  cudnn,
  nccl,
  capabilities: BLACKWELL,
  ptx: "12.0",
});
const cu126 = (cudnn: string, nccl: string): Variant => ({
  cuda: "12.6",
  cudnn,
  nccl,
  capabilities: BEFORE_BLACKWELL,
});

/**
 * Read 2026-11-22. CUDA versions and Python: PyTorch's RELEASE.md and the history
 * of pytorch/test-infra; cuDNN and NCCL: RELEASE.md and wheel metadata;
 * torchvision: test-infra and replicate/cog; capabilities: PyTorch's wheel build
 * scripts and issues 157517, 172352 and 182250.
 */
export const RELEASES: readonly Release[] = [
  {
    torch: { "2.4.0": "0.19.0", "2.4.1": "0.19.1" },
    python: [8, 12],
    indexDefault: "12.1",
    unverified: ["indexDefault"],
    variants: [
      {
        cuda: "11.8",
        cudnn: "9.1.0.70",
        nccl: "2.20.5",
        capabilities: WITH_KEPLER,
        unverified: ["nccl"],
      },
      {
        cuda: "12.1",
        cudnn: "9.1.0.70",
        nccl: "2.20.5",
        capabilities: BEFORE_BLACKWELL,
        unverified: ["nccl"],
      },
      {
        cuda: "12.4",
        cudnn: "9.1.0.70",
        nccl: "2.20.5",
        capabilities: BEFORE_BLACKWELL,
        unverified: ["nccl"],
      },
    ],
  },
  {
    torch: { "2.5.0": "0.20.0", "2.5.1": "0.20.1" },
    python: [9, 13],
    indexDefault: "12.4",
    variants: [
      {
        cuda: "11.8",
        cudnn: "9.1.0.70",
        nccl: "2.21.5",
        capabilities: WITH_KEPLER,
        unverified: ["nccl"],
      },
      {
        cuda: "12.1",
        cudnn: "9.1.0.70",
        nccl: "2.21.5",
        capabilities: BEFORE_BLACKWELL,
        unverified: ["nccl"],
      },
      { cuda: "12.4", cudnn: "9.1.0.70", nccl: "2.21.5", capabilities: BEFORE_BLACKWELL },
    ],
  },
  {
    // Nobody printed these lists for 2.6; they are those of 2.5. What they refuse is
    // certain all the same: no CUDA before 12.8 can compile for Blackwell.
    torch: { "2.6.0": "0.21.0" },
    python: [9, 13],
    indexDefault: "12.4",
    variants: [
      {
        cuda: "11.8",
        cudnn: "9.1.0.70",
        nccl: "2.21.5",
        capabilities: BEFORE_BLACKWELL,
        capabilitiesUnverified: true,
        unverified: ["cudnn"],
      },
      { cuda: "12.4", cudnn: "9.1.0.70", nccl: "2.21.5", capabilities: BEFORE_BLACKWELL },
      cu126("9.5.1.17", "2.21.5"),
    ],
  },
  {
    torch: { "2.7.0": "0.22.0", "2.7.1": "0.22.1" },
    python: [9, 13],
    indexDefault: "12.6",
    variants: [
      {
        cuda: "11.8",
        cudnn: "9.1.0.70",
        nccl: "2.21.5",
        capabilities: BEFORE_BLACKWELL,
        capabilitiesUnverified: true,
        unverified: ["nccl"],
      },
      cu126("9.5.1.17", "2.26.2"),
      {
        cuda: "12.8",
        cudnn: "9.7.1.26",
        nccl: "2.26.2",
        capabilities: BLACKWELL,
        ptx: "12.0",
        unverified: ["nccl"],
      },
    ],
  },
  {
    torch: { "2.8.0": "0.23.0" },
    python: [9, 13],
    indexDefault: "12.8",
    variants: [
      { ...cu126("9.10.2.21", "2.27.3"), unverified: ["nccl"] },
      // Release notes and build scripts contradict each other on Volta.
      {
        cuda: "12.8",
        cudnn: "9.10.2.21",
        nccl: "2.27.3",
        capabilities: BLACKWELL_AND_VOLTA,
        capabilitiesUnverified: true,
        unverified: ["nccl"],
      },
      {
        cuda: "12.9",
        cudnn: "9.10.2.21",
        nccl: "2.27.3",
        capabilities: BLACKWELL_AND_VOLTA,
        capabilitiesUnverified: true,
        unverified: ["nccl"],
      },
    ],
  },
  {
    torch: { "2.9.0": "0.24.0", "2.9.1": "0.24.1" },
    python: [10, 14],
    indexDefault: "12.8",
    variants: [
      { ...cu126("9.10.2.21", "2.27.5"), unverified: ["nccl"] },
      {
        cuda: "12.8",
        cudnn: "9.10.2.21",
        nccl: "2.27.5",
        capabilities: BLACKWELL_AND_VOLTA,
        unverified: ["nccl"],
      },
      { ...cu13("13.0", "9.13.0.50", "2.27.5"), unverified: ["nccl"] },
    ],
  },
  {
    torch: { "2.10.0": "0.25.0" },
    python: [10, 14],
    indexDefault: "12.8",
    variants: [
      cu126("9.10.2.21", "2.27.5"),
      { cuda: "12.8", cudnn: "9.10.2.21", nccl: "2.27.5", capabilities: BLACKWELL_AND_VOLTA },
      cu13("13.0", "9.15.1.9", "2.28.9"),
    ],
  },
  {
    torch: { "2.11.0": "0.26.0" },
    python: [10, 14],
    indexDefault: "13.0",
    variants: [
      cu126("9.10.2.21", "2.28.9"),
      { cuda: "12.8", cudnn: "9.17.1.4", nccl: "2.28.9", capabilities: BLACKWELL },
      {
        cuda: "12.9",
        cudnn: "9.17.1.4",
        nccl: "2.28.9",
        capabilities: BLACKWELL,
        capabilitiesUnverified: true,
      },
      cu13("13.0", "9.17.1.4", "2.28.9"),
    ],
  },
  {
    torch: { "2.12.0": "0.27.0", "2.12.1": "0.27.1" },
    python: [10, 14],
    indexDefault: "13.0",
    variants: [
      cu126("9.10.2.21", "2.29.3"),
      cu13("13.0", "9.20.0.48", "2.29.7"),
      cu13("13.2", "9.20.0.48", "2.29.7"),
    ],
  },
  {
    torch: { "2.13.0": "0.28.0" },
    python: [10, 15],
    indexDefault: "13.0",
    variants: [
      cu126("9.10.2.21", "2.29.3"),
      cu13("13.0", "9.20.0.48", "2.29.7"),
      cu13("13.2", "9.20.0.48", "2.29.7"),
    ],
  },
  {
    torch: { "2.14.0": "0.29.0" },
    python: [10, 15],
    indexDefault: "13.0",
    unverified: ["torchvision"],
    variants: [
      cu126("9.10.2.21", "2.29.3"),
      cu13("13.0", "9.24.0.43", "2.30.7"),
      cu13("13.2", "9.24.0.43", "2.30.7"),
    ],
  },
];
