import { describe, expect, it } from "vitest";
import { wayToTell } from "../../cli/bootstrap/gpuToolkit";

describe("how Docker hears of the GPUs", () => {
  it.each([
    ["28.3.1", true, true, "none"],
    ["28.3.1", true, false, "specification"],
    ["26.1.0", true, false, "specification"],
    ["27.5.1", false, true, "runtime"],
    ["26.0.2", true, true, "runtime"],
    ["20.10.24", false, false, "runtime"],
    [undefined, false, false, "runtime"],
  ])("Docker %s, reads CDI %s, refreshed %s: %s", (docker, cdi, refreshed, way) => {
    expect(wayToTell({ ...(docker === undefined ? {} : { docker }), cdi, refreshed })).toBe(way);
  });
});
