import { describe, expect, it } from "vitest";
import {
  requestsToCancel,
  type SpotHost,
  type SpotRequest,
  type Which,
} from "../../../cli/aws/spotRequests";

const ID = "7f3k2m";

const INSTANCES: readonly SpotHost[] = [
  { name: "host-0", instanceId: "i-0", request: "sir-0", gone: false },
  { name: "host-1", instanceId: "i-1", request: "sir-1", gone: false },
  { name: "host-2", instanceId: "i-2", gone: false },
  // Replaced by an earlier run, whose request has outlived it.
  { name: "host-1", instanceId: "i-old", request: "sir-old", gone: true },
];
const LIVE: readonly SpotRequest[] = [
  { id: "sir-1", instanceId: "i-1" },
  { id: "sir-0", instanceId: "i-0" },
  { id: "sir-theirs", instanceId: "i-theirs" },
  { id: "sir-other", instanceId: "i-other", stackId: "another" },
];
const RELAUNCHED = { id: "sir-old", instanceId: "i-nobodys" };

describe("the Spot requests that go with their hosts", () => {
  it.each<[string, Omit<Which, "stackId">, readonly string[], readonly string[]]>([
    ["those of a host that is replaced alone", { hosts: ["host-0"] }, ["sir-0"], ["host-0"]],
    ["none of an on-demand host", { hosts: ["host-2"] }, [], []],
    ["none where no host goes", { hosts: [] }, [], []],
    ["all of a stack that is destroyed", {}, ["sir-0", "sir-1"], ["host-0", "host-1"]],
  ])("are %s", (_, which, requests, hosts) => {
    expect(requestsToCancel(INSTANCES, LIVE, { stackId: ID, ...which })).toEqual({
      requests,
      hosts,
      untracked: [],
    });
  });

  it("are found by instance where EC2 does not name the request there", () => {
    const instances = [{ name: "host-0", instanceId: "i-0", gone: false }];
    expect(requestsToCancel(instances, LIVE, { stackId: ID, hosts: ["host-0"] }).requests).toEqual([
      "sir-0",
    ]);
  });

  it("are those of terminated instances in any case, and what they launched is named", () => {
    expect(requestsToCancel(INSTANCES, [...LIVE, RELAUNCHED], { stackId: ID, hosts: [] })).toEqual({
      requests: ["sir-old"],
      hosts: ["host-1"],
      untracked: ["i-nobodys"],
    });
  });

  it("are, once EC2 shows no instance any more, those of before and those with the stack's tag", () => {
    const live = [
      { id: "sir-0" },
      { id: "sir-tagged", stackId: ID },
      { id: "sir-other", stackId: "another" },
      { id: "sir-theirs" },
    ];
    expect(
      requestsToCancel([], live, { stackId: ID, earlier: ["sir-0", "sir-1"] }).requests,
    ).toEqual(["sir-0", "sir-tagged"]);
    expect(requestsToCancel([], live, { stackId: ID, hosts: ["host-0"] }).requests).toEqual([]);
  });
});
