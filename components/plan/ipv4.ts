/** A block of IPv4 addresses as numbers, both ends included. */
export interface Block {
  readonly first: number;
  readonly last: number;
}

/** The number of a dotted IPv4 address. */
export function toNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The dotted form of an address. */
export function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** The block of a CIDR such as `10.213.0.0/16`; undefined for IPv6. */
export function toBlock(cidr: string): Block | undefined {
  const [address = "", bits = "32"] = cidr.split("/");
  if (!/^\d+(\.\d+){3}$/.test(address)) return undefined;
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(toNumber(address) / size) * size;
  return { first, last: first + size - 1 };
}

export function overlap(a: Block, b: Block): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Answers whether any of the blocks holds an address, without looking at them all each time. */
export function holderOf(blocks: readonly Block[]): (address: number) => boolean {
  const sorted = blocks.toSorted((a, b) => a.first - b.first);
  // How far the blocks up to each one reach: those begin at or below an address that lies behind it.
  const reach: number[] = [];
  for (const { last } of sorted) reach.push(Math.max(last, reach.at(-1) ?? 0));
  return (address) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.first ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    return low > 0 && (reach[low - 1] ?? 0) >= address;
  };
}
