import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { cacheDirectory } from "../../components/lookups/paths";
import { must } from "./processes";

/** What an AMI of Ubuntu brings, and `socat`, which stands for an SSM session to a port. */
export const PACKAGES =
  "ca-certificates,cloud-init,curl,dbus,docker.io,iproute2,iptables,kmod,openssh-client,procps,python3,socat,systemd-sysv,udev";
const SUITE = "bookworm";

/** The root file system of a host as a tar, made once by mmdebstrap and kept under the hash of what is in it. */
export async function rootFileSystem(): Promise<string> {
  const hash = createHash("sha256").update(`${SUITE} ${PACKAGES}`).digest("hex").slice(0, 12);
  const file = path.join(cacheDirectory(), "test", `host-${hash}.tar`);
  if (fs.existsSync(file)) return file;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}`;
  try {
    await bootstrapTar(PACKAGES, fresh);
    fs.renameSync(fresh, file);
  } finally {
    fs.rmSync(fresh, { force: true });
  }
  return file;
}

/** Debian with these packages, as a tar. */
export async function bootstrapTar(packages: string, file: string): Promise<void> {
  const options = [
    ...["--quiet", "--variant=minbase", "--format=tar", `--include=${packages}`],
    '--aptopt=APT::Install-Recommends "false"',
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
  ];
  await must("mmdebstrap", [...options, SUITE, file], { timeout: 1_800_000 });
}

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

/** Where the machine sees the environment image's files, and its program that puts them under Docker's layer. */
export const SHARED_IMAGE = "/srv/environment";
export const MOUNT_IMAGE = "/usr/local/sbin/mount-environment";
/** Says which layer that is. */
export const IMAGE_LAYER = "/etc/environment-layer";

const MOUNT_SCRIPT = `#!/bin/sh
for layer in $(cat ${IMAGE_LAYER} 2>/dev/null); do
  mountpoint -q "$layer" || mount --bind ${SHARED_IMAGE} "$layer" || exit 1
done
`;

/** Seconds after a boot for which a host past its end date waits here, instead of five minutes. */
const END_GRACE = 20;

/** What differs between machines. AWS answers at `port` of `gateway`. */
interface MachineFacts {
  readonly gateway: string;
  readonly port: number;
  readonly userData: string;
  /** Homes lie on its own disk. */
  readonly localHomes: boolean;
}

/** Files and links below a folder, by their paths from there. */
export function filesBelow(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Writes the files that a machine has before its first boot below a folder. */
export function writeMachineFiles(
  folder: string,
  { gateway, port, userData, localHomes }: MachineFacts,
): void {
  const seed = "var/lib/cloud/seed/nocloud";
  const service = `http://${gateway}:${port}`;
  const units = "etc/systemd/system";
  const files: Record<string, string> = {
    "etc/gpudev/host.json": JSON.stringify({
      localHomes,
      endGrace: END_GRACE,
      endpoints: { s3: service, ssm: service },
    }),
    [`${units}/metadata.service`]: metadataUnit(gateway, port),
    [`${units}/docker.service.d/environment.conf`]: `[Service]\nExecStartPre=${MOUNT_IMAGE}\n`,
    // The watcher looks every few seconds here, since its times are shortened too.
    [`${units}/gpudevhost-idle.timer.d/often.conf`]:
      "[Timer]\nOnBootSec=\nOnBootSec=5s\nOnUnitInactiveSec=5s\nAccuracySec=1s\n",
    [MOUNT_IMAGE.slice(1)]: MOUNT_SCRIPT,
    [`${seed}/meta-data`]: "instance-id: i-0123456789abcdef0\nlocal-hostname: host-0\n",
    [`${seed}/user-data`]: userData,
    "etc/cloud/cloud.cfg.d/99-nocloud.cfg":
      "datasource_list: [NoCloud]\nlocale: C.UTF-8\nnetwork: {config: disabled}\nno_ssh_fingerprints: true\n",
    "etc/default/locale": "LANG=C.UTF-8\n",
  };
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text, {
      mode: text.startsWith("#!") ? 0o755 : 0o644,
    });
  }
  const wants = path.join(folder, units, "multi-user.target.wants");
  fs.mkdirSync(wants, { recursive: true });
  fs.symlinkSync("../metadata.service", path.join(wants, "metadata.service"));
}
