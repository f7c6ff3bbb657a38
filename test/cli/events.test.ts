import type { EngineEvent, OpType } from "@pulumi/pulumi/automation";
import { describe, expect, it } from "vitest";
import {
  changesAlone,
  countEvent,
  describeChanges,
  newTally,
  resourceName,
} from "../../cli/engine/events";
import { failureText } from "../../cli/engine/operate";
import { CONTAINER, VOLUME } from "../../cli/engine/resourceTypes";

const URN =
  "urn:pulumi:x::gpudev::gpudev:index:Workstation$docker:index/container:Container::alice";
const step = (op: OpType, type = CONTAINER, name?: string): EngineEvent => ({
  sequence: 1,
  timestamp: 0,
  resourcePreEvent: {
    metadata: {
      op,
      type,
      urn: URN,
      provider: "",
      ...(name === undefined
        ? {}
        : {
            old: {
              type,
              urn: URN,
              id: "1",
              parent: "",
              provider: "",
              inputs: { name },
              outputs: {},
            },
          }),
    },
  },
});
const said = (severity: string, message: string, urn?: string): EngineEvent => ({
  sequence: 1,
  timestamp: 0,
  diagnosticEvent: {
    severity: severity as "error",
    message,
    color: "raw",
    ...(urn === undefined ? {} : { urn }),
  },
});

describe("the engine's events", () => {
  it("become what a person sees while it runs", () => {
    const tally = newTally();
    expect(countEvent(tally, step("create"))).toBe("create alice");
    expect(countEvent(tally, step("same"))).toBeUndefined();
    expect(countEvent(tally, said("info", "step 3 of 7\n", URN))).toBe("alice: step 3 of 7");
    expect(countEvent(tally, said("debug", "RegisterResource RPC prepared"))).toBeUndefined();
    expect(countEvent(tally, said("info", "<{%reset%}>  <{%reset%}>"))).toBeUndefined();
    expect(countEvent(tally, { sequence: 1, timestamp: 0, cancelEvent: {} })).toBeUndefined();
  });

  it("add up to errors, warnings and changes", () => {
    const tally = newTally();
    countEvent(tally, said("error", "<{%fg 1%}>no space left<{%reset%}>", URN));
    countEvent(tally, said("warning", "pids are not enforced"));
    countEvent(tally, {
      sequence: 1,
      timestamp: 0,
      summaryEvent: {
        maybeCorrupt: false,
        durationSeconds: 1,
        resourceChanges: { create: 2, same: 1 },
        policyPacks: {},
      },
    });
    expect(tally).toEqual({
      done: 0,
      errors: [{ resource: "alice", message: "no space left" }],
      warnings: ["pids are not enforced"],
      changes: { create: 2, same: 1 },
      ended: [],
    });
  });

  it("name the containers that end", () => {
    const tally = newTally();
    countEvent(tally, step("replace", CONTAINER, "gpudev-x-alice"));
    countEvent(tally, step("create-replacement", CONTAINER, "gpudev-x-alice"));
    countEvent(tally, step("delete", CONTAINER));
    countEvent(tally, step("delete", VOLUME, "gpudev-x-bob-home"));
    countEvent(tally, step("update", CONTAINER, "gpudev-x-carol"));
    expect(tally.ended).toEqual(["gpudev-x-alice", "alice"]);
  });

  it("name a resource by the last part of its URN", () => {
    expect(resourceName(URN)).toBe("alice");
  });
});

describe("changes in words", () => {
  it.each([
    [{}, "done" as const, "nothing to do"],
    [{ create: 3, same: 2 }, "done" as const, "3 created, 2 unchanged"],
    [
      { create: 1, update: 2, replace: 3, delete: 4 },
      "planned" as const,
      "1 to create, 2 to change, 3 to replace, 4 to remove",
    ],
  ])("%j", (changes, tense, text) => {
    expect(describeChanges(changes, tense)).toBe(text);
  });

  it("are none where everything stays the same", () => {
    expect(changesAlone({ same: 4 })).toEqual({});
    expect(changesAlone({ same: 4, create: 1 })).toEqual({ create: 1 });
  });
});

describe("why an operation failed", () => {
  it("is what the resources said, without the engine's echo", () => {
    const tally = newTally();
    tally.errors.push(
      { resource: "alice", message: "no space left on device" },
      { resource: "", message: "update failed" },
    );
    expect(failureText(tally, "")).toBe("alice: no space left on device");
  });

  it("is what the CLI printed, where no resource said anything", () => {
    const printed = "code: -2\n stderr: x\nerror: no passphrase\nerror: and another\n";
    expect(failureText(newTally(), printed)).toBe("error: no passphrase\nerror: and another");
    expect(failureText(newTally(), "code: 1")).toBe("Pulumi's engine ended without saying why.");
  });
});
