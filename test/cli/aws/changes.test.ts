import { describe, expect, it } from "vitest";
import {
  departingHosts,
  endedUsers,
  protectedOnes,
  touchedHosts,
  type Step,
} from "../../../cli/aws/changes";

const urn = (type: string, name: string) => `urn:pulumi:team::gpudev::${type}::${name}`;
const INSTANCE = "aws:ec2/instance:Instance";
const DOCUMENT = "aws:s3/bucketObjectv2:BucketObjectv2";

const instance = (op: Step["op"], diffs: string[] = [], host = "host-0"): Step => ({
  op,
  type: INSTANCE,
  urn: urn(INSTANCE, `gpudev-${host}-instance`),
  diffs,
});

type Units = Readonly<Record<string, string>>;
const content = (units: Units) =>
  JSON.stringify({
    environments: Object.entries(units).map(([user, unit]) => ({ user, unit })),
  });

function document(op: Step["op"], before: Units, after?: Units | "unknown", host = "host-0"): Step {
  const state = (text: string) =>
    ({ inputs: { content: text }, outputs: {} }) as unknown as NonNullable<Step["old"]>;
  return {
    op,
    type: DOCUMENT,
    urn: urn(DOCUMENT, `gpudev-${host}-document`),
    old: state(content(before)),
    ...(after === undefined
      ? {}
      : { new: state(after === "unknown" ? "04da6b54-80e4-46f7" : content(after)) }),
  };
}

describe("whose environments a change ends", () => {
  it.each<[string, readonly Step[], string[]]>([
    ["nobody's where nothing changes", [document("same", { ada: "1" }, { ada: "1" })], []],
    [
      "nobody's where somebody comes",
      [document("update", { ada: "1" }, { ada: "1", bob: "1" })],
      [],
    ],
    ["a leaver's", [document("update", { ada: "1", bob: "1" }, { ada: "1" })], ["bob"]],
    [
      "one whose unit changes",
      [document("update", { ada: "1", bob: "1" }, { ada: "1", bob: "2" })],
      ["bob"],
    ],
    [
      "all, where another image is built",
      [document("update", { ada: "1", bob: "1" }, "unknown")],
      ["ada", "bob"],
    ],
    [
      "all of a machine that is replaced",
      [instance("replace"), document("same", { ada: "1", bob: "1" }, { ada: "1", bob: "1" })],
      ["ada", "bob"],
    ],
    [
      "all of a machine that becomes another type",
      [instance("update", ["instanceType"]), document("same", { ada: "1" }, { ada: "1" })],
      ["ada"],
    ],
    [
      "nobody's where a machine gets tags",
      [instance("update", ["tags"]), document("same", { ada: "1" }, { ada: "1" })],
      [],
    ],
    [
      "those of the other machine alone",
      [
        instance("delete", [], "host-1"),
        document("same", { ada: "1" }, { ada: "1" }),
        document("delete", { bob: "1" }, undefined, "host-1"),
      ],
      ["bob"],
    ],
  ])("%s", (_, steps, users) => {
    expect(endedUsers(steps)).toEqual(users);
  });
});

describe("hosts that a change touches", () => {
  it("are those with another document, association or machine", () => {
    const steps: Step[] = [
      document("update", {}, {}, "host-3"),
      document("same", {}, {}, "host-1"),
      instance("delete", [], "host-2"),
      instance("create", [], "host-10"),
      {
        op: "replace",
        type: "aws:ssm/association:Association",
        urn: urn("x", "gpudev-host-4-apply"),
      },
      { op: "create", type: "aws:iam/role:Role", urn: urn("x", "gpudev-access-ssh-0") },
    ];
    expect(touchedHosts(steps)).toEqual(["host-10", "host-3", "host-4"]);
  });
});

describe("hosts whose machine goes", () => {
  it("are those that are removed or replaced, and none that is changed or made", () => {
    const steps: Step[] = [
      instance("replace", [], "host-4"),
      instance("create-replacement", [], "host-4"),
      instance("delete-replaced", [], "host-4"),
      instance("delete", [], "host-2"),
      instance("update", ["instanceType"], "host-0"),
      instance("create", [], "host-5"),
      instance("same", [], "host-1"),
      document("delete", {}, undefined, "host-3"),
    ];
    expect(departingHosts(steps)).toEqual(["host-2", "host-4"]);
  });
});

describe("homes that the engine will not drop", () => {
  it("are named by its own words", () => {
    const errors = [
      {
        resource: "",
        message: `unable to replace resource "${urn("aws:ebs/volume:Volume", "gpudev-homes-host-1")}"\nas it is currently marked for protection.`,
      },
      {
        resource: "gpudev-homes-host-0",
        message: `resource "${urn("aws:ebs/volume:Volume", "gpudev-homes-host-0")}" cannot be deleted\nbecause it is protected.`,
      },
      { resource: "gpudev-host-0-instance", message: "InsufficientInstanceCapacity" },
    ];
    expect(protectedOnes(errors)).toEqual(["gpudev-homes-host-0", "gpudev-homes-host-1"]);
  });
});
