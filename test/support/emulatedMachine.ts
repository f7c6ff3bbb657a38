import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { cacheDirectory } from "../../components/lookups/paths";
import { bootstrapTar, filesBelow, PACKAGES, writeMachineFiles } from "./hostRoot";
import { eventually, freePort, must, start, type Running } from "./processes";

const KERNEL_PACKAGES = `${PACKAGES},linux-image-cloud-amd64,initramfs-tools,xfsprogs,apparmor`;
/** How QEMU's user network names the machine outside. */
const GATEWAY = "10.0.2.2";
const DISK_SIZE = "4G";
const HOMES_BYTES = 2 * 2 ** 30;
/** A root shell for each connection: nobody but this test reaches the port. */
const SHELL_PORT = 2323;
const END = "--ended-with-";

const NETWORK = `[Match]
Name=eth0
[Network]
Address=10.0.2.15/24
Gateway=${GATEWAY}
`;
const SHELL_UNIT = `[Unit]
Description=a way in for the test
DefaultDependencies=no
After=sysinit.target systemd-networkd.service
[Service]
ExecStart=/usr/bin/socat TCP-LISTEN:${SHELL_PORT},fork,reuseaddr EXEC:/bin/sh,stderr
Restart=always
[Install]
WantedBy=sysinit.target
`;

/** Disk, kernel and first file system, made once and kept under the hash of what is in them. */
async function baseSystem(): Promise<string> {
  const hash = createHash("sha256").update(`${KERNEL_PACKAGES} ${DISK_SIZE}`).digest("hex");
  const folder = path.join(cacheDirectory(), "test", `machine-${hash.slice(0, 12)}`);
  if (fs.existsSync(folder)) return folder;
  const fresh = `${folder}.${process.pid}`;
  fs.mkdirSync(`${fresh}/root`, { recursive: true });
  try {
    const tar = `${fresh}/root.tar`;
    await bootstrapTar(KERNEL_PACKAGES, tar);
    await must("tar", ["--extract", "--file", tar, "--directory", `${fresh}/root`]);
    const boot = fs.readdirSync(`${fresh}/root/boot`);
    for (const name of ["vmlinuz", "initrd"]) {
      const found = boot.find((one) => one.startsWith(name));
      if (found === undefined) throw new Error(`no ${name} among ${boot.join(", ")}`);
      fs.copyFileSync(`${fresh}/root/boot/${found}`, `${fresh}/${name}`);
    }
    const lazy = "lazy_itable_init=1,lazy_journal_init=1";
    await must("mke2fs", [
      ...["-q", "-t", "ext4", "-E", lazy, "-d", `${fresh}/root`, `${fresh}/disk`, DISK_SIZE],
    ]);
    fs.rmSync(tar);
    fs.rmSync(`${fresh}/root`, { recursive: true });
    fs.renameSync(fresh, folder);
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}

/** Words for debugfs that put the files of a folder onto a disk's root, without mounting it. */
function debugfsWords(folder: string): string {
  const words: string[] = [];
  for (const name of filesBelow(folder)) {
    const parts = name.split("/");
    parts
      .slice(0, -1)
      .forEach((_, depth) => words.push(`mkdir /${parts.slice(0, depth + 1).join("/")}`));
    const place = path.join(folder, name);
    const found = fs.lstatSync(place);
    if (found.isSymbolicLink()) words.push(`symlink /${name} ${fs.readlinkSync(place)}`);
    else
      words.push(
        `write ${place} /${name}`,
        `set_inode_field /${name} mode 0${found.mode.toString(8)}`,
        `set_inode_field /${name} uid 0`,
        `set_inode_field /${name} gid 0`,
      );
  }
  return `${words.join("\n")}\n`;
}

/** A host on emulated hardware, with a kernel of its own and an EBS volume for homes, as QEMU plays them. */
export class EmulatedMachine {
  private constructor(
    private readonly folder: string,
    private readonly qemu: Running,
    private readonly shellPort: number,
  ) {}

  /** Makes it and switches it on; AWS answers at `port` of this machine. */
  static async start(port: number, userData: string): Promise<EmulatedMachine> {
    const base = await baseSystem();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-emulated-"));
    try {
      return await EmulatedMachine.startIn(folder, base, port, userData);
    } catch (error) {
      fs.rmSync(folder, { recursive: true });
      throw error;
    }
  }

  private static async startIn(
    folder: string,
    base: string,
    port: number,
    userData: string,
  ): Promise<EmulatedMachine> {
    const files = path.join(folder, "files");
    writeMachineFiles(files, { gateway: GATEWAY, port, userData, localHomes: false });
    const units = "etc/systemd/system";
    const more: Record<string, string> = {
      "etc/systemd/network/10-eth0.network": NETWORK,
      [`${units}/shell.service`]: SHELL_UNIT,
    };
    for (const [name, text] of Object.entries(more)) {
      fs.mkdirSync(path.dirname(path.join(files, name)), { recursive: true });
      fs.writeFileSync(path.join(files, name), text);
    }
    fs.mkdirSync(path.join(files, `${units}/sysinit.target.wants`));
    fs.symlinkSync(
      "../shell.service",
      path.join(files, `${units}/sysinit.target.wants/shell.service`),
    );
    const networkd = path.join(files, `${units}/multi-user.target.wants/systemd-networkd.service`);
    fs.symlinkSync("/lib/systemd/system/systemd-networkd.service", networkd);
    const [disk, homes] = [`${folder}/disk`, `${folder}/homes`];
    await must("cp", ["--sparse=always", `${base}/disk`, disk]);
    await must("debugfs", ["-w", "-f", "-", disk], { input: debugfsWords(files) });
    fs.writeFileSync(homes, "");
    fs.truncateSync(homes, HOMES_BYTES);
    const shellPort = await freePort();
    const drive = (file: string, more: string) => {
      return ["-drive", `file=${file},format=raw,cache=unsafe,${more}`];
    };
    const qemu = start(
      // It ends with this process, however that ends.
      "setpriv",
      [
        ...["--pdeathsig", "KILL", "qemu-system-x86_64"],
        ...["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2048", "-no-reboot"],
        ...["-nodefaults", "-display", "none", "-serial", "stdio", "-device", "virtio-rng-pci"],
        ...["-kernel", `${base}/vmlinuz`, "-initrd", `${base}/initrd`],
        ...["-append", "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off quiet"],
        ...drive(disk, "if=virtio"),
        ...drive(homes, "if=none,id=homes"),
        ...["-device", "ide-hd,drive=homes,model=Amazon Elastic Block Store"],
        ...["-netdev", `user,id=net,hostfwd=tcp:127.0.0.1:${shellPort}-:${SHELL_PORT}`],
        ...["-device", "virtio-net-pci,netdev=net"],
      ],
      { timeout: 1_800_000 },
    );
    return new EmulatedMachine(folder, qemu, shellPort);
  }

  /** Waits until somebody can be asked. */
  async up(): Promise<void> {
    const answers = async () => {
      if (this.qemu.child.exitCode !== null) throw new Error(`QEMU ended: ${this.console()}`);
      return (await this.try("echo up", 10_000)).code === 0;
    };
    await eventually("a shell in the machine", answers, 600_000);
  }

  /** The last that the machine wrote to its console. */
  console(): string {
    return this.qemu.output().slice(-3000);
  }

  /** Runs a script in it as root; it has to succeed. Returns what it printed, trimmed. */
  async sh(script: string): Promise<string> {
    const { code, said } = await this.try(script);
    if (code !== 0) throw new Error(`${script}\nended with ${code}\n${said}\n${this.console()}`);
    return said.trim();
  }

  /** Runs a script; without a code where the machine did not answer within the limit. */
  try(script: string, limit = 600_000): Promise<{ code?: number; said: string }> {
    return new Promise((resolve) => {
      const socket = net.connect({ host: "127.0.0.1", port: this.shellPort });
      let said = "";
      socket.setTimeout(limit, () => socket.destroy());
      socket.on("data", (data) => (said += String(data)));
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        const found = new RegExp(`^([^]*)\n${END}(\\d+)\n$`).exec(said);
        resolve(found === null ? { said } : { code: Number(found[2]), said: found[1] ?? "" });
      });
      socket.write(`(${script}\n) </dev/null; echo "\n${END}$?"; exit\n`);
    });
  }

  /** Waits until it has shut itself down. */
  async down(limit: number): Promise<void> {
    await eventually("the machine is down", () => this.qemu.child.exitCode !== null, limit);
  }

  async remove(): Promise<void> {
    this.qemu.signalGroup("SIGKILL");
    await this.qemu.ended;
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
