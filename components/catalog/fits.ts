import type { TorchBuild } from "./model";
import { compareVersions } from "./versions";

/** Whether a build runs on a GPU, and by what. */
export interface Fit {
  readonly runs: boolean;
  /** `exact`: machine code for it; `binary`: that of an older GPU of its generation; `ptx`: compiled when first used. */
  readonly by?: "exact" | "binary" | "ptx";
  /** The capability in the wheels that is used. */
  readonly via?: string;
}

const parts = (capability: string) => capability.split(".").map(Number);

/**
 * Whether a PyTorch build runs on a GPU of a compute capability. Machine code for
 * X.y runs on X.z where z is at least y (8.6 on 8.9); PTX runs on anything newer
 * (CUDA C++ Programming Guide, "Application Compatibility").
 */
export function runsOn(build: Pick<TorchBuild, "capabilities" | "ptx">, capability: string): Fit {
  if (build.capabilities.includes(capability)) return { runs: true, by: "exact", via: capability };
  const [major, minor = 0] = parts(capability);
  const via = build.capabilities
    .filter((one) => parts(one)[0] === major && (parts(one)[1] ?? 0) <= minor)
    .sort(compareVersions)
    .pop();
  if (via) return { runs: true, by: "binary", via };
  if (build.ptx && compareVersions(build.ptx, capability) <= 0)
    return { runs: true, by: "ptx", via: build.ptx };
  return { runs: false };
}

/** What a driver means to a build. */
export type DriverVerdict = "ok" | "below-toolkit" | "below-floor";

/**
 * Whether a driver runs a build. `below-floor`: it does not. `below-toolkit`: it
 * does by minor-version compatibility, and compiling PTX may fail.
 */
export function driverVerdict(
  build: Pick<TorchBuild, "driverFloor" | "driverToolkit">,
  driverVersion: string,
): DriverVerdict {
  if (compareVersions(driverVersion, build.driverFloor) < 0) return "below-floor";
  return compareVersions(driverVersion, build.driverToolkit) < 0 ? "below-toolkit" : "ok";
}
