import type { Answer, Lookups } from "../lookups/model";
import type { Finding } from "../settings/finding";
import { error, hint, listed, warning } from "./findings";

const PATH = "gpudev:docker.host";

/** What would have been asked of a daemon that answers; each becomes a hint where only it is unknown. */
const QUESTIONS = [
  ["containers", "Names of containers"],
  ["networks", "Subnets of networks"],
  ["volumes", "Names of volumes"],
  ["takenPorts", "Ports in use"],
  ["freeDisk", "Free disk space"],
  ["addresses", "Addresses of the machine"],
] as const satisfies readonly (readonly [keyof Lookups, string])[];

function noDaemon(lookups: Lookups, because: string): Finding {
  const { host, local } = lookups.docker;
  return error(
    "no-daemon",
    PATH,
    `${because}; names, subnets, ports, GPUs, memory and disk could not be checked`,
    local
      ? "Start Docker (systemctl start docker), or install it: npm start does so on Debian and Ubuntu."
      : `Check that the machine is on and lets you in: docker --host ${host} info says why not.`,
  );
}

/** What the daemon itself means for the plan: no answer, no enforcement, another architecture. */
export function checkDaemon(lookups: Lookups): Finding[] {
  if (!lookups.daemon.known) return [noDaemon(lookups, lookups.daemon.because)];
  const { architecture, enforces, seccomp, rootless } = lookups.daemon.value;
  const findings: Finding[] = [];
  if (architecture !== "x86_64" && architecture !== "amd64") {
    findings.push(
      error(
        "architecture",
        PATH,
        `The daemon runs on ${architecture}, and the locked PyTorch wheels with CUDA are for x86_64`,
        "Name a daemon on an x86_64 machine.",
      ),
    );
  }
  const missing = (["memory", "swap", "cpus", "pids"] as const).filter(
    (limit) => !enforces.includes(limit),
  );
  if (missing.length > 0) {
    findings.push(
      warning(
        "limits-not-enforced",
        PATH,
        `This daemon cannot enforce limits of ${listed(missing)}${rootless ? ", because it runs without root and no cgroups were delegated to it" : ""}`,
        rootless
          ? "Delegate cgroup v2 controllers to the user (systemd's Delegate= for user@.service), or use a daemon with root."
          : "Turn the cgroup controllers on in the kernel; docker info lists them as warnings.",
      ),
    );
  }
  if (!seccomp) {
    findings.push(
      warning(
        "no-seccomp",
        PATH,
        "This daemon runs containers without a seccomp profile, so that all system calls are open to them",
        "Use a kernel with seccomp and leave dockerd's seccomp-profile at its default.",
      ),
    );
  }
  for (const [key, title] of QUESTIONS) {
    const answer: Answer<unknown> = lookups[key];
    if (!answer.known) {
      findings.push(
        hint(
          "unchecked",
          PATH,
          `${title} could not be checked: ${answer.because}`,
          "Nothing to do, unless creating then fails on it.",
        ),
      );
    }
  }
  return findings;
}
