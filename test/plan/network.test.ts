import { describe, expect, it } from "vitest";
import { makePlan } from "../../components/plan";
import { overlap, toAddress, toBlock, toNumber } from "../../components/plan/ipv4";
import { errorsOf, ID, machine, settingsOf, theFinding } from "./world";

const known = <T>(value: T) => ({ known: true as const, value });
const range = (cidr: string) => ({ networks: { range: cidr } });

describe("IPv4", () => {
  it.each([
    ["10.213.0.0/16", "10.213.0.0", "10.213.255.255"],
    ["10.213.7.9/29", "10.213.7.8", "10.213.7.15"],
    ["192.168.1.20", "192.168.1.20", "192.168.1.20"],
    ["0.0.0.0/0", "0.0.0.0", "255.255.255.255"],
  ])("%s goes from %s to %s", (cidr, first, last) => {
    const block = toBlock(cidr);
    expect(block && [toAddress(block.first), toAddress(block.last)]).toEqual([first, last]);
  });

  it("leaves IPv6 alone", () => {
    expect(toBlock("fd00::/64")).toBeUndefined();
  });

  it("overlaps at a single address", () => {
    const at = (address: string) => ({ first: toNumber(address), last: toNumber(address) });
    const block = { first: toNumber("10.0.0.8"), last: toNumber("10.0.0.15") };
    expect(overlap(block, at("10.0.0.15"))).toBe(true);
    expect(overlap(block, at("10.0.0.16"))).toBe(false);
  });
});

describe("networks", () => {
  it("are the /29 that the slot numbers", () => {
    const seats = { id: ID, a: { slot: 0 }, b: { slot: 1 }, c: { slot: 33 }, d: { slot: 8191 } };
    const plan = makePlan(settingsOf(["a", "b", "c", "d"], { seats }), machine());
    expect(plan.environments.map(({ network }) => network)).toEqual([
      { name: "gpudev-team-a", subnet: "10.213.0.0/29", gateway: "10.213.0.1" },
      { name: "gpudev-team-b", subnet: "10.213.0.8/29", gateway: "10.213.0.9" },
      { name: "gpudev-team-c", subnet: "10.213.1.8/29", gateway: "10.213.1.9" },
      { name: "gpudev-team-d", subnet: "10.213.255.248/29", gateway: "10.213.255.249" },
    ]);
  });

  it("beyond the range are an error that says how many fit", () => {
    const plan = makePlan(settingsOf(["a", "b", "c"], range("10.9.0.0/28")), machine());
    expect(theFinding(plan, "range-too-small")).toMatchObject({
      severity: "error",
      path: "gpudev:networks.range",
      message: "10.9.0.0/28 has room for 2 networks of 8 addresses, and c sits beyond.",
    });
  });

  it("that meet another one are an error that names it and a range that is free", () => {
    const networks = known([
      { name: "bridge", subnets: ["172.17.0.0/16"] },
      { name: "compose_default", subnets: ["fd00::/64", "10.213.0.0/24"] },
      { name: "other", subnets: ["10.214.0.0/16"], stackId: "other1" },
    ]);
    const plan = makePlan(settingsOf(["a", "b"]), machine([], { networks }));
    expect(errorsOf(plan)).toEqual(["subnet-clash"]);
    expect(theFinding(plan, "subnet-clash")).toMatchObject({
      path: "gpudev:networks.range",
      message:
        "Docker network compose_default (fd00::/64, 10.213.0.0/24) overlaps the subnets of a and b.",
      mend: "Set networks.range to a private range that nothing uses, such as 10.215.0.0/16, or remove what is in the way.",
    });
  });

  it("of the stack itself are in nobody's way, nor are their gateways", () => {
    const networks = known([{ name: "gpudev-team-a", subnets: ["10.213.0.0/29"], stackId: ID }]);
    const addresses = known(["192.168.1.20", "10.213.0.1"]);
    const plan = makePlan(settingsOf(["a"]), machine([], { networks, addresses }));
    expect(errorsOf(plan)).toEqual([]);
  });

  it("that hold an address of the machine are an error", () => {
    const addresses = known(["10.213.0.5"]);
    const plan = makePlan(settingsOf(["a"]), machine([], { addresses }));
    expect(theFinding(plan, "subnet-clash").message).toBe(
      "10.213.0.5 is an address of this machine and lies in the subnet of a.",
    );
  });
});
