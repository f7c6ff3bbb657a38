import { DOCKER_MINIMUM, olderThan } from "../../components/catalog";
import { buildClient } from "./dockerClients";
import type { Check, DoctorFacts } from "./model";

const INSTALL = "sudo apt-get install docker.io (on Debian and Ubuntu, npm start as root does it)";

/** There is a Docker client. */
export function judgeClient({ clients }: DoctorFacts): Check {
  const name = "docker-client";
  const [first] = clients;
  if (first === undefined) {
    return { name, state: "error", found: "No Docker client is on PATH.", mend: INSTALL };
  }
  return { name, state: "ok", found: `Docker client ${first.version} (${first.file}).` };
}

/** Some client on PATH builds with BuildKit; the first need not. */
export function judgeBuild({ clients }: DoctorFacts): Check {
  const name = "docker-build";
  const client = buildClient(clients);
  if (client !== undefined) {
    const how = client.buildKit === "buildx" ? "through buildx" : "built in";
    return { name, state: "ok", found: `BuildKit ${how} (${client.file} ${client.version}).` };
  }
  return {
    name,
    state: "error",
    found: "No Docker client on PATH can build with BuildKit.",
    mend: "sudo apt-get install docker-buildx, or docker-buildx-plugin where Docker's own archive is used",
  };
}

function startCommand({ dockerHost, systemd, daemon }: DoctorFacts): string {
  const because = daemon.known ? "" : daemon.because;
  if (dockerHost !== undefined) return `docker --host ${dockerHost} info says why not`;
  if (/permission denied/i.test(because)) {
    return 'sudo usermod -aG docker "$USER", then log in again';
  }
  return systemd ? "sudo systemctl start docker" : "start dockerd as root: npm start does that";
}

/** The daemon answers and is new enough. */
export function judgeDaemon(facts: DoctorFacts): Check {
  const name = "docker-daemon";
  const { daemon } = facts;
  if (!daemon.known) {
    return {
      name,
      state: "error",
      found: `No Docker daemon answers: ${daemon.because}`,
      mend: startCommand(facts),
    };
  }
  const { version, rootless } = daemon.value;
  const found = `Docker Engine ${version}${rootless ? ", rootless" : ""}.`;
  if (!olderThan(version, DOCKER_MINIMUM)) return { name, state: "ok", found };
  return {
    name,
    state: "error",
    found: `Docker Engine ${version} is older than ${DOCKER_MINIMUM}.`,
    mend: "sudo apt-get install --only-upgrade docker.io, or docker-ce where Docker's own archive is used",
  };
}

const LIMITS = ["memory", "swap", "cpus", "pids"] as const;

/** The kernel below the daemon enforces what environments are limited to, and seccomp. */
export function judgeLimits({ daemon }: DoctorFacts): Check {
  const name = "limits";
  if (!daemon.known) return { name, state: "unknown", found: "No Docker daemon answers." };
  const { enforces, seccomp, rootless } = daemon.value;
  const missing: string[] = LIMITS.filter((limit) => !enforces.includes(limit));
  if (!seccomp) missing.push("seccomp");
  if (missing.length === 0) {
    return { name, state: "ok", found: "Limits of memory, swap, CPUs and processes hold." };
  }
  return {
    name,
    state: "warning",
    found: `This daemon does not enforce ${missing.join(", ")}.`,
    mend: rootless
      ? "Delegate cgroup v2 controllers to the user: systemctl edit user@.service, [Service] Delegate=yes"
      : "Boot with the controllers on (kernel parameters cgroup_enable=memory swapaccount=1); docker info lists what is off",
  };
}
