import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  capacityCode,
  nextRung,
  placeText,
  type RungPlace,
} from "../../../components/plan/aws/capacity";

const RUN = "creating EC2 Instance: operation error EC2: RunInstances, api error";

describe("what says that AWS has no such instance now", () => {
  it.each([
    [`${RUN} InsufficientInstanceCapacity: We do not have…`, "InsufficientInstanceCapacity"],
    [`${RUN} InsufficientHostCapacity: There is…`, "InsufficientHostCapacity"],
    [`${RUN} MaxSpotInstanceCountExceeded: Max spot…`, "MaxSpotInstanceCountExceeded"],
    [`${RUN} SpotMaxPriceTooLow: Your Spot request price…`, "SpotMaxPriceTooLow"],
    [`${RUN} ReservationCapacityExceeded: …`, "ReservationCapacityExceeded"],
    ["waiting for EC2 Spot request: capacity-not-available", "capacity-not-available"],
    ["instance-stopped-no-capacity: EC2 has stopped i-1", "instance-stopped-no-capacity"],
    ["instance-stopped-by-price: EC2 has stopped i-1", "instance-stopped-by-price"],
    [
      `${RUN} Unsupported: Your requested instance type (p4d.24xlarge) is not supported in your requested Availability Zone (us-east-1e).`,
      "Unsupported",
    ],
  ])("%s", (message, code) => {
    expect(capacityCode(message)).toBe(code);
  });

  it.each([
    `${RUN} Unsupported: The requested configuration is currently not supported.`,
    `${RUN} VcpuLimitExceeded: You have requested more vCPU capacity than your current limit`,
    // EC2 says it for minutes of a Spot instance that a person has stopped, too.
    "IncorrectSpotRequestState: The Spot Instance request is not in a state that allows this",
    "instance-stopped-by-user: the instance was stopped by a person",
    `${RUN} InvalidParameterValue: InsufficientlySpecific`,
    "",
  ])("is not %s", (message) => {
    expect(capacityCode(message)).toBeUndefined();
  });
});

const A = "us-east-1a";
const B = "us-east-1b";
const LADDER: readonly RungPlace[] = [
  { type: "g6.xlarge", market: "spot" },
  { type: "g6.xlarge", market: "on-demand", zone: B },
  { type: "g6.xlarge", market: "on-demand" },
  { type: "g5.xlarge", market: "on-demand", offered: [B] },
  { type: "g4dn.xlarge", market: "on-demand", offered: [A, B] },
];

describe("the next step of a ladder", () => {
  it.each<[string, number, string | undefined, readonly string[], number | undefined]>([
    ["the one below, in any zone, while there is no home", 0, undefined, [], 1],
    ["the first that is in the homes' zone", 0, A, [], 2],
    ["the one that names the homes' zone", 0, B, [], 1],
    ["none that was tried in that very zone", 1, B, ["g6.xlarge on-demand in us-east-1b"], 3],
    ["none that the zone does not offer", 2, A, [], 4],
    ["none at the end", 4, B, [], undefined],
    ["the top, for a run to come", -1, A, [], 0],
  ])("is %s", (_, failed, homes, tried, next) => {
    expect(nextRung(LADDER, failed, homes, tried)).toBe(next);
  });

  it("is below what failed, never tried, and with homes always in their zone", () => {
    const zone = fc.constantFrom(A, B);
    const rung = fc.record(
      {
        type: fc.constantFrom("g6.xlarge", "g5.xlarge"),
        market: fc.constantFrom("spot" as const, "on-demand" as const),
        zone,
        offered: fc.subarray([A, B]),
      },
      { requiredKeys: ["type", "market"] },
    );
    fc.assert(
      fc.property(fc.array(rung), fc.integer({ min: -1, max: 5 }), zone, (rungs, failed, homes) => {
        const tried: string[] = [];
        let at = failed;
        for (;;) {
          const next = nextRung(rungs, at, homes, tried);
          if (next === undefined) return;
          const found = rungs[next];
          expect(next).toBeGreaterThan(at);
          expect(found?.zone ?? homes).toBe(homes);
          expect(found?.offered ?? [homes]).toContain(homes);
          const place = placeText(found as RungPlace, homes);
          expect(tried).not.toContain(place);
          tried.push(place);
          at = next;
        }
      }),
    );
  });
});
