import { stripVTControlCharacters as plain } from "node:util";
import { describe, expect, it } from "vitest";
import { endpointsOf } from "../../components/endpoints";
import { environmentsTable } from "../../cli/output/environments";
import { planText } from "../../cli/output/planText";
import { handPlan } from "../support/handPlan";

const plan = handPlan({ stack: "x", users: ["alice", "bob"], leavers: ["carol"] });

describe("a plan for the person who reviews it", () => {
  it("says who sits where, on what, within which limits, and what it costs", () => {
    expect(plain(planText(plan, endpointsOf(plan)))).toBe(
      [
        "Stack x (team x) on this machine's daemon",
        "Image pytorch-cuda:2.6.0-cu124-py3.10-0123456789ab, pytorch-cuda:2.6-cuda12.4 (torch 2.6.0, CUDA 12.4, Python 3.10; built here)",
        "Price 0: your own machine",
        "",
        "USER   SLOT  GPU  JUPYTER          MEMORY   CPUS         SHM     PIDS  NETWORK        CONTAINER",
        "alice  0     CPU  127.0.0.1:30000  256 MiB  all, shared  64 MiB  256   10.231.0.0/29  gpudev-x-alice",
        "bob    1     CPU  127.0.0.1:30001  256 MiB  all, shared  64 MiB  256   10.231.0.8/29  gpudev-x-bob",
        "",
        "Kept without an environment: the home of carol (`gpudev forget NAME` deletes one).",
      ].join("\n"),
    );
  });

  it("says it where nobody has an environment", () => {
    const empty = handPlan({ stack: "x", users: [] });
    expect(planText(empty, [])).toContain("Nobody has an environment in this stack.");
  });

  it("names an image that is used as it is", () => {
    const image = `registry.example.com/pytorch@sha256:${"a".repeat(64)}`;
    const as = handPlan({ stack: "x", users: [], image });
    expect(planText(as, [])).toContain(`Image ${image} (torch 2.6.0, CUDA 12.4`);
  });
});

describe("the table that ends `up`", () => {
  it("shows addresses without any token", () => {
    const files = { sshConfig: "/s/ssh_config", knownHosts: "/s/known_hosts" };
    expect(plain(environmentsTable(endpointsOf(plan), files))).toBe(
      [
        "USER   JUPYTER                     GPU",
        "alice  http://127.0.0.1:30000/lab  CPU",
        "bob    http://127.0.0.1:30001/lab  CPU",
      ].join("\n"),
    );
  });
});
