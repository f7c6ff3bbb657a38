import {
  buildsOf,
  compareVersions,
  driverBranch,
  driverVerdict,
  matchGpu,
  runsOn,
  TORCH_BUILDS,
} from "../catalog";
import type { TorchBuild } from "../catalog/model";
import type { GpuDevice, Lookups } from "../lookups/model";
import type { Finding } from "../settings/finding";
import { error, groupBy, hint, listed, warning } from "./findings";
import { deviceTitle } from "./deviceTable";

/** The first container toolkit without CVE-2026-24260 (NVIDIA bulletin 5850). */
const TOOLKIT = [1, 19, 1] as const;

function build(row: TorchBuild): string {
  return `torch ${row.torch} with CUDA ${row.cuda}`;
}

function checkVersion(row: TorchBuild, driver: string): Finding[] {
  const verdict = driverVerdict(row, driver);
  if (verdict === "below-floor") {
    const say = row.verified ? error : warning;
    return [
      say(
        "driver-too-old",
        "gpudev:image.cuda",
        `${build(row)} needs NVIDIA driver ${row.driverFloor} or newer, and this machine has ${driver}`,
        `Install driver ${row.driverToolkit} or newer and reboot, or take an older CUDA.`,
      ),
    ];
  }
  if (verdict === "below-toolkit") {
    return [
      warning(
        "driver-below-toolkit",
        "gpudev:image.cuda",
        `CUDA ${row.cuda} came with driver ${row.driverToolkit}, and this machine has ${driver}: what the wheels hold runs, but code made for other GPUs at run time (PTX) may fail`,
        `Install driver ${row.driverToolkit} or newer when you can.`,
      ),
    ];
  }
  return [];
}

function checkBranch(driver: string): Finding[] {
  const branch = driverBranch(driver);
  if (branch?.ended !== true) return [];
  return [
    hint(
      "driver-branch-ended",
      "gpudev:gpu",
      `Driver ${driver} is of branch ${branch.branch}, which has ended${branch.until === undefined ? "" : ` (${branch.until})`} and gets no security fixes`,
      "Move to branch 580, which is kept until 2028-08, when you can.",
    ),
  ];
}

/** Builds that run on a capability: of the same torch release, then of newer ones, then of older ones. */
function fittingBuilds(row: TorchBuild, capability: string): TorchBuild[] {
  const age = (other: TorchBuild) => compareVersions(other.torch, row.torch);
  return [
    ...buildsOf(row.torch),
    ...TORCH_BUILDS.filter((other) => age(other) > 0),
    ...TORCH_BUILDS.filter((other) => age(other) < 0).toReversed(),
  ].filter((other) => runsOn(other, capability).runs);
}

function checkCapabilities(row: TorchBuild, devices: readonly GpuDevice[]): Finding[] {
  const capability = (device: GpuDevice) => device.capability ?? matchGpu(device.name)?.capability;
  const kinds = groupBy(new Set(devices), (device) => `${device.name} ${capability(device) ?? ""}`);
  return [...kinds.values()].flatMap((same): Finding[] => {
    const [first] = same;
    const needed = first === undefined ? undefined : capability(first);
    if (first === undefined || needed === undefined || runsOn(row, needed).runs) {
      return [];
    }
    const fitting = fittingBuilds(row, needed);
    const say = row.verified ? error : warning;
    return [
      say(
        "gpu-not-in-build",
        "gpudev:image.torch",
        `${listed(same.map(deviceTitle))} (${first.name}) ${same.length === 1 ? "has" : "have"} compute capability ${needed}, for which ${build(row)} has no machine code (it has ${row.capabilities.join(", ")})`,
        fitting.length > 0
          ? `Take ${fitting.slice(0, 3).map(build).join(", or ")}.`
          : "Take a PyTorch release that supports this GPU.",
      ),
    ];
  });
}

function checkToolkit(toolkit: string | undefined): Finding[] {
  if (toolkit === undefined) {
    return [
      hint(
        "toolkit-unknown",
        "gpudev:gpu.access",
        "The version of NVIDIA's container toolkit could not be asked (there is no nvidia-ctk that answers)",
        `Make sure that it is ${TOOLKIT.join(".")} or newer: older ones let an image break out to the machine (CVE-2026-24260).`,
      ),
    ];
  }
  const parts = toolkit.split(".").map((part) => Number.parseInt(part, 10));
  const differs = TOOLKIT.findIndex((part, index) => part !== (parts[index] ?? 0));
  if (differs < 0 || (parts[differs] ?? 0) > (TOOLKIT[differs] ?? 0)) return [];
  return [
    warning(
      "toolkit-vulnerable",
      "gpudev:gpu.access",
      `NVIDIA container toolkit ${toolkit} has CVE-2026-24260 (CVSS 8.5): an image can break out to the machine`,
      `Install ${TOOLKIT.join(".")} or newer, all of its packages at one version, and restart Docker.`,
    ),
  ];
}

/** Whether the devices in use fit the image's torch build, by driver and by architecture. */
export function checkDriver(
  lookups: Lookups,
  row: TorchBuild | undefined,
  devices: readonly GpuDevice[],
): Finding[] {
  if (!lookups.gpus.known || devices.length === 0) return [];
  const { driver, toolkit } = lookups.gpus.value;
  return [
    ...(row === undefined || driver === undefined ? [] : checkVersion(row, driver)),
    ...(row === undefined ? [] : checkCapabilities(row, devices)),
    ...(driver === undefined ? [] : checkBranch(driver)),
    ...checkToolkit(toolkit),
  ];
}
