import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runCommand } from "../../components/lookups/command";
import { buildClient, executablesOnPath, readDockerClients } from "../doctor/dockerClients";
import type { Progress } from "../progress";
import { lastLines, type Apt } from "./apt";
import { notReady } from "./notReady";

/** What there is of Docker on this machine. */
export interface DockerState {
  readonly client: boolean;
  /** A client on PATH can build with BuildKit. */
  readonly builds: boolean;
  /** `dockerd` is installed. */
  readonly server: boolean;
  /** The daemon answers; else what the client said. */
  readonly answers: boolean;
  readonly because: string;
}

/** What to install and whether to start the daemon. */
export interface DockerSteps {
  readonly packages: readonly string[];
  readonly start: boolean;
}

/** Packages of which some carry Docker, by distribution and release. */
const DOCKER_PACKAGES = [
  "docker.io",
  "docker-cli",
  "docker-buildx",
  "docker-buildx-plugin",
  "iptables",
  "ca-certificates",
  "cgroupfs-mount",
] as const;

/** What else is needed beside the daemon, by the machine's state. */
export interface Surroundings {
  readonly systemd: boolean;
  /** Control groups are mounted, which dockerd needs and systemd does. */
  readonly cgroups: boolean;
  /** There is a bundle of CA certificates; installing another over it could lose a private CA. */
  readonly certificates: boolean;
}

/**
 * What has to be done so that Docker runs and builds. Nothing where it does already. Debian 12 and
 * Ubuntu carry client and daemon in `docker.io`; Debian 13 has `docker-cli`; a client from 23.0 on
 * builds through `docker-buildx` (Docker's own archive: `docker-buildx-plugin`).
 */
export function dockerSteps(
  state: DockerState,
  offered: ReadonlySet<string>,
  around: Surroundings,
): DockerSteps {
  const packages: string[] = [];
  const missingServer = !state.answers && !state.server;
  if (missingServer) {
    packages.push("docker.io", "iptables");
    if (!around.certificates) packages.push("ca-certificates");
    if (!around.systemd && !around.cgroups) packages.push("cgroupfs-mount");
  }
  if ((!state.client || missingServer) && offered.has("docker-cli")) packages.push("docker-cli");
  else if (!state.client && !missingServer) packages.push("docker.io");
  if (!state.builds) {
    const plugin = ["docker-buildx-plugin", "docker-buildx"].find((name) => offered.has(name));
    if (plugin !== undefined) packages.push(plugin);
  }
  return { packages: packages.filter((name) => offered.has(name)), start: !state.answers };
}

/** Asks what there is of Docker. */
async function readDockerState(dockerHost?: string): Promise<DockerState> {
  const [clients, info] = await Promise.all([readDockerClients(), daemonAnswer(dockerHost)]);
  return {
    client: clients.length > 0,
    builds: buildClient(clients) !== undefined,
    server: executablesOnPath("dockerd").length > 0,
    answers: info.answers,
    because: info.because,
  };
}

async function daemonAnswer(dockerHost?: string): Promise<{ answers: boolean; because: string }> {
  const host = dockerHost === undefined ? [] : ["--host", dockerHost];
  const args = [...host, "version", "--format", "{{.Server.Version}}"];
  const info = await runCommand("docker", args, { timeout: 10_000 });
  // Not `docker info`: where no daemon answers, its last words are about the template, not the reason.
  const answers = info.exitCode === 0 && /^\d/.test(info.stdout.trim());
  return { answers, because: answers ? "" : lastLines(info.stderr || info.stdout, 1) };
}

/** Whether systemd runs this machine (man sd_booted). */
export function systemdRuns(): boolean {
  return fs.existsSync("/run/systemd/system");
}

function readSurroundings(): Surroundings {
  return {
    systemd: systemdRuns(),
    cgroups:
      fs.existsSync("/sys/fs/cgroup/cgroup.controllers") || fs.existsSync("/sys/fs/cgroup/memory"),
    certificates: fs.existsSync("/etc/ssl/certs/ca-certificates.crt"),
  };
}

/** The machine that Docker is to run on. */
export interface Machine {
  /** This process may install packages and start services. */
  readonly root: boolean;
  /** apt installs here: Debian, Ubuntu. */
  readonly apt: boolean;
  /** The system's name, for people. */
  readonly title: string;
  readonly stateDirectory: string;
}

/**
 * What there is of Docker, asked before anything is changed.
 * @param dockerHost a daemon that was named on purpose: it is used as it is
 * @throws CommandFailure (not ready) where Docker does not work and this process may not change that.
 */
export async function checkDocker(machine: Machine, dockerHost?: string): Promise<DockerState> {
  const state = await readDockerState(dockerHost);
  if (state.answers && state.builds) return state;
  if (dockerHost !== undefined && !state.answers && state.client) {
    throw notReady(
      `The Docker daemon at ${dockerHost} does not answer: ${state.because}`,
      "Start it, or leave out DOCKER_HOST and gpudev:docker.host to use this machine's own.",
    );
  }
  if (/permission denied/i.test(state.because)) {
    throw notReady(
      "The Docker daemon runs, but this user may not talk to it.",
      'Add the user to the group that may, then log in again: sudo usermod -aG docker "$USER"',
    );
  }
  if (!machine.root || !machine.apt) throw notReady(...byHand(state, machine));
  return state;
}

/**
 * Installs what is missing of Docker and starts it. Where Docker runs and builds, nothing is touched.
 * @throws CommandFailure (not ready) where the daemon does not come up.
 */
export async function ensureDocker(
  progress: Progress,
  state: DockerState,
  machine: Machine,
  packageManager: Apt,
): Promise<void> {
  if (state.answers && state.builds) return;
  const around = readSurroundings();
  const incomplete = !state.server || !state.client || !state.builds;
  const offered = incomplete ? await packageManager.available(DOCKER_PACKAGES) : new Set<string>();
  const steps = dockerSteps(state, offered, around);
  if (steps.packages.length > 0) {
    progress.note(
      `Docker is not complete here: installing ${steps.packages.join(", ")} from the distribution's archive`,
    );
    await packageManager.install(steps.packages, "Docker");
  }
  if (steps.start) await startDocker(progress, machine.stateDirectory);

  const after = await readDockerState();
  if (!after.builds) {
    throw notReady(
      "The Docker client here cannot build with BuildKit, and no package of this distribution brings that.",
      "Install Docker's buildx plugin, or a client that has it built in.",
    );
  }
}

function byHand(state: DockerState, machine: { apt: boolean; title: string }): [string, string] {
  if (!machine.apt) {
    return [
      `Docker is needed, and gpudev can install it on Debian and Ubuntu only; this is ${machine.title}.`,
      "Install Docker Engine 20.10 or newer with its buildx plugin, start it, and run the same command again.",
    ];
  }
  if (state.server && state.client && state.builds) {
    return [
      `The Docker daemon does not answer: ${state.because}`,
      "Start it, then run the same command again: sudo systemctl start docker",
    ];
  }
  return [
    "Docker is needed, and only root can install it.",
    'Install it and let this user in: sudo apt-get install docker.io && sudo usermod -aG docker "$USER"; then log in again. Or run the same command with sudo.',
  ];
}

const STARTUP_MS = 90_000;

/** Starts the daemon: by systemd where that runs, else detached with a log in the state directory. */
async function startDocker(progress: Progress, stateDirectory: string): Promise<void> {
  // Installing the package starts the daemon on a machine with systemd.
  if ((await daemonAnswer()).answers) return;
  const log = path.join(stateDirectory, "dockerd.log");
  await progress.step("Starting the Docker daemon", async (report) => {
    const failed = systemdRuns() ? await startBySystemd() : await startDetached(log);
    const deadline = Date.now() + STARTUP_MS;
    let info = await daemonAnswer();
    while (!info.answers) {
      const ended = failed();
      if (ended !== undefined || Date.now() > deadline) {
        throw notReady(
          `The Docker daemon did not come up: ${ended ?? info.because}`,
          systemdRuns() ? "See its log: journalctl -u docker" : `See its log: less ${log}`,
        );
      }
      report(info.because);
      await delay(500);
      info = await daemonAnswer();
    }
  });
}

/** Says whether starting has failed for good, and why. */
type Failed = () => string | undefined;

async function startBySystemd(): Promise<Failed> {
  const result = await runCommand("systemctl", ["start", "docker"], { timeout: STARTUP_MS });
  return () => (result.exitCode === 0 ? undefined : lastLines(result.stderr, 2));
}

async function startDetached(log: string): Promise<Failed> {
  // What an init script would do, where there is one: without control groups dockerd ends at once.
  if (!readSurroundings().cgroups) await runCommand("cgroupfs-mount", []);
  fs.mkdirSync(path.dirname(log), { recursive: true, mode: 0o700 });
  const output = fs.openSync(log, "a", 0o600);
  const [file = "dockerd"] = executablesOnPath("dockerd");
  const daemon = spawn(file, [], { detached: true, stdio: ["ignore", output, output] });
  fs.closeSync(output);
  let ended: string | undefined;
  daemon.on("error", (error) => (ended = error.message));
  daemon.on("exit", (code) => {
    ended = `it ended with ${String(code)}: ${lastLines(fs.readFileSync(log, "utf8"), 2)}`;
  });
  daemon.unref();
  return () => ended;
}
