import { describe, expect, it } from "vitest";
import { parseCdiList, parseInfo } from "../../components/lookups/daemon";
import { failure } from "../../components/lookups/docker";

/** `docker info --format '{{json .}}'` of Docker 20.10 on Debian 12, without what nobody reads. */
const DOCKER_20 = {
  ID: "WRYV:U5GE",
  MemoryLimit: true,
  SwapLimit: true,
  CpuCfsQuota: true,
  PidsLimit: true,
  Architecture: "x86_64",
  NCPU: 2,
  MemTotal: 25276502016,
  DockerRootDir: "/var/lib/docker",
  ServerVersion: "20.10.24+dfsg1",
  Runtimes: { "io.containerd.runc.v2": { path: "runc" }, runc: { path: "runc" } },
  SecurityOptions: ["name=seccomp,profile=default"],
  CDISpecDirs: null,
  Warnings: null,
};

function facts(changes: Record<string, unknown> = {}, local = true) {
  const answer = parseInfo(JSON.stringify({ ...DOCKER_20, ...changes }), local);
  if (!answer.known) throw new Error(answer.because);
  return answer.value;
}

describe("docker info", () => {
  it("of Docker 20.10", () => {
    expect(facts()).toEqual({
      askCdi: false,
      facts: {
        version: "20.10.24+dfsg1",
        cpus: 2,
        memory: 25276502016,
        runtimes: ["io.containerd.runc.v2", "runc"],
        cdiDevices: [],
        root: "/var/lib/docker",
        local: true,
        rootless: false,
        architecture: "x86_64",
        enforces: ["memory", "swap", "cpus", "pids"],
        seccomp: true,
      },
    });
  });

  it("of Docker 28.2 and newer names CDI devices", () => {
    const DiscoveredDevices = [
      { Source: "cdi", ID: "nvidia.com/gpu=0" },
      { Source: "cdi", ID: "nvidia.com/gpu=all" },
    ];
    const read = facts({ DiscoveredDevices, CDISpecDirs: ["/etc/cdi", "/var/run/cdi"] });
    expect(read.facts.cdiDevices).toEqual(["nvidia.com/gpu=0", "nvidia.com/gpu=all"]);
    expect(read.askCdi).toBe(false);
  });

  it("of Docker in between names folders only, so that the machine has to be asked", () => {
    expect(facts({ CDISpecDirs: ["/etc/cdi", "/var/run/cdi"] }).askCdi).toBe(true);
  });

  it("of a daemon without root rights and without delegated cgroups", () => {
    const read = facts({
      SecurityOptions: ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"],
      MemoryLimit: false,
      SwapLimit: false,
      CpuCfsQuota: false,
      PidsLimit: false,
    }).facts;
    expect(read).toMatchObject({ rootless: true, seccomp: true, enforces: [] });
  });

  it.each([[[]], [null], [["name=seccomp,profile=unconfined"]]])(
    "with security options %j has no seccomp",
    (SecurityOptions) => {
      expect(facts({ SecurityOptions }).facts.seccomp).toBe(false);
    },
  );

  it("without a server gives the client's reason", () => {
    const text = JSON.stringify({
      ID: "",
      ServerErrors: ["Cannot connect to the Docker daemon at unix:///var/run/docker.sock."],
      ClientInfo: { Version: "28.2.2" },
    });
    expect(parseInfo(text, true)).toEqual({
      known: false,
      because: "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
    });
  });
});

describe("nvidia-ctk cdi list", () => {
  it("names devices, between its log lines", () => {
    const text = [
      'time="2026-11-22T10:00:00Z" level=info msg="Found 3 CDI devices"',
      "nvidia.com/gpu=0",
      "nvidia.com/gpu=GPU-4cf8db2d-06c0-7d70-1a51-e59b25b2c16c",
      "nvidia.com/gpu=all",
      "",
    ].join("\n");
    expect(parseCdiList(text)).toEqual([
      "nvidia.com/gpu=0",
      "nvidia.com/gpu=GPU-4cf8db2d-06c0-7d70-1a51-e59b25b2c16c",
      "nvidia.com/gpu=all",
    ]);
  });
});

describe("why docker gave nothing", () => {
  const ended = (stderr: string, changes = {}) => ({
    exitCode: 1,
    stdout: "",
    stderr,
    timedOut: false,
    ...changes,
  });

  it.each([
    [
      ended(
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
      ),
      "unix:///var/run/docker.sock",
      "The Docker daemon does not answer at unix:///var/run/docker.sock",
    ],
    [
      ended(
        'error during connect: Get "http://docker.example.com/v1.50/info": command [ssh -o ConnectTimeout=30 -T -l ada -- gpu-box docker system dial-stdio] has exited with exit status 255, make sure the URL is valid, and Docker 18.09 or later is installed on the remote host: stderr=ssh: connect to host gpu-box port 22: No route to host',
      ),
      "ssh://ada@gpu-box",
      "The Docker daemon does not answer at ssh://ada@gpu-box (ssh: connect to host gpu-box port 22: No route to host)",
    ],
    [
      ended(
        'error during connect: Get "http://10.1.2.3:2375/v1.50/info": dial tcp 10.1.2.3:2375: connect: connection refused',
      ),
      "tcp://10.1.2.3:2375",
      "The Docker daemon does not answer at tcp://10.1.2.3:2375 (dial tcp 10.1.2.3:2375: connect: connection refused)",
    ],
    [
      ended(
        'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.50/info": dial unix /var/run/docker.sock: connect: permission denied',
      ),
      "unix:///var/run/docker.sock",
      "This user may not talk to the Docker daemon at unix:///var/run/docker.sock (permission denied)",
    ],
    [
      ended("Command failed with ENOENT: docker info\nspawn docker ENOENT", { exitCode: 127 }),
      "unix:///var/run/docker.sock",
      "There is no docker command on this machine",
    ],
    [
      ended("", { timedOut: true, exitCode: 127 }),
      "ssh://ada@gpu-box",
      "The Docker daemon at ssh://ada@gpu-box did not answer within 15 seconds",
    ],
    [
      ended("Error: No such image: ubuntu:22.04"),
      "unix:///var/run/docker.sock",
      "Error: No such image: ubuntu:22.04",
    ],
    [ended("", { exitCode: 125 }), "unix:///var/run/docker.sock", "docker ended with code 125"],
  ])("%#", (result, where, expected) => {
    expect(failure(result, where)).toBe(expected);
  });
});
