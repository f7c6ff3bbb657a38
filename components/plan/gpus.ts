import { findGpus, matchGpu } from "../catalog";
import type { Lookups } from "../lookups/model";
import type { Finding } from "../settings/finding";
import type { Settings } from "../settings/schema";
import { type Decided, error, hint, listed, warning } from "./findings";
import { assignDevices, type DeviceAssignment } from "./devices";
import type { DeviceId } from "./deviceTable";
import type { Member } from "./members";

/** Devices where the GPUs could not be asked: what is recorded or listed by number, unverified. */
function unknownGpus(
  members: readonly Member[],
  because: string,
  silent: boolean,
): Decided<DeviceAssignment> {
  const ids = new Map<string, readonly DeviceId[]>();
  for (const { user, gpus, recorded } of members) {
    if (gpus === "none" || gpus === 0) continue;
    const devices = Array.isArray(gpus) ? gpus : (recorded?.devices ?? []);
    if (devices.length > 0) ids.set(user.name, devices);
  }
  const sure = members.filter(
    ({ user, gpus }) => ids.has(user.name) || (gpus !== "auto" && gpus !== "none" && gpus !== 0),
  );
  const perhaps = members.some(({ gpus }) => gpus === "auto");
  const findings: Finding[] = [];
  if (!silent && sure.length > 0) {
    findings.push(
      error(
        "gpus-unknown",
        "gpudev:gpu",
        `${listed(sure.map((member) => member.user.name))} should get GPUs, and those of this machine could not be asked: ${because}`,
        "Make nvidia-smi work first; after a driver update a reboot usually does.",
      ),
    );
  } else if (!silent && perhaps) {
    findings.push(
      warning(
        "gpus-unknown",
        "gpudev:gpu",
        `The GPUs of this machine could not be asked, so that environments work on the CPU: ${because}`,
        "Make nvidia-smi work, then run this again; after a driver update a reboot usually does.",
      ),
    );
  }
  return { value: { ids, gpus: new Map() }, findings };
}

function checkModel(settings: Settings, lookups: Lookups): Finding[] {
  const { model } = settings.gpu;
  if (model === undefined) return [];
  const path = "gpudev:gpu.model";
  const rows = findGpus(model);
  if (rows.length === 0) {
    const mend = "Write it as its maker does, such as L4, A100 80GB or RTX 4090.";
    return [warning("gpu-model-unknown", path, `gpudev's table has no GPU ${model}`, mend)];
  }
  if (!lookups.gpus.known) return [];
  const names = [...new Set(lookups.gpus.value.devices.map((device) => device.name))];
  const others = names.filter((name) => {
    const row = matchGpu(name);
    return row === undefined || !rows.includes(row);
  });
  if (others.length === 0 && names.length > 0) return [];
  return [
    warning(
      "gpu-model-differs",
      path,
      names.length === 0
        ? `The stack is meant for ${model}, and this machine has no NVIDIA GPU`
        : `The stack is meant for ${model}, and this machine has ${listed(others)}`,
      "Correct gpu.model, or take it out where any GPU will do.",
    ),
  ];
}

/** Says on a machine without GPUs that environments work on the CPU, where GPUs were left to gpudev. */
function checkCpuOnly(members: readonly Member[], lookups: Lookups): Finding[] {
  const { gpus } = lookups;
  if (!gpus.known || gpus.value.devices.length > 0) return [];
  if (!members.some((member) => member.gpus === "auto")) return [];
  return [
    hint(
      "cpu-only",
      "gpudev:gpu.perUser",
      "This machine has no NVIDIA GPU: environments run the same image on the CPU",
      "Nothing to do. If there is a GPU, install its driver until nvidia-smi shows it.",
    ),
  ];
}

/** Who gets which GPU devices. */
export function placeOnGpus(
  settings: Settings,
  lookups: Lookups,
  members: readonly Member[],
): Decided<DeviceAssignment> {
  const { gpus, docker, daemon } = lookups;
  if (!gpus.known) return unknownGpus(members, gpus.because, !docker.local && !daemon.known);
  const placed = assignDevices(members, gpus.value.devices, settings.gpu.share);
  return {
    value: placed.value,
    findings: [
      ...placed.findings,
      ...checkModel(settings, lookups),
      ...checkCpuOnly(members, lookups),
    ],
  };
}
