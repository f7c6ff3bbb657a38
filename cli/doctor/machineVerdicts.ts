import { overlap, toBlock } from "../../components/plan/ipv4";
import { bytesText } from "../output/sizes";
import type { Check, DoctorFacts } from "./model";

const GIB = 2 ** 30;
/** An image with torch and CUDA, its build and a first home (measured: 7 GiB of image, as much again while it is built). */
const COMFORTABLE_DISK = 25 * GIB;
/** Below this not even an environment whose image is there has room to work. */
const LEAST_DISK = 5 * GIB;
/** Importing torch with CUDA and JupyterLab take about 2 GiB; the machine keeps 2 GiB for itself. */
const LEAST_MEMORY = 4 * GIB;
const COMFORTABLE_MEMORY = 8 * GIB;
/** Addresses of a user's network: a /29. */
const SUBNET = 8;

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

export function judgeMemory({ daemon, wants }: DoctorFacts): Check {
  const name = "memory";
  if (!daemon.known) return { name, state: "unknown", found: "No Docker daemon answers." };
  const { memory, cpus } = daemon.value;
  const found = `${bytesText(memory)} of memory, ${counted(cpus, "core")}, ${counted(wants.users, "user")}.`;
  const each = (memory - 2 * GIB) / Math.max(1, wants.users);
  const mend = "Use a machine with more memory, or fewer users at a time on this one";
  if (memory < LEAST_MEMORY || each < 1 * GIB) return { name, state: "error", found, mend };
  if (memory < COMFORTABLE_MEMORY) return { name, state: "warning", found, mend };
  return { name, state: "ok", found };
}

export function judgeDisk({ freeDisk, daemon }: DoctorFacts): Check {
  const name = "disk";
  if (!freeDisk.known) return { name, state: "unknown", found: freeDisk.because };
  const place = daemon.known ? ` at ${daemon.value.root}` : "";
  const found = `${bytesText(freeDisk.value)} free${place}; a build takes up to ${bytesText(COMFORTABLE_DISK)}.`;
  const mend =
    "docker system df shows what Docker holds; docker builder prune and docker image prune free what is unused";
  if (freeDisk.value < LEAST_DISK) return { name, state: "error", found, mend };
  if (freeDisk.value < COMFORTABLE_DISK) return { name, state: "warning", found, mend };
  return { name, state: "ok", found };
}

/** The stack's range is nobody else's and has a network for each user. */
export function judgeAddresses({ wants, usedRanges, networks }: DoctorFacts): Check {
  const name = "addresses";
  const block = toBlock(wants.range);
  if (block === undefined) return { name, state: "unknown", found: `${wants.range} is not IPv4.` };
  const clash = usedRanges.find((range) => {
    const other = toBlock(range);
    return other !== undefined && overlap(block, other);
  });
  if (clash !== undefined && !networks.known) {
    return {
      name,
      state: "unknown",
      found: `${clash} is in use; whether by Docker's own networks, only the daemon can tell.`,
    };
  }
  if (clash !== undefined) {
    return {
      name,
      state: "error",
      found: `The range for networks ${wants.range} overlaps ${clash}, which this machine uses.`,
      mend: "Set another private range under gpudev:networks.range",
    };
  }
  const places = Math.floor((block.last - block.first + 1) / SUBNET);
  if (places < wants.users) {
    return {
      name,
      state: "error",
      found: `The range ${wants.range} holds ${places} networks for ${wants.users} users.`,
      mend: "Set a larger private range under gpudev:networks.range",
    };
  }
  const others = networks.known ? `; Docker has ${counted(networks.value.length, "network")}` : "";
  return { name, state: "ok", found: `${wants.range} holds ${places} networks${others}.` };
}

/** The folder with keys, tokens' known hosts and state is its owner's alone. */
export function judgeStateDirectory({ stateDirectory }: DoctorFacts): Check {
  const name = "state-directory";
  const { directory, exists, mode, own, writable } = stateDirectory;
  if (!writable) {
    return {
      name,
      state: "error",
      found: `${directory} cannot be written.`,
      mend: own
        ? `chmod u+rwx ${directory}`
        : `sudo chown -R "$(id -u):$(id -g)" ${directory}, or set GPUDEV_STATE_DIR to a folder of your own`,
    };
  }
  if (!exists) return { name, state: "ok", found: `${directory} will be made by the first up.` };
  if ((mode & 0o077) !== 0) {
    return {
      name,
      state: "warning",
      found: `${directory} is open to others (mode ${mode.toString(8)}); it holds keys.`,
      mend: `chmod 700 ${directory}`,
    };
  }
  return { name, state: "ok", found: `${directory}, open to nobody else.` };
}
