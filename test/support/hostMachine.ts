import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { cacheDirectory } from "../../components/lookups/paths";
import { toAddress, toBlock } from "../../components/plan/ipv4";
import { eventually, must, run, type Ended } from "./processes";

/** What an AMI of Ubuntu brings, and `socat`, which stands for an SSM session to a port. */
const PACKAGES =
  "ca-certificates,cloud-init,curl,dbus,docker.io,iproute2,iptables,kmod,openssh-client,procps,python3,socat,systemd-sysv,udev";
const SUITE = "bookworm";
const NAME = "host-under-test";
const DOCKER_DATA = `${NAME}-docker`;
/** systemd and a Docker daemon inside a container; more than Docker's own set, less than everything. */
const CAPABILITIES =
  "SYS_ADMIN NET_ADMIN SYS_PTRACE SYS_BOOT SYS_NICE SYS_TIME SYSLOG DAC_READ_SEARCH IPC_LOCK LINUX_IMMUTABLE AUDIT_CONTROL";
/** Control groups and sysctls come read-only into a container; a machine owns them. */
const INIT =
  "for m in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,rw $m 2>/dev/null; done; mount -o remount,rw /proc/sys; exec /sbin/init";

/**
 * Metadata answers at its real address, in a network namespace of its own beyond the machine's
 * firewall, as on EC2: what containers send there is forwarded, not received.
 */
const metadataUnit = (gateway: string, port: number) => `[Unit]
Description=instance metadata, as EC2 has it beyond the network card
Before=docker.service cloud-final.service
[Service]
Type=exec
ExecStartPre=-/usr/sbin/ip netns add metadata
ExecStartPre=-/usr/sbin/ip link add meta0 type veth peer name meta1 netns metadata
ExecStartPre=/usr/sbin/ip address replace 169.254.0.1/16 dev meta0
ExecStartPre=/usr/sbin/ip address replace 192.168.254.1/30 dev meta0
ExecStartPre=/usr/sbin/ip link set meta0 up
ExecStartPre=/usr/sbin/ip -n metadata address replace 169.254.169.254/16 dev meta1
ExecStartPre=/usr/sbin/ip -n metadata address replace 192.168.254.2/30 dev meta1
ExecStartPre=/usr/sbin/ip -n metadata link set meta1 up
ExecStartPre=/usr/sbin/ip -n metadata link set lo up
ExecStartPre=/usr/sbin/ip -n metadata route replace default via 192.168.254.1
ExecStartPre=/usr/sbin/sysctl -qw net.ipv4.ip_forward=1
ExecStartPre=/usr/sbin/iptables -w -t nat -A POSTROUTING -s 192.168.254.2 -j MASQUERADE
ExecStartPre=/usr/sbin/iptables -w -I FORWARD -s 192.168.254.2 -d ${gateway} -j ACCEPT
ExecStartPre=/usr/sbin/iptables -w -I FORWARD -d 192.168.254.2 -s ${gateway} -j ACCEPT
ExecStart=/usr/sbin/ip netns exec metadata /usr/bin/socat -T 20 TCP-LISTEN:80,fork,reuseaddr TCP:${gateway}:${port}
[Install]
WantedBy=multi-user.target
`;

/** Files that the machine has before its first boot. */
function filesOf(gateway: string, port: number, userData: string): Record<string, string> {
  const seed = "var/lib/cloud/seed/nocloud";
  const service = `http://${gateway}:${port}`;
  return {
    "etc/gpudev/host.json": JSON.stringify({
      localHomes: true,
      endpoints: { s3: service, ssm: service },
    }),
    "etc/systemd/system/metadata.service": metadataUnit(gateway, port),
    // The watcher looks every few seconds here, since its times are shortened too.
    "etc/systemd/system/gpudevhost-idle.timer.d/often.conf":
      "[Timer]\nOnBootSec=\nOnBootSec=5s\nOnUnitInactiveSec=\nOnUnitInactiveSec=5s\nAccuracySec=1s\n",
    [`${seed}/meta-data`]: "instance-id: i-0123456789abcdef0\nlocal-hostname: host-0\n",
    [`${seed}/user-data`]: userData,
    "etc/cloud/cloud.cfg.d/99-nocloud.cfg":
      "datasource_list: [NoCloud]\nlocale: false\nnetwork: {config: disabled}\nusers: []\nno_ssh_fingerprints: true\n",
  };
}

/** The root file system of the machine, made once and kept. */
async function rootFileSystem(): Promise<string> {
  const hash = createHash("sha256").update(`${SUITE} ${PACKAGES}`).digest("hex").slice(0, 12);
  const file = path.join(cacheDirectory(), "test", `host-${hash}.tar`);
  if (fs.existsSync(file)) return file;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}`;
  await must(
    "mmdebstrap",
    [
      "--quiet",
      "--variant=minbase",
      "--format=tar",
      '--aptopt=APT::Install-Recommends "false"',
      "--dpkgopt=path-exclude=/usr/share/man/*",
      "--dpkgopt=path-exclude=/usr/share/doc/*",
      `--include=${PACKAGES}`,
      SUITE,
      fresh,
    ],
    { timeout: 1_800_000 },
  );
  fs.renameSync(fresh, file);
  return file;
}

/** This machine's own address on Docker's default bridge: the first of its range. */
async function bridgeAddress(): Promise<string> {
  const format = "{{(index .IPAM.Config 0).Subnet}}";
  const range = await must("docker", ["network", "inspect", "--format", format, "bridge"]);
  const first = toBlock(range)?.first;
  if (first === undefined) throw new Error(`Docker's bridge has the range ${range}`);
  return toAddress(first + 1);
}

/** A GPU-less host: systemd, cloud-init and Docker in a container that is started, stopped and started again. */
export class HostMachine {
  private constructor(readonly name: string) {}

  /** Makes the machine, not started yet. AWS answers at `port` of this machine. */
  static async make(port: number, userData: string): Promise<HostMachine> {
    const gateway = await bridgeAddress();
    const machine = new HostMachine(NAME);
    await machine.remove();
    const image = `${NAME}:latest`;
    await must("docker", ["import", await rootFileSystem(), image]);
    await must("docker", ["volume", "create", DOCKER_DATA]);
    await must("docker", [
      "create",
      ...["--name", NAME, "--hostname", "host-0", "--cgroupns", "private"],
      ...CAPABILITIES.split(" ").flatMap((one) => ["--cap-add", one]),
      ...["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"],
      ...["--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec"],
      ...["--volume", `${DOCKER_DATA}:/var/lib/docker`, "--env", "container=docker"],
      ...["--stop-signal", "SIGRTMIN+3", image, "sh", "-c", INIT],
    ]);
    const folder = fs.mkdtempSync(path.join(cacheDirectory(), "test", "machine-"));
    for (const [name, text] of Object.entries(filesOf(gateway, port, userData))) {
      fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      fs.writeFileSync(path.join(folder, name), text);
    }
    const wants = path.join(folder, "etc/systemd/system/multi-user.target.wants");
    fs.mkdirSync(wants, { recursive: true });
    fs.symlinkSync("../metadata.service", path.join(wants, "metadata.service"));
    await must("docker", ["cp", `${folder}/.`, `${NAME}:/`]);
    fs.rmSync(folder, { recursive: true });
    return machine;
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
    return `docker exec --interactive ${this.name} socat - TCP:127.0.0.1:${port}`;
  }

  /** Brings an image of the daemon here into the machine's, without what needs a GPU and half of its size. */
  async importSlim(image: string, name: string): Promise<void> {
    const config = JSON.parse(
      await must("docker", ["image", "inspect", "--format", "{{json .Config}}", image]),
    ) as { Env: string[]; Entrypoint: string[]; WorkingDir: string; User: string };
    const changes = [
      ...config.Env.map((one) => `ENV ${one.replace("=", '="')}"`),
      `ENTRYPOINT ${JSON.stringify(config.Entrypoint)}`,
      `WORKDIR ${config.WorkingDir}`,
      `USER ${config.User}`,
    ];
    const without = ["torch", "torchvision", "torchgen", "nvidia", "triton", "sympy"].map(
      (one) => `--exclude=./opt/*/lib/python3*/site-packages/${one}`,
    );
    const pack = spawn("docker", [
      ...["run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "tar", image],
      ...["--create", "--one-file-system", "--directory", "/", ...without],
      ...["--exclude=./proc", "--exclude=./sys", "--exclude=./dev", "."],
    ]);
    const unpack = spawn("docker", [
      ...["exec", "--interactive", this.name, "docker", "import"],
      ...changes.flatMap((change) => ["--change", change]),
      ...["-", name],
    ]);
    let said = "";
    for (const { stderr } of [pack, unpack])
      stderr.on("data", (text: Buffer) => (said += String(text)));
    const ended = new Promise<number | null>((resolve) => unpack.on("close", resolve));
    const piped = await pipeline(pack.stdout, unpack.stdin).then(
      () => "",
      (error: unknown) => String(error),
    );
    if ((await ended) !== 0 || piped !== "") {
      throw new Error(`${image} could not be imported into the machine: ${piped} ${said}`);
    }
  }

  /** Everything of it, from this run or an earlier one. */
  async remove(): Promise<void> {
    await run("docker", ["rm", "--force", "--volumes", this.name]);
    await run("docker", ["volume", "rm", "--force", DOCKER_DATA]);
    await run("docker", ["image", "rm", "--force", `${NAME}:latest`]);
  }
}
