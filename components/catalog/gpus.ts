import type { GpuModel } from "./model";

type Row = readonly [
  model: string,
  architecture: GpuModel["architecture"],
  capability: string,
  memoryGiB: number,
  extra?: { readonly mig?: true; readonly unverified?: true },
];

const MIG = { mig: true } as const;

const ROWS: readonly Row[] = [
  ["V100 16GB", "Volta", "7.0", 16],
  ["V100 32GB", "Volta", "7.0", 32],
  ["T4", "Turing", "7.5", 16],
  ["T4G", "Turing", "7.5", 16],
  ["RTX 2080 Ti", "Turing", "7.5", 11],
  ["A100 40GB", "Ampere", "8.0", 40, MIG],
  ["A100 80GB", "Ampere", "8.0", 80, MIG],
  ["A30", "Ampere", "8.0", 24, MIG],
  ["A10", "Ampere", "8.6", 24],
  ["A10G", "Ampere", "8.6", 24],
  ["A40", "Ampere", "8.6", 48],
  ["RTX 3060", "Ampere", "8.6", 12],
  ["RTX 3080", "Ampere", "8.6", 10],
  ["RTX 3090", "Ampere", "8.6", 24],
  ["RTX 3090 Ti", "Ampere", "8.6", 24],
  ["RTX A4000", "Ampere", "8.6", 16],
  ["RTX A5000", "Ampere", "8.6", 24],
  ["RTX A6000", "Ampere", "8.6", 48],
  ["L4", "Ada", "8.9", 24],
  ["L40", "Ada", "8.9", 48],
  ["L40S", "Ada", "8.9", 48],
  ["RTX 4070", "Ada", "8.9", 12],
  ["RTX 4080", "Ada", "8.9", 16],
  ["RTX 4090", "Ada", "8.9", 24],
  ["RTX 6000 Ada", "Ada", "8.9", 48],
  ["H100", "Hopper", "9.0", 80, MIG],
  ["H100 NVL", "Hopper", "9.0", 94, MIG],
  ["H200", "Hopper", "9.0", 141, MIG],
  ["GH200", "Hopper", "9.0", 96, { mig: true, unverified: true }],
  ["B200", "Blackwell", "10.0", 179, MIG],
  ["GB200", "Blackwell", "10.0", 186, { mig: true, unverified: true }],
  ["B300", "Blackwell", "10.3", 269, { mig: true, unverified: true }],
  ["RTX 5070", "Blackwell", "12.0", 12],
  ["RTX 5080", "Blackwell", "12.0", 16],
  ["RTX 5090", "Blackwell", "12.0", 32],
  ["RTX PRO 4500 Blackwell", "Blackwell", "12.0", 32],
  ["RTX PRO 5000 Blackwell", "Blackwell", "12.0", 48],
  ["RTX PRO 6000 Blackwell", "Blackwell", "12.0", 96, MIG],
];

/**
 * GPU models from V100 to B300. Capabilities: NVIDIA's CUDA GPU compute capability
 * page; memory: NVIDIA's product pages, and for B200 and B300 what the driver
 * shows on EC2 (Karpenter's instance types). The driver's own word, where it can
 * be had, goes before this table.
 */
export const GPU_MODELS: readonly GpuModel[] = ROWS.map(
  ([model, architecture, capability, memoryGiB, extra]) => ({
    model,
    architecture,
    capability,
    memoryGiB,
    mig: extra?.mig ?? false,
    verified: !extra?.unverified,
    asOf: "2026-11-22",
    source: "NVIDIA CUDA GPU compute capability list and product pages",
  }),
);

/** Words of a product name that do not tell models apart. */
const MAKERS = ["nvidia", "geforce", "tesla", "quadro", "gpu", "generation"];
/** Words that make another product of the same number. */
const QUALIFIERS = ["ti", "super", "d", "laptop", "mobile", "nvl", "ada", "blackwell", "pro"];

const words = (name: string): string[] =>
  name
    .toLowerCase()
    .split(/[\s_-]+/)
    .filter((word) => word !== "" && !MAKERS.includes(word));

function describes(model: readonly string[], name: readonly string[]): boolean {
  return (
    model.every((word) => name.includes(word)) &&
    QUALIFIERS.every((word) => !name.includes(word) || model.includes(word))
  );
}

/**
 * The row of a product as the driver names it: `NVIDIA GeForce RTX 4090`,
 * `NVIDIA A100-SXM4-80GB`, `Tesla T4`. Absent for one that the catalog does not
 * know, and for its laptop, Ti or other variants where those have no row.
 */
export function matchGpu(productName: string): GpuModel | undefined {
  const name = words(productName);
  return GPU_MODELS.filter(({ model }) => describes(words(model), name)).sort(
    (left, right) => words(right.model).length - words(left.model).length,
  )[0];
}

/** The rows that a person's `gpu.model` means: `A100` is both A100 models. Empty where it is unknown. */
export function findGpus(model: string): readonly GpuModel[] {
  const wanted = words(model);
  if (wanted.length === 0) return [];
  const exact = GPU_MODELS.filter((row) => words(row.model).join(" ") === wanted.join(" "));
  return exact.length > 0
    ? exact
    : GPU_MODELS.filter((row) => wanted.every((word, at) => words(row.model)[at] === word));
}
