import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import { runCommand } from "../../components/lookups/command";
import { overlap, toBlock } from "../../components/plan/ipv4";

/** Ranges for environments' networks, in the order in which they are tried. */
const RANGES = [
  ...[213, 214, 215, 216, 217, 218, 219].map((second) => `10.${second}.0.0/16`),
  "172.30.0.0/16",
  "192.168.208.0/20",
] as const;
/** How many ports above the usual one are tried. */
const PORTS_TRIED = 200;

/** Whether two IPv4 ranges share an address. */
function rangesOverlap(one: string, other: string): boolean {
  const [a, b] = [toBlock(one), toBlock(other)];
  return a !== undefined && b !== undefined && overlap(a, b);
}

/** The first range that nothing here uses; absent where all are in use. */
export function freeRange(used: readonly string[]): string | undefined {
  return RANGES.find((range) => !used.some((other) => rangesOverlap(range, other)));
}

/** The first port from `first` on that is not taken; `first` where all are. */
export async function freePort(
  first: number,
  taken: (port: number) => Promise<boolean>,
): Promise<number> {
  for (let port = first; port < first + PORTS_TRIED; port += 1) {
    if (!(await taken(port))) return port;
  }
  return first;
}

/** The IPv4 routes in `/proc/net/route` (man proc): destination and mask as little-endian hex. The default route is left out. */
export function parseRoutes(table: string): readonly string[] {
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap((fields) => {
      const [, destination, , , , , , mask] = fields;
      if (destination === undefined || mask === undefined) return [];
      const prefix = bitsOf(Number.parseInt(mask, 16));
      return prefix === 0 ? [] : [`${dotted(destination)}/${prefix}`];
    });
}

function dotted(hex: string): string {
  return (hex.match(/../g) ?? [])
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join(".");
}

function bitsOf(mask: number): number {
  return mask.toString(2).replaceAll("0", "").length;
}

/** Ranges in use on this machine, Docker's networks among them. */
export async function usedRanges(): Promise<readonly string[]> {
  return [...machineRanges(), ...(await dockerRanges())];
}

/** Ranges of this machine's interfaces and routes, a VPN's too. */
export function machineRanges(): readonly string[] {
  const interfaces = Object.values(os.networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === "IPv4")
    .map((address) => address.cidr)
    .filter((cidr) => cidr !== null);
  const routes = fs.existsSync("/proc/net/route")
    ? parseRoutes(fs.readFileSync("/proc/net/route", "utf8"))
    : [];
  return [...new Set([...interfaces, ...routes])];
}

async function dockerRanges(): Promise<readonly string[]> {
  const ids = await runCommand("docker", ["network", "ls", "--quiet"]);
  const names = ids.stdout.split("\n").filter((id) => id !== "");
  if (ids.exitCode !== 0 || names.length === 0) return [];
  const format = "{{range .IPAM.Config}}{{println .Subnet}}{{end}}";
  const found = await runCommand("docker", ["network", "inspect", "--format", format, ...names]);
  return found.stdout.split("\n").filter((line) => /^[\d.]+\/\d+$/.test(line));
}

/** Whether something listens on this port of the loopback address, or of every address. */
export function portTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(true));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () =>
      server.close(() => resolve(false)),
    );
  });
}
