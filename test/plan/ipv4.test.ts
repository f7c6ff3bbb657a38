import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holderOf, type Block } from "../../components/plan/ipv4";

// Close together, so that blocks meet, lie in each other and leave gaps.
const address = fc.integer({ min: 0, max: 200 });
const block = fc
  .tuple(address, fc.integer({ min: 0, max: 60 }))
  .map(([first, size]): Block => ({ first, last: first + size }));

describe("whether a block holds an address", () => {
  it("is what looking at each of them would say", () => {
    fc.assert(
      fc.property(fc.array(block), address, (blocks, asked) => {
        const one = blocks.some(({ first, last }) => first <= asked && asked <= last);
        expect(holderOf(blocks)(asked)).toBe(one);
      }),
    );
  });
});
