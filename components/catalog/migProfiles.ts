/** One way to cut a GPU into equal MIG slices. */
export interface MigProfile {
  /** GPU model as the GPU table names it. */
  readonly gpuModel: string;
  /** NVIDIA's name, such as `3g.20gb`. */
  readonly profile: string;
  /** Slices of this profile that one GPU gives. */
  readonly slices: number;
  /** Memory of a slice in GB, as its name says. */
  readonly memoryGB: number;
}

/** Profiles by GPU, each with the slices that a GPU gives. */
const TABLE: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "A100 40GB": {
    "1g.5gb": 7,
    "1g.10gb": 4,
    "2g.10gb": 3,
    "3g.20gb": 2,
    "4g.20gb": 1,
    "7g.40gb": 1,
  },
  "A100 80GB": {
    "1g.10gb": 7,
    "1g.20gb": 4,
    "2g.20gb": 3,
    "3g.40gb": 2,
    "4g.40gb": 1,
    "7g.80gb": 1,
  },
  H100: { "1g.10gb": 7, "1g.20gb": 4, "2g.20gb": 3, "3g.40gb": 2, "4g.40gb": 1, "7g.80gb": 1 },
  H200: { "1g.18gb": 7, "1g.35gb": 4, "2g.35gb": 3, "3g.71gb": 2, "4g.71gb": 1, "7g.141gb": 1 },
  B200: { "1g.23gb": 7, "1g.45gb": 4, "2g.45gb": 3, "3g.90gb": 2, "4g.90gb": 1, "7g.180gb": 1 },
  B300: {
    "1g.34gb": 7,
    "1g.67gb": 4,
    "2g.67gb": 3,
    "3g.135gb": 2,
    "4g.135gb": 1,
    "7g.269gb": 1,
  },
  "RTX PRO 6000 Blackwell": { "1g.24gb": 4, "2g.48gb": 2, "4g.96gb": 1 },
};

/**
 * Read 2026-11-22 from NVIDIA's MIG user guide (supported profiles; driver 580 and
 * newer show all of them) and, for B200, B300 and RTX PRO 6000, from
 * aws/sagemaker-hyperpod-cli pull requests 390 and 403.
 */
export const MIG_PROFILES: readonly MigProfile[] = Object.entries(TABLE).flatMap(
  ([gpuModel, profiles]) =>
    Object.entries(profiles).map(([profile, slices]): MigProfile => ({
      gpuModel,
      profile,
      slices,
      memoryGB: Number(/\.(\d+)gb$/.exec(profile)?.[1]),
    })),
);

/** Profiles that a GPU model can be cut into; empty where it has no MIG. */
export function migProfilesOf(gpuModel: string): readonly MigProfile[] {
  return MIG_PROFILES.filter((row) => row.gpuModel === gpuModel);
}
