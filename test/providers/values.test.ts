import { describe, expect, it } from "vitest";
import {
  equal,
  fromStruct,
  isUnknown,
  reveal,
  toStruct,
  valueAt,
} from "../../cli/providers/values";

const MARK = "4dabf18193072939515e22adb298388d";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const secret = (value: string) => ({ [MARK]: "1b47061264138c4ac30d75fd1eb44270", value });

describe("property values", () => {
  it("come through the engine's wire format unchanged", () => {
    const properties = { a: [1, "two", null, { b: false }], c: secret("x") };
    expect(fromStruct(toStruct(properties))).toEqual(properties);
  });

  it("are revealed at every depth", () => {
    expect(reveal({ a: [secret("x")], b: { c: secret("y") } })).toEqual({
      a: ["x"],
      b: { c: "y" },
    });
  });

  it("are unknown where any part is", () => {
    expect(isUnknown({ a: [{ b: UNKNOWN }] })).toBe(true);
    expect(isUnknown({ a: [{ b: "known" }] })).toBe(false);
  });

  it("are found by their path", () => {
    expect(valueAt({ a: [{ b: 7 }] }, ["a", 0, "b"])).toBe(7);
    expect(valueAt({ a: 1 }, ["a", "b"])).toBeUndefined();
  });

  it.each([
    [{ a: 1, b: [2, 3] }, { b: [2, 3], a: 1 }, true],
    [[1, 2], [2, 1], false],
    [[1], [1, 2], false],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    ["1", 1, false],
    [undefined, undefined, true],
  ])("compare: %j and %j", (left, right, same) => {
    expect(equal(left, right)).toBe(same);
  });
});
