import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { toAddress, toBlock } from "../../components/plan/ipv4";
import {
  IMAGE_LAYER,
  MOUNT_IMAGE,
  rootFileSystem,
  SHARED_IMAGE,
  writeMachineFiles,
} from "./hostRoot";
import { eventually, must, run, type Ended } from "./processes";

const NAME = "host-under-test";
/** A container that does nothing but keep the environment image's file system mounted. */
const HOLDER = `${NAME}-image`;
/** systemd and a Docker daemon inside a container; more than Docker's own set, less than everything. */
const CAPABILITIES =
  "SYS_ADMIN NET_ADMIN SYS_PTRACE SYS_BOOT SYS_NICE SYSLOG DAC_READ_SEARCH IPC_LOCK LINUX_IMMUTABLE AUDIT_CONTROL";
/** Control groups and sysctls come read-only into a container; a machine owns them. */
const INIT =
  "for m in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,rw $m 2>/dev/null; done; mount -o remount,rw /proc/sys; exec /sbin/init";

/** This machine's own address on Docker's default bridge: the first of its range. */
async function bridgeAddress(): Promise<string> {
  const format = "{{(index .IPAM.Config 0).Subnet}}";
  const range = await must("docker", ["network", "inspect", "--format", format, "bridge"]);
  const first = toBlock(range)?.first;
  if (first === undefined) throw new Error(`Docker's bridge has the range ${range}`);
  return toAddress(first + 1);
}

/** Starts the holder; returns the folder of this machine where the image's file system is mounted. */
async function holdImage(image: string): Promise<string> {
  await must("docker", [
    ...["run", "--detach", "--name", HOLDER, "--read-only", "--network", "none"],
    ...["--entrypoint", "sleep", image, "infinity"],
  ]);
  const format = "{{with .GraphDriver.Data}}{{.MergedDir}}{{end}} {{.Id}}";
  const said = await must("docker", ["inspect", "--format", format, HOLDER]);
  const [merged = "", id = ""] = said.split(" ");
  const byContainerd = `/run/containerd/io.containerd.runtime.v2.task/moby/${id}/rootfs`;
  const found = [merged, byContainerd].find((one) => one !== "" && fs.existsSync(`${one}/opt`));
  if (found === undefined) throw new Error(`where is ${image} mounted? Not at ${said}`);
  return found;
}

/** A GPU-less host: systemd, cloud-init and Docker in a container that is started, stopped and started again. */
export class HostMachine {
  private readonly servers: net.Server[] = [];

  private constructor(readonly name: string) {}

  /** Makes the machine, not started yet. AWS answers at `port` of this one; `image` is for {@link share}. */
  static async make(port: number, userData: string, image: string): Promise<HostMachine> {
    const gateway = await bridgeAddress();
    const machine = new HostMachine(NAME);
    await machine.remove();
    try {
      await machine.create(gateway, port, userData, image);
    } catch (error) {
      await machine.remove();
      throw error;
    }
    return machine;
  }

  private async create(
    gateway: string,
    port: number,
    userData: string,
    image: string,
  ): Promise<void> {
    await must("docker", ["import", await rootFileSystem(), `${NAME}:latest`]);
    const merged = await holdImage(image);
    await must("docker", [
      "create",
      ...["--name", NAME, "--hostname", "host-0", "--cgroupns", "private"],
      ...CAPABILITIES.split(" ").flatMap((one) => ["--cap-add", one]),
      ...["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"],
      ...["--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec"],
      ...["--volume", "/var/lib/docker", "--volume", `${merged}:${SHARED_IMAGE}:ro`],
      ...["--env", "container=docker", "--stop-signal", "SIGRTMIN+3"],
      ...[`${NAME}:latest`, "sh", "-c", INIT],
    ]);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-machine-"));
    try {
      writeMachineFiles(folder, { gateway, port, userData, localHomes: true });
      await must("docker", ["cp", `${folder}/.`, `${NAME}:/`]);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }

  /** Boots it and waits for its Docker daemon. */
  async boot(): Promise<void> {
    await must("docker", ["start", this.name]);
    await eventually(
      "the machine's Docker daemon answers",
      async () => (await this.try("docker info")).code === 0,
    );
  }

  async running(): Promise<boolean> {
    const state = await run("docker", ["inspect", "--format", "{{.State.Running}}", this.name]);
    return state.stdout.trim() === "true";
  }

  /** Waits until it has shut itself down. */
  async down(limit = 120_000): Promise<void> {
    await eventually("the machine is down", async () => !(await this.running()), limit);
  }

  /** As pulling the plug, but for what its disk has not written yet: nothing in it gets to hear of it. */
  async cutPower(): Promise<void> {
    await must("docker", ["kill", "--signal", "KILL", this.name]);
    await this.down();
  }

  /** A file of it, also while it is off. */
  async read(file: string): Promise<string> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-machine-"));
    try {
      await must("docker", ["cp", `${this.name}:${file}`, `${folder}/file`]);
      return fs.readFileSync(`${folder}/file`, "utf8");
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }

  /** Runs a script in it as root; it has to succeed. */
  async sh(script: string, input?: string): Promise<string> {
    const ended = await this.try(script, input);
    if (ended.code !== 0) {
      throw new Error(`${script}\nended with ${ended.code}\n${ended.stdout}\n${ended.stderr}`);
    }
    return ended.stdout.trim();
  }

  try(script: string, input?: string): Promise<Ended> {
    const options = input === undefined ? {} : { input };
    return run("docker", ["exec", "--interactive", this.name, "sh", "-c", script], options);
  }

  /** Words that connect to a port of the machine's loopback address, as an SSM session does. */
  tunnel(port: number): string {
    return `docker ${this.connect(port).join(" ")}`;
  }

  /** Forwards a port of this machine to one of its loopback address, as an SSM session does. */
  async forward(port: number): Promise<number> {
    const server = net.createServer((socket) => {
      const tunnel = spawn("docker", this.connect(port), { stdio: ["pipe", "pipe", "ignore"] });
      for (const stream of [socket, tunnel.stdin, tunnel.stdout]) {
        stream.on("error", () => socket.destroy());
      }
      socket.pipe(tunnel.stdin);
      tunnel.stdout.pipe(socket);
      socket.on("close", () => tunnel.kill());
    });
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as net.AddressInfo).port;
  }

  private connect(port: number): string[] {
    return ["exec", "--interactive", this.name, "socat", "-", `TCP:127.0.0.1:${port}`];
  }

  /**
   * Gives its Docker daemon the environment image by this name: a layer without files, over which the
   * image's file system is mounted as it lies on the daemon outside. Nothing of its 6 GB is copied.
   */
  async share(image: string, name: string): Promise<void> {
    const config = JSON.parse(
      await must("docker", ["image", "inspect", "--format", "{{json .Config}}", image]),
    ) as { Env: string[]; Entrypoint: string[]; WorkingDir: string; User: string };
    const changes = [
      ...config.Env.map((one) => `ENV ${one.replace("=", '="')}"`),
      `ENTRYPOINT ${JSON.stringify(config.Entrypoint)}`,
      `WORKDIR ${config.WorkingDir}`,
      `USER ${config.User}`,
    ].map((change) => `--change '${change}'`);
    await this.sh(
      `tar --create --files-from /dev/null | docker import ${changes.join(" ")} - ${name}`,
    );
    const format = "{{.GraphDriver.Data.UpperDir}}";
    await this.sh(
      `docker image inspect --format '${format}' ${name} >${IMAGE_LAYER} && ${MOUNT_IMAGE}`,
    );
  }

  /** Everything of it, from this run or an earlier one. */
  async remove(): Promise<void> {
    for (const server of this.servers) server.close();
    // With its volume, which has no name of its own.
    await run("docker", ["rm", "--force", "--volumes", this.name]);
    await run("docker", ["rm", "--force", HOLDER]);
    await run("docker", ["image", "rm", "--force", `${NAME}:latest`]);
  }
}
