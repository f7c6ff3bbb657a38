import type { GpuRequest } from "../../components/settings/schema";
import type { Check, DoctorFacts } from "./model";
import { CDI_DOCKER, olderThan, TOOLKIT_MINIMUM } from "./versions";

/** Whether a request cannot do without a GPU. */
export function needsGpu(request: GpuRequest): boolean {
  return typeof request === "number" ? request > 0 : Array.isArray(request);
}

/** GPUs are there where they are asked for, and a driver lists them. */
export function judgeGpu({ gpus, gpuOnBus, wants }: DoctorFacts): Check {
  const name = "gpu";
  if (!gpus.known) return { name, state: "unknown", found: `Not to be seen: ${gpus.because}` };
  const { devices, driver } = gpus.value;
  if (devices.length > 0) {
    const names = new Map<string, number>();
    devices.forEach((device) => names.set(device.name, (names.get(device.name) ?? 0) + 1));
    const list = [...names].map(([model, count]) => (count === 1 ? model : `${count} × ${model}`));
    return { name, state: "ok", found: `${list.join(", ")}, driver ${driver ?? "unknown"}.` };
  }
  const needed = wants.gpus.some(needsGpu);
  if (gpuOnBus) {
    return {
      name,
      state: needed ? "error" : "warning",
      found: "There is an NVIDIA GPU, but no driver that lists it.",
      mend: "On Ubuntu: sudo ubuntu-drivers install --gpgpu; on Debian: sudo apt-get install nvidia-driver (from non-free); then reboot. nvidia-smi must list it",
    };
  }
  if (!needed) {
    return { name, state: "ok", found: "No NVIDIA GPU: the same image runs on the CPU." };
  }
  return {
    name,
    state: "error",
    found: "No NVIDIA GPU, and the stack asks for some.",
    mend: "Set gpudev:gpu.perUser to auto or none, or name a machine with GPUs under gpudev:docker.host",
  };
}

function withoutGpus({ gpus }: DoctorFacts): boolean {
  return !gpus.known || gpus.value.devices.length === 0;
}

/** NVIDIA's container toolkit is there and has no known way out of a container. */
export function judgeToolkit(facts: DoctorFacts): Check | undefined {
  const name = "gpu-toolkit";
  if (withoutGpus(facts) || !facts.gpus.known) return undefined;
  const { toolkit } = facts.gpus.value;
  const install =
    "sudo apt-get install nvidia-container-toolkit from NVIDIA's archive (docs.nvidia.com, Container Toolkit, installation guide)";
  if (toolkit === undefined) {
    return {
      name,
      state: "error",
      found: "NVIDIA's container toolkit is not to be seen: containers cannot use the GPUs.",
      mend: install,
    };
  }
  if (olderThan(toolkit, TOOLKIT_MINIMUM)) {
    return {
      name,
      state: "error",
      found: `NVIDIA's container toolkit ${toolkit} is older than ${TOOLKIT_MINIMUM}, which closes a way out of containers (CVE-2026-24260).`,
      mend: "sudo apt-get update && sudo apt-get install --only-upgrade nvidia-container-toolkit",
    };
  }
  return { name, state: "ok", found: `NVIDIA container toolkit ${toolkit}.` };
}

/** Docker can hand GPUs to containers: by CDI, or by the NVIDIA runtime. */
export function judgeGpuAccess(facts: DoctorFacts): Check | undefined {
  const name = "gpu-access";
  if (withoutGpus(facts)) return undefined;
  if (!facts.daemon.known) return { name, state: "unknown", found: "No Docker daemon answers." };
  const { version, cdiDevices, runtimes } = facts.daemon.value;
  const cdi = !olderThan(version, CDI_DOCKER);
  const devices = cdiDevices.filter((device) => device.startsWith("nvidia.com/gpu="));
  if (cdi && devices.length > 0) {
    return { name, state: "ok", found: `Docker knows ${devices.length} CDI devices.` };
  }
  if (runtimes.includes("nvidia")) {
    return { name, state: "ok", found: "Docker knows the NVIDIA runtime." };
  }
  return {
    name,
    state: "error",
    found: "Docker knows neither CDI devices nor the NVIDIA runtime.",
    mend: cdi
      ? "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml && sudo systemctl restart docker"
      : "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker",
  };
}
