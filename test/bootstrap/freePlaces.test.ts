import * as net from "node:net";
import { describe, expect, it } from "vitest";
import { freePort, freeRange, parseRoutes, portTaken } from "../../cli/bootstrap/freePlaces";

describe("freeRange", () => {
  it.each([
    [[], "10.213.0.0/16"],
    [["127.0.0.1/8", "172.17.0.1/16", "192.168.1.20/24"], "10.213.0.0/16"],
    [["10.213.0.1/29"], "10.214.0.0/16"],
    [["10.213.4.0/24", "10.214.0.0/15"], "10.216.0.0/16"],
    [["10.0.0.0/8"], "172.30.0.0/16"],
    [["10.0.0.0/8", "172.16.0.0/12"], "192.168.208.0/20"],
    [["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], undefined],
    [["fd00::1/64"], "10.213.0.0/16"],
  ])("beside %j is %s", (used, range) => {
    expect(freeRange(used)).toBe(range);
  });
});

describe("parseRoutes", () => {
  it("reads destinations and masks, without the default route", () => {
    const table = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
`;
    expect(parseRoutes(table)).toEqual(["192.168.2.0/24", "10.0.0.0/8", "172.17.0.0/16"]);
  });
  it("is empty for an empty table", () => {
    expect(parseRoutes("")).toEqual([]);
  });
});

describe("freePort", () => {
  it("takes the first that is free", async () => {
    expect(await freePort(8888, (port) => Promise.resolve(port < 8891))).toBe(8891);
  });
  it("stays where all are taken, for the plan to say so", async () => {
    expect(await freePort(8888, () => Promise.resolve(true))).toBe(8888);
  });
});

describe("portTaken", () => {
  it.each(["127.0.0.1", "0.0.0.0"])("sees a listener on %s", async (host) => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as net.AddressInfo;
    expect(await portTaken(port)).toBe(true);
    await new Promise((resolve) => server.close(resolve));
    expect(await portTaken(port)).toBe(false);
  });
});
