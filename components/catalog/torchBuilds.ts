import { CUDA_DRIVERS } from "./cudaDrivers";
import type { TorchBuild } from "./model";
import { RELEASES } from "./torchReleases";
import { compareVersions, versionDistance } from "./versions";

const AS_OF = "2026-11-22";

function pythons([first, last]: readonly [number, number]): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `3.${first + index}`);
}

/** Every official PyTorch build for Linux x86_64 with CUDA, from torch 2.4 to 2.14, oldest first. */
export const TORCH_BUILDS: readonly TorchBuild[] = RELEASES.flatMap((release) =>
  Object.entries(release.torch).flatMap(([torch, torchvision]) =>
    release.variants.map((variant): TorchBuild => {
      const drivers = CUDA_DRIVERS[variant.cuda];
      return {
        torch,
        torchvision,
        cuda: variant.cuda,
        indexDefault: variant.cuda === release.indexDefault,
        cudnn: variant.cudnn,
        nccl: variant.nccl,
        python: pythons(release.python),
        capabilities: variant.capabilities,
        ...(variant.ptx ? { ptx: variant.ptx } : {}),
        driverFloor: drivers.floor,
        driverToolkit: drivers.toolkit,
        unverified: [...(release.unverified ?? []), ...(variant.unverified ?? [])],
        verified: !variant.capabilitiesUnverified,
        asOf: AS_OF,
        source: "PyTorch RELEASE.md, pytorch/test-infra, NVIDIA CUDA release notes",
      };
    }),
  ),
);

/** Every torch release of the catalog, oldest first. */
export const TORCH_RELEASES: readonly string[] = [
  ...new Set(TORCH_BUILDS.map(({ torch }) => torch)),
];

/**
 * The full release name of what a person wrote: `2.6` is the newest patch release
 * of 2.6 that the catalog knows. What it does not know comes back as it is.
 */
export function fullTorchVersion(torch: string): string {
  const patches = TORCH_RELEASES.filter((release) => release.startsWith(`${torch}.`));
  return /^\d+\.\d+$/.test(torch) ? (patches[patches.length - 1] ?? torch) : torch;
}

/** The builds of a torch release, by CUDA version. Empty for a release that the catalog does not know. */
export function buildsOf(torch: string): readonly TorchBuild[] {
  const release = fullTorchVersion(torch);
  return TORCH_BUILDS.filter((build) => build.torch === release);
}

/** The CUDA version that the default package index serves for a torch release. */
export function defaultCuda(torch: string): string | undefined {
  return buildsOf(torch).find(({ indexDefault }) => indexDefault)?.cuda;
}

/** The build of a torch release for a CUDA version, or for the default one. */
export function findTorchBuild(torch: string, cuda = defaultCuda(torch)): TorchBuild | undefined {
  return buildsOf(torch).find((build) => build.cuda === cuda);
}

const ALTERNATIVES = 3;

/**
 * What a person can take instead of a pair that does not exist, nearest first: every
 * CUDA version of the same torch release, then other releases with the same CUDA
 * version; where neither is known, the default builds of the nearest releases.
 */
export function nearestBuilds(torch: string, cuda: string): readonly TorchBuild[] {
  const release = fullTorchVersion(torch);
  const by =
    (field: "torch" | "cuda", wanted: string) =>
    (left: TorchBuild, right: TorchBuild): number =>
      versionDistance(left[field], wanted) - versionDistance(right[field], wanted) ||
      compareVersions(right[field], left[field]);
  const others = (builds: readonly TorchBuild[]) =>
    builds
      .filter((build) => build.torch === fullTorchVersion(build.torch.replace(/\.\d+$/, "")))
      .sort(by("torch", release))
      .slice(0, ALTERNATIVES);
  const sameTorch = [...buildsOf(release)].sort(by("cuda", cuda));
  const near = [...sameTorch, ...others(TORCH_BUILDS.filter((build) => build.cuda === cuda))];
  return near.length > 0 ? near : others(TORCH_BUILDS.filter(({ indexDefault }) => indexDefault));
}
