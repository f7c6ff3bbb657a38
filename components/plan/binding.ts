import type { Lookups } from "../lookups/model";
import type { Finding } from "../settings/finding";
import type { Settings } from "../settings/schema";
import { error, warning } from "./findings";
import { overlap, toBlock, toNumber } from "./ipv4";

function isLoopback(address: string): boolean {
  return address.startsWith("127.");
}

function hostName(host: string): string {
  return new URL(host).hostname.replace(/^\[|\]$/g, "");
}

/**
 * Where published ports answer: the address that they are bound on; where that is every address, the
 * name by which the daemon's machine is reached, else its first address outside Docker's networks.
 */
export function reachableAt(settings: Settings, lookups: Lookups): string {
  const { address } = settings.bind;
  if (address !== "0.0.0.0") return address;
  const { host, local } = lookups.docker;
  if (!local && host !== undefined) return hostName(host);
  const networks = lookups.networks.known ? lookups.networks.value : [];
  const docker = networks.flatMap((network) => network.subnets.flatMap((s) => toBlock(s) ?? []));
  const outside = (lookups.addresses.known ? lookups.addresses.value : []).filter((candidate) => {
    const block = { first: toNumber(candidate), last: toNumber(candidate) };
    return !isLoopback(candidate) && !docker.some((other) => overlap(other, block));
  });
  return outside[0] ?? "127.0.0.1";
}

/** Whether the address that ports are published on exists, and can be come by. */
export function checkBinding(settings: Settings, lookups: Lookups): Finding[] {
  const { address } = settings.bind;
  const { host, local } = lookups.docker;
  const findings: Finding[] = [];
  if (isLoopback(address) && !local && host !== undefined && !host.startsWith("ssh://")) {
    findings.push(
      warning(
        "loopback-of-remote",
        "gpudev:bind.address",
        `Ports are published on ${address} of the machine behind ${host}, where only that machine reaches them`,
        "Name the daemon by ssh://, so that gpudev can tell how to go through it, or bind to an address on purpose.",
      ),
    );
  }
  const { addresses } = lookups;
  if (
    addresses.known &&
    address !== "0.0.0.0" &&
    !isLoopback(address) &&
    !addresses.value.includes(address)
  ) {
    findings.push(
      error(
        "address-not-here",
        "gpudev:bind.address",
        `${address} is no address of the machine; it has ${addresses.value.join(", ")}`,
        "Take one of those, or 127.0.0.1.",
      ),
    );
  }
  return findings;
}
