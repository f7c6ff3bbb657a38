import { describe, expect, it } from "vitest";
import { publishedFor } from "../../../cli/aws/published";

const NAMES = [
  "/gpudev/7f3k2m/host-1/ada/token",
  "/gpudev/7f3k2m/host-0/ada/host-key",
  "/gpudev/7f3k2m/host-0/adam/token",
  "/gpudev/7f3k2m/host-0/ca/root",
  "/gpudev/7f3k2mm/host-0/ada/token",
];

describe("what hosts have published", () => {
  it("for one user, on whatever host", () => {
    expect(publishedFor(NAMES, "7f3k2m", "ada")).toEqual([
      "/gpudev/7f3k2m/host-0/ada/host-key",
      "/gpudev/7f3k2m/host-1/ada/token",
    ]);
    expect(publishedFor(NAMES, "7f3k2m", "eve")).toEqual([]);
  });

  it("for all of a stack, and of no other", () => {
    expect(publishedFor(NAMES, "7f3k2m", undefined)).toEqual(NAMES.slice(0, 4).toSorted());
  });
});
