import { posix } from "node:path";
import type { Finding } from "./finding";
import { isLoopback } from "./loopback";
import { error, nearest, pathText } from "./problems";
import type { Settings } from "./schema";

type Sections = Omit<Settings, "users" | "stack" | "team">;

/** Folders whose mount would undo the hardening or hand over the machine: these themselves, */
const CLOSED = ["/", "/dev", "/home", "/root", "/run", "/usr", "/var", "/var/lib", "/var/run"];
/** and these with all below them. */
const CLOSED_BELOW = ["/boot", "/etc", "/proc", "/sys", "/var/lib/containerd", "/var/lib/docker"];

function isClosed(source: string): boolean {
  return (
    CLOSED.includes(source) ||
    CLOSED_BELOW.some((folder) => source === folder || source.startsWith(`${folder}/`)) ||
    /\/(\.ssh|docker\.sock|containerd\.sock)$/.test(source)
  );
}

function checkBind({ bind, services }: Sections): Finding[] {
  const findings: Finding[] = [];
  const open = !isLoopback(bind.address);
  if (open && !bind.exposeToNetwork)
    findings.push(
      error(
        "gpudev:bind.address",
        "exposed-unsaid",
        `${bind.address} lets others on the network reach the ports, and nothing says that this is on purpose.`,
        "Set `exposeToNetwork: true` beside it, or leave the address at 127.0.0.1 and use SSH forwarding.",
      ),
    );
  if (open && services.jupyter && !bind.tls)
    findings.push(
      error(
        "gpudev:bind.tls",
        "tls-missing",
        "Jupyter would send its token and all notebooks over the network unencrypted.",
        "Name a certificate and its key: `tls: {certificate: /path/cert.pem, key: /path/key.pem}`, or turn `services.jupyter` off.",
      ),
    );
  if (!open && bind.exposeToNetwork)
    findings.push({
      severity: "hint",
      code: "exposed-nowhere",
      path: "gpudev:bind.exposeToNetwork",
      message: `\`exposeToNetwork\` does nothing while the address is ${bind.address}.`,
      mend: "Set `gpudev:bind.address` too, or take `exposeToNetwork` out.",
    });
  return findings;
}

function checkServices({ services }: Sections): Finding[] {
  if (services.jupyter || services.ssh) return [];
  return [
    error(
      "gpudev:services",
      "no-service",
      "Both services are off: nobody could enter an environment.",
      "Turn on `jupyter`, `ssh` or both.",
    ),
  ];
}

function checkWorkspace({ workspace }: Sections, users: readonly string[]): Finding[] {
  return workspace.flatMap((mount, index) => {
    const path = pathText("gpudev:workspace", [index]);
    const findings: Finding[] = [];
    const source = posix.normalize(mount.source).replace(/(.)\/$/, "$1");
    if (isClosed(source))
      findings.push(
        error(
          `${path}.source`,
          "closed-folder",
          `Mounting ${source} would hand over the machine to whoever is in the environment.`,
          "Name the folder that holds the work or the data.",
        ),
      );
    mount.users
      ?.filter((name) => !users.includes(name))
      .forEach((name) => {
        const near = nearest(name, users);
        findings.push({
          severity: "warning",
          code: "unknown-user",
          path: `${path}.users`,
          message: `There is no user \`${name}\`.`,
          mend: near ? `Did you mean \`${near}\`?` : "Take the name out, or add the user.",
        });
      });
    const same = workspace.findIndex(
      (other, at) =>
        at < index &&
        other.target === mount.target &&
        (!other.users || !mount.users || other.users.some((name) => mount.users?.includes(name))),
    );
    if (same >= 0)
      findings.push(
        error(
          `${path}.target`,
          "same-target",
          `${mount.target} is the target of gpudev:workspace[${same}] too, for the same user.`,
          "Give one of them another target, such as a folder below /data.",
        ),
      );
    return findings;
  });
}

function checkNetworks({ networks }: Sections): Finding[] {
  const [address = "", prefix = ""] = networks.range.split("/");
  const bits = Number(prefix);
  const path = "gpudev:networks.range";
  if (bits > 29)
    return [
      error(
        path,
        "range-too-small",
        `${networks.range} has no room for one network of 8 addresses.`,
        "Give a range of /29 or larger; /16 has room for 8192 users.",
      ),
    ];
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - bits);
  const start = Math.floor(number / size) * size;
  if (start !== number) {
    const dotted = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join(".");
    return [
      error(
        path,
        "range-unaligned",
        `${networks.range} does not begin where a /${prefix} begins.`,
        `Write ${dotted}/${prefix}.`,
      ),
    ];
  }
  const [a = 0, b = 0] = address.split(".").map(Number);
  const isPrivate =
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b < 128);
  if (isPrivate) return [];
  return [
    {
      severity: "warning",
      code: "range-public",
      path,
      message: `${networks.range} is no private range: environments could not reach the public addresses in it.`,
      mend: "Take one from 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.",
    },
  ];
}

function checkLimits(settings: Sections): Finding[] {
  const sections = [
    { path: "gpudev:limits", limits: settings.limits },
    ...Object.entries(settings.profiles).map(([name, limits]) => ({
      path: pathText("gpudev:profiles", [name]),
      limits,
    })),
  ];
  return sections
    .filter(
      ({ limits }) =>
        limits.shm !== undefined && limits.memory !== undefined && limits.shm > limits.memory,
    )
    .map(({ path }) =>
      error(
        `${path}.shm`,
        "shm-over-memory",
        "/dev/shm counts as memory, and is larger than the memory limit.",
        "Make `shm` half of `memory`, or leave it out.",
      ),
    );
}

/** Problems that show only where settings are seen together. */
export function checkSections(settings: Sections, users: readonly string[]): Finding[] {
  return [
    ...checkServices(settings),
    ...checkBind(settings),
    ...checkWorkspace(settings, users),
    ...checkNetworks(settings),
    ...checkLimits(settings),
  ];
}
