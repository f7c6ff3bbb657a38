import { describe, expect, it } from "vitest";
import { makePlan } from "../../components/plan";
import type { TakenPort } from "../../components/lookups";
import { ed25519 } from "../settings/keys";
import { errorsOf, ID, machine, settingsOf, theFinding } from "./world";

function world(...taken: TakenPort[]) {
  return machine([], { takenPorts: { known: true, value: taken } });
}

describe("ports", () => {
  it("follow from the slot and are published on loopback", () => {
    const seats = { id: ID, a: { slot: 4 } };
    const plan = makePlan(settingsOf(["a"], { seats }), machine());
    expect(plan.environments[0]?.profile.ports).toEqual([
      { name: "jupyter", container: 8888, published: { address: "127.0.0.1", port: 8892 } },
      { name: "ssh", container: 2222, published: { address: "127.0.0.1", port: 2226 } },
    ]);
  });

  it("are there only for services that are on", () => {
    const rest = { services: { jupyter: false }, ports: { ssh: 30_000 } };
    const plan = makePlan(
      settingsOf(
        ["a"].map((name) => ({ name, sshKeys: [ed25519()] })),
        rest,
      ),
      machine(),
    );
    expect(plan.environments[0]?.profile.ports).toEqual([
      { name: "ssh", container: 2222, published: { address: "127.0.0.1", port: 30_000 } },
    ]);
    expect(plan.environments[0]?.profile.command).toEqual(["ssh"]);
  });

  it.each<[string, TakenPort, boolean]>([
    ["on the same address", { address: "127.0.0.1", port: 8888 }, true],
    ["on every address", { address: "0.0.0.0", port: 8888 }, true],
    ["on every address of IPv6", { address: "::", port: 8888 }, true],
    ["as a mapped address", { address: "::ffff:127.0.0.1", port: 8888 }, true],
    ["on another address", { address: "192.168.1.20", port: 8888 }, false],
    ["beside it", { address: "127.0.0.1", port: 8900 }, false],
    ["by this stack", { address: "127.0.0.1", port: 8888, stackId: ID }, false],
    ["by another stack", { address: "127.0.0.1", port: 8888, stackId: "other1" }, true],
  ])("held %s: %j clashes: %s", (_, taken, clashes) => {
    expect(errorsOf(makePlan(settingsOf(["a"]), world(taken)))).toEqual(
      clashes ? ["port-taken"] : [],
    );
  });

  it("taken are an error that names the holder", () => {
    const taken = [
      { address: "127.0.0.1", port: 8889, holder: "container jupyter" },
      { address: "0.0.0.0", port: 2222 },
    ];
    const plan = makePlan(settingsOf(["a", "b"]), world(...taken));
    const found = plan.findings.filter(({ code }) => code === "port-taken");
    expect(found.map(({ path, message, mend }) => [path, message, mend])).toEqual([
      [
        "gpudev:ports.ssh",
        "Port 2222, a's ssh port, is held by another program.",
        "Stop that (as root, ss -ltnp names it), or set ports.ssh to a range that is free.",
      ],
      [
        "gpudev:ports.jupyter",
        "Port 8889, b's jupyter port, is held by container jupyter.",
        "Stop container jupyter, or set ports.jupyter to a range that is free.",
      ],
    ]);
  });

  it("whose ranges meet are an error", () => {
    const rest = { ports: { jupyter: 9000, ssh: 9002 } };
    expect(errorsOf(makePlan(settingsOf(["a", "b"], rest), machine()))).toEqual([]);
    const plan = makePlan(settingsOf(["a", "b", "c"], rest), machine());
    expect(theFinding(plan, "ports-overlap").message).toBe(
      "Port 9002 would be a's ssh port and c's jupyter port; the two ranges meet.",
    );
  });

  it("beyond the last one are an error", () => {
    const seats = { id: ID, a: { slot: 600 } };
    const rest = { seats, ports: { ssh: 65_000 } };
    const plan = makePlan(settingsOf(["a"], rest), machine());
    expect(theFinding(plan, "port-beyond")).toMatchObject({
      path: "gpudev:ports.ssh",
      message: "Ports end at 65535, and a would get a higher one.",
    });
  });
});
