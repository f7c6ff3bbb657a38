import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { turns } from "../../components/lookups/turns";

describe("turns", () => {
  it("let no more go on than they may, in the order of asking, and go on after a failure", async () => {
    const turn = turns(2);
    const begun: number[] = [];
    let going = 0;
    let most = 0;
    const work = (index: number) =>
      turn(async () => {
        begun.push(index);
        going += 1;
        most = Math.max(most, going);
        await setTimeout(1);
        going -= 1;
        if (index === 1) throw new Error("one fails");
        return index;
      });
    const ended = await Promise.allSettled([0, 1, 2, 3, 4, 5].map(work));
    expect(most).toBe(2);
    expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
    expect(ended.map(({ status }) => status === "fulfilled")).toEqual([
      true,
      false,
      true,
      true,
      true,
      true,
    ]);
  });
});
