import { describe, expect, it } from "vitest";
import { ask, isMissing, reasonOf } from "../../../components/lookups/aws/ask";
import { onDemandPrice } from "../../../components/lookups/aws/prices";
import { routeKind } from "../../../components/lookups/aws/vpcs";

function named(name: string, message: string): Error {
  const problem = new Error(message);
  problem.name = name;
  return problem;
}

describe("why there is no answer", () => {
  it.each([
    [
      named("CredentialsProviderError", "Could not load credentials from any providers"),
      "Could not load credentials from any providers",
    ],
    [
      named("UnauthorizedOperation", "You are not authorized to perform this operation.\nMore."),
      "UnauthorizedOperation: You are not authorized to perform this operation",
    ],
    [named("TimeoutError", "The operation was aborted"), "AWS did not answer within 15 seconds"],
    [named("AbortError", "Request aborted"), "AWS did not answer within 15 seconds"],
    [
      new AggregateError([new Error("connect ECONNREFUSED 127.0.0.1:5000")]),
      "connect ECONNREFUSED 127.0.0.1:5000",
    ],
    [named("ExpiredToken", ""), "ExpiredToken"],
    ["text", "text"],
  ])("%s", (problem, reason) => {
    expect(reasonOf(problem)).toBe(reason);
  });

  it("is a value, never an exception", async () => {
    expect(await ask(() => Promise.resolve(3))).toEqual({ known: true, value: 3 });
    expect(await ask(() => Promise.reject(named("Throttling", "Rate exceeded")))).toEqual({
      known: false,
      because: "Throttling: Rate exceeded",
    });
  });

  it.each([
    ["RepositoryNotFoundException", true],
    ["InvalidCapacityReservationId.NotFound", true],
    ["InvalidCapacityReservationId.Malformed", true],
    ["UnauthorizedOperation", false],
  ])("%s says that there is no such thing: %s", (name, missing) => {
    expect(isMissing(named(name, "x"))).toBe(missing);
  });
});

describe("a default route", () => {
  it.each([
    [undefined, "none"],
    [{ GatewayId: "igw-1" }, "internet-gateway"],
    [{ NatGatewayId: "nat-1" }, "nat"],
    [{ TransitGatewayId: "tgw-1" }, "other"],
    [{ GatewayId: "vgw-1" }, "other"],
    [{ NatGatewayId: "nat-1", State: "blackhole" as const }, "none"],
  ])("%j leads to: %s", (route, kind) => {
    expect(routeKind(route)).toBe(kind);
  });
});

describe("a product of the price list", () => {
  const product = (dimensions: Record<string, unknown>) =>
    JSON.stringify({
      product: { sku: "ABC" },
      terms: { OnDemand: { "ABC.1": { priceDimensions: dimensions } } },
    });

  it("has its hourly price among its terms", () => {
    const text = product({
      "ABC.1.Q": { unit: "Quantity", pricePerUnit: { USD: "12.0" } },
      "ABC.1.H": { unit: "Hrs", pricePerUnit: { USD: "0.8048000000" } },
    });
    expect(onDemandPrice(text)).toBe(0.8048);
  });

  it.each([
    product({ a: { unit: "Hrs", pricePerUnit: { USD: "0.0000000000" } } }),
    product({ a: { unit: "Hrs", pricePerUnit: { CNY: "5" } } }),
    JSON.stringify({ terms: { Reserved: {} } }),
  ])("without one has none: %s", (text) => {
    expect(onDemandPrice(text)).toBeUndefined();
  });
});
