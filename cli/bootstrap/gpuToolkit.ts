import * as fs from "node:fs";
import { runCommand } from "../../components/lookups/command";
import { readGpus } from "../../components/lookups/gpus";
import { machineOf } from "../../components/lookups/machine";
import type { GpuFacts } from "../../components/lookups/model";
import { executablesOnPath } from "../doctor/dockerClients";
import { CDI_DOCKER, olderThan, TOOLKIT_MINIMUM } from "../doctor/versions";
import type { Progress } from "../progress";
import type { Apt } from "./apt";
import { systemdRuns } from "./docker";

/**
 * NVIDIA's own package archive (Container Toolkit installation guide, "With apt"). No distribution
 * carries a toolkit that is new enough.
 */
const ARCHIVE = "https://nvidia.github.io/libnvidia-container";
const KEYRING = "/usr/share/keyrings/nvidia-container-toolkit-keyring.asc";
const SOURCE = "/etc/apt/sources.list.d/nvidia-container-toolkit.list";
const PACKAGE = "nvidia-container-toolkit";
const FETCH_MS = 15_000;

const PCI = "/sys/bus/pci/devices";

/** Whether a display device of NVIDIA (PCI vendor 10de, class 03) is in this machine. */
export function nvidiaOnBus(): boolean {
  if (!fs.existsSync(PCI)) return false;
  return fs.readdirSync(PCI).some((device) => {
    const read = (name: string) => {
      const file = `${PCI}/${device}/${name}`;
      return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim() : "";
    };
    return read("vendor") === "0x10de" && read("class").startsWith("0x03");
  });
}

/** The GPUs and the toolkit of this machine. */
async function readLocalGpus(progress: Progress): Promise<GpuFacts> {
  const answer = await readGpus(machineOf(undefined));
  if (!answer.known) progress.note(`The GPU cannot be looked at: ${answer.because}`);
  const facts = answer.known ? answer.value : { devices: [] };
  if (answer.known && facts.devices.length === 0 && nvidiaOnBus()) {
    progress.note(
      "There is an NVIDIA GPU, but no driver that lists it: the CPU is used. gpudev installs no driver; on Ubuntu: sudo ubuntu-drivers install --gpgpu",
    );
  }
  return facts;
}

/**
 * With a GPU and its driver: installs NVIDIA's container toolkit where it is missing or too old, and
 * makes it known to Docker. Never a driver: that is the machine owner's. Where the toolkit cannot be
 * had, says so and leaves the judgement to the plan.
 * @returns the names of the GPUs that a driver lists
 */
export async function ensureGpuToolkit(
  progress: Progress,
  machine: { readonly root: boolean; readonly apt: boolean },
  packageManager: Apt,
): Promise<readonly string[]> {
  const state = await readLocalGpus(progress);
  const names = state.devices.map(({ name }) => name);
  if (names.length === 0) return names;
  progress.note(`GPU: ${names.join(", ")}`);
  if (state.toolkit !== undefined && !olderThan(state.toolkit, TOOLKIT_MINIMUM)) return names;
  const byHand = `sudo apt-get install ${PACKAGE} from ${ARCHIVE}`;
  if (!machine.root || !machine.apt) {
    progress.note(
      `NVIDIA's container toolkit ${TOOLKIT_MINIMUM} or newer is needed for the GPU, and only root can install it on Debian or Ubuntu: ${byHand}`,
    );
    return names;
  }
  const refusal = await installToolkit(progress, packageManager);
  if (refusal !== undefined) {
    progress.note(`NVIDIA's container toolkit cannot be had (${refusal}): ${byHand}`);
    return names;
  }
  await tellDocker(progress);
  return names;
}

async function download(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_MS) });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  return answer.text();
}

async function installToolkit(
  progress: Progress,
  packageManager: Apt,
): Promise<string | undefined> {
  if (!(await packageManager.available([PACKAGE])).has(PACKAGE)) {
    try {
      const key = await download(`${ARCHIVE}/gpgkey`);
      progress.note(`Adding NVIDIA's package archive for its container toolkit: ${SOURCE}`);
      fs.writeFileSync(KEYRING, key, { mode: 0o644 });
      fs.writeFileSync(SOURCE, `deb [signed-by=${KEYRING}] ${ARCHIVE}/stable/deb/$(ARCH) /\n`);
    } catch (error) {
      return `its archive does not answer: ${error instanceof Error ? error.message : String(error)}`;
    }
    await packageManager.refresh();
  }
  await packageManager.install([PACKAGE], "so that containers can use the GPU");
  return undefined;
}

/** Makes the toolkit known to a running daemon, without ending its containers. */
async function tellDocker(progress: Progress): Promise<void> {
  const server = await runCommand("docker", ["version", "--format", "{{.Server.Version}}"]);
  const version = server.stdout.trim();
  // From 26.1 on the daemon reads the CDI specification that the toolkit's own unit writes.
  if (server.exitCode === 0 && !olderThan(version, CDI_DOCKER)) return;
  await progress.step("Making the NVIDIA runtime known to Docker", async () => {
    await runCommand("nvidia-ctk", ["runtime", "configure", "--runtime=docker"]);
    // The daemon reads its runtimes again on a reload (dockerd reference, "live reload").
    if (systemdRuns()) await runCommand("systemctl", ["reload", "docker"]);
    else if (executablesOnPath("pidof").length > 0) {
      const pid = await runCommand("pidof", ["dockerd"]);
      const number = Number(pid.stdout.trim().split(" ")[0]);
      if (pid.exitCode === 0 && number > 0) process.kill(number, "SIGHUP");
    }
  });
}
