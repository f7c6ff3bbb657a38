import type { DockerNetwork, Lookups } from "../lookups/model";
import type { Finding } from "../settings/finding";
import type { Settings } from "../settings/schema";
import { type Decided, error, listed } from "./findings";
import { type Block, holderOf, overlap, toAddress, toBlock, toNumber } from "./ipv4";

/** Subnet and gateway of one user's network. */
export interface Subnet {
  readonly subnet: string;
  readonly gateway: string;
}

/** Addresses of a /29: network, gateway, the container, and room for what a user may add. */
const SIZE = 8;
const PATH = "gpudev:networks.range";

function blockOf(range: Block, slot: number): Block {
  const first = range.first + slot * SIZE;
  return { first, last: first + SIZE - 1 };
}

/** A /16 of 10.0.0.0/8 that nothing known uses. */
function freeRange(used: readonly Block[]): string {
  for (let second = 213; second < 213 + 256; second += 1) {
    const block = toBlock(`10.${second % 256}.0.0/16`);
    if (block && !used.some((other) => overlap(other, block))) return `10.${second % 256}.0.0/16`;
  }
  return "172.30.0.0/16";
}

function known<T>(answer: { known: true; value: readonly T[] } | { known: false }): readonly T[] {
  return answer.known ? answer.value : [];
}

function blocksOf(network: DockerNetwork): Block[] {
  return network.subnets.flatMap((subnet) => toBlock(subnet) ?? []);
}

function clashes(
  blocks: ReadonlyMap<string, Block>,
  networks: readonly DockerNetwork[],
  addresses: readonly string[],
  id: string,
): Finding[] {
  const used = networks.flatMap(blocksOf);
  const here = addresses.map((address) => ({ first: toNumber(address), last: toNumber(address) }));
  const mend = `Set networks.range to a private range that nothing uses, such as ${freeRange([...used, ...here])}, or remove what is in the way.`;
  const hit = (block: Block) =>
    [...blocks].filter(([, own]) => overlap(own, block)).map(([user]) => user);
  const inNetwork = holderOf(used);
  const found: Finding[] = [];
  for (const network of networks) {
    if (network.stackId === id) continue;
    const users = [...new Set(blocksOf(network).flatMap(hit))];
    if (users.length > 0) {
      const text = `Docker network ${network.name} (${network.subnets.join(", ")}) overlaps the subnets of ${listed(users)}`;
      found.push(error("subnet-clash", PATH, text, mend));
    }
  }
  for (const [index, address] of addresses.entries()) {
    const block = here[index];
    // A bridge's own gateway is an address of the machine too; the bridge was judged above.
    if (block === undefined || inNetwork(block.first)) continue;
    const users = hit(block);
    if (users.length > 0) {
      const text = `${address} is an address of this machine and lies in the subnet of ${listed(users)}`;
      found.push(error("subnet-clash", PATH, text, mend));
    }
  }
  return found;
}

/** Gives each slot its /29 of the range, and holds it against the networks that are there. */
export function assignSubnets(
  settings: Settings,
  lookups: Lookups,
  slots: ReadonlyMap<string, number>,
  id: string,
): Decided<ReadonlyMap<string, Subnet>> {
  const { range } = settings.networks;
  const whole = toBlock(range) ?? { first: 0, last: 0 };
  const blocks = new Map([...slots].map(([user, slot]) => [user, blockOf(whole, slot)]));
  const beyond = [...blocks].filter(([, block]) => block.last > whole.last).map(([user]) => user);
  const findings: Finding[] = [];
  if (beyond.length > 0) {
    const room = Math.floor((whole.last - whole.first + 1) / SIZE);
    findings.push(
      error(
        "range-too-small",
        PATH,
        `${range} has room for ${room} networks of 8 addresses, and ${listed(beyond)} ${beyond.length === 1 ? "sits" : "sit"} beyond`,
        "Take a larger private range, such as 10.213.0.0/16 with room for 8192.",
      ),
    );
  }
  findings.push(...clashes(blocks, known(lookups.networks), known(lookups.addresses), id));
  const value = new Map(
    [...blocks].map(([user, { first }]): [string, Subnet] => [
      user,
      { subnet: `${toAddress(first)}/29`, gateway: toAddress(first + 1) },
    ]),
  );
  return { value, findings };
}
