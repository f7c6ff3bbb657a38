import { CDI_DOCKER, readsCdi, TOOLKIT_MINIMUM } from "../catalog";
import type { DaemonFacts, GpuDevice, Lookups } from "../lookups/model";
import type { Settings } from "../settings/schema";
import { type Decided, error } from "./findings";
import type { GpuAccess } from "./model";

const PATH = "gpudev:gpu.access";
const CDI_KIND = "nvidia.com/gpu=";
const INSTALL = `Install NVIDIA's container toolkit ${TOOLKIT_MINIMUM} or newer, run nvidia-ctk runtime configure --runtime=docker and restart Docker; gpudev doctor says what is missing.`;

/** The name under which CDI knows a device: its index or its UUID, whichever the specification uses. */
function cdiName(device: GpuDevice, daemon: DaemonFacts): string | undefined {
  const names = device.slice ? [device.uuid] : [`${device.index}`, device.uuid];
  return names.find((name) => daemon.cdiDevices.includes(CDI_KIND + name));
}

function runtimeName(device: GpuDevice): string {
  return device.slice ? device.uuid : `${device.index}`;
}

function chooseWay(settings: Settings, daemon: DaemonFacts): Decided<GpuAccess["via"]> {
  const cdi = readsCdi(daemon.version) && daemon.cdiDevices.some((d) => d.startsWith(CDI_KIND));
  const runtime = daemon.runtimes.includes("nvidia");
  const { access } = settings.gpu;
  if (access !== "runtime" && cdi) return { value: "cdi", findings: [] };
  if (access !== "cdi" && runtime) return { value: "runtime", findings: [] };
  if (access === "cdi") {
    const why = readsCdi(daemon.version)
      ? "it knows no NVIDIA device by CDI"
      : `CDI needs Docker ${CDI_DOCKER}, and it is ${daemon.version}`;
    const finding = error(
      "no-cdi",
      PATH,
      `This daemon cannot hand over GPUs by CDI: ${why}`,
      runtime
        ? "Write access: auto, which then takes the NVIDIA runtime."
        : readsCdi(daemon.version)
          ? "Run systemctl restart nvidia-cdi-refresh (container toolkit 1.18 or newer) and restart Docker; nvidia-ctk cdi list shows the devices."
          : INSTALL,
    );
    return { value: "cdi", findings: [finding] };
  }
  const finding = error(
    "no-gpu-access",
    PATH,
    access === "runtime"
      ? "This daemon has no NVIDIA runtime"
      : "This daemon can hand over no GPU: it has neither CDI devices nor the NVIDIA runtime",
    access === "runtime" && cdi ? "Write access: auto, which then takes CDI." : INSTALL,
  );
  return { value: "runtime", findings: [finding] };
}

/** How each user's devices are handed to the container: by CDI where it is to be had, else by the NVIDIA runtime. */
export function gpuAccess(
  settings: Settings,
  lookups: Lookups,
  gpus: ReadonlyMap<string, readonly GpuDevice[]>,
): Decided<ReadonlyMap<string, GpuAccess>> {
  if (gpus.size === 0) return { value: new Map(), findings: [] };
  if (!lookups.daemon.known) {
    const via = settings.gpu.access === "runtime" ? "runtime" : "cdi";
    const value = [...gpus].map(([user, devices]): [string, GpuAccess] => [
      user,
      { via, devices: devices.map(runtimeName) },
    ]);
    return { value: new Map(value), findings: [] };
  }
  const daemon = lookups.daemon.value;
  const { value: via, findings } = chooseWay(settings, daemon);
  const unnamed: GpuDevice[] = [];
  const name = (device: GpuDevice) => {
    if (via === "runtime" || findings.length > 0) return runtimeName(device);
    const cdi = cdiName(device, daemon);
    if (cdi === undefined) unnamed.push(device);
    return cdi ?? runtimeName(device);
  };
  const value = new Map(
    [...gpus].map(([user, devices]): [string, GpuAccess] => [
      user,
      { via, devices: devices.map(name) },
    ]),
  );
  const missing = [...new Set(unnamed.map(runtimeName))].map((device) =>
    error(
      "no-cdi-device",
      PATH,
      `CDI does not know GPU ${device}, though the driver does`,
      "Run systemctl restart nvidia-cdi-refresh: after a MIG change the specification is not made anew by itself.",
    ),
  );
  return { value, findings: [...findings, ...missing] };
}
