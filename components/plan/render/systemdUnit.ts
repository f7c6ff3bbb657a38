import type { ContainerProfile } from "../container";
import { type ContainerIdentity, dockerRun } from "./dockerRun";

const DOCKER = "/usr/bin/docker";

/** Added to the time that a container has to end, before systemd loses patience with Docker itself. */
const STOP_MARGIN = 30;

/** One environment as a unit. */
export interface UnitParts extends ContainerIdentity {
  readonly user: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly profile: ContainerProfile;
  /** Folders that have to be mounted before it starts. */
  readonly requiresMounts: readonly string[];
}

const PLAIN = /^[A-Za-z0-9_./:=,@+-]+$/;

/**
 * A word of a command line as systemd reads it: specifiers and variables are kept from being
 * expanded, everything unusual stands in double quotes (systemd.service(5), "Command lines").
 * @throws Error for a NUL, which no argument can hold
 */
export function systemdWord(word: string): string {
  if (PLAIN.test(word)) return word;
  if (word.includes("\0")) throw new Error("a command line cannot hold a NUL");
  const kept = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  const escaped = kept
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replace(/[\u0001-\u001f\u007f]/g, (sign) => {
      return `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`;
    });
  return `"${escaped}"`;
}

/** A command line as systemd reads it. */
export function systemdCommand(words: readonly string[]): string {
  let line = "";
  for (const word of words) line += line === "" ? systemdWord(word) : ` ${systemdWord(word)}`;
  return line;
}

/** A text in a setting that is no command line: only specifiers are expanded there. */
const plainText = (text: string) => text.replaceAll("%", "%%").replace(/\s+/g, " ");

/**
 * The systemd unit of one environment. It makes the user's network anew at each start, so that no
 * older subnet stays, and leaves nothing of Docker's behind when it stops; the home is a folder of
 * the host.
 */
export function systemdUnit(parts: UnitParts, image: string): string {
  const { container, network, subnet, gateway, labels, profile } = parts;
  const docker = (...words: readonly string[]) => systemdCommand([DOCKER, ...words]);
  const createNetwork = docker(
    "network",
    "create",
    "--driver",
    "bridge",
    "--subnet",
    subnet,
    "--gateway",
    gateway,
    ...Object.entries(labels).flatMap(([label, value]) => ["--label", `${label}=${value}`]),
    network,
  );
  return [
    "[Unit]",
    `Description=${plainText(`gpudev environment of ${parts.user}`)}`,
    "Requires=docker.service",
    "After=docker.service network-online.target",
    "Wants=network-online.target",
    ...parts.requiresMounts.map((folder) => `RequiresMountsFor=${systemdWord(folder)}`),
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=exec",
    // What a killed host or daemon left behind; a minus in front: it is fine where there is nothing.
    `ExecStartPre=-${docker("rm", "--force", container)}`,
    `ExecStartPre=-${docker("network", "rm", network)}`,
    `ExecStartPre=${createNetwork}`,
    `ExecStart=${docker(...dockerRun(parts, profile, image))}`,
    `ExecStop=-${docker("stop", "-t", `${profile.stopGraceSeconds}`, container)}`,
    `ExecStopPost=-${docker("rm", "--force", container)}`,
    `ExecStopPost=-${docker("network", "rm", network)}`,
    "Restart=always",
    "RestartSec=10",
    `TimeoutStopSec=${profile.stopGraceSeconds + STOP_MARGIN}`,
    "TimeoutStartSec=300",
    `SyslogIdentifier=gpudev-${plainText(parts.user)}`,
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
}
