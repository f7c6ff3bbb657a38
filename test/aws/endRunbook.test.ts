import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { endRunbook, endSteps } from "../../components/aws/endRunbook";

/** Stands for AWS's Python SDK: answers from `WORLD`, writes down what is asked. */
const BOTO3 = `
import json, sys, types

WORLD = json.loads(sys.argv[1])
CALLS = []

class Pages:
    def __init__(self, what): self.what = what
    def paginate(self, **asked):
        if self.what == "describe_instances":
            states = asked["Filters"][1]["Values"]
            found = [i for i in WORLD["instances"] if i["State"]["Name"] in states]
            return [{"Reservations": [{"Instances": [i]}]} for i in found]
        if self.what == "describe_volumes":
            return [{"Volumes": WORLD["volumes"]}]
        return [{"Snapshots": WORLD["snapshots"]}]

class Waiter:
    def __init__(self, what): self.what = what
    def wait(self, **asked):
        asked.pop("WaiterConfig")
        CALLS.append(["wait " + self.what, *asked.values()])

class Ec2:
    def get_paginator(self, what): return Pages(what)
    def get_waiter(self, what): return Waiter(what)
    def __getattr__(self, what):
        def call(**asked):
            CALLS.append([what, asked])
            return {"SnapshotId": "snap-of-" + asked.get("VolumeId", "")}
        return call

boto3 = types.ModuleType("boto3")
boto3.client = lambda name: Ec2()
sys.modules["boto3"] = boto3
scope = {}
exec(sys.argv[2], scope)
answer = scope[sys.argv[3]](json.loads(sys.argv[4]), {})
print(json.dumps({"answer": answer, "calls": CALLS}))
`;

interface Instance {
  readonly InstanceId: string;
  readonly State: { readonly Name: string };
  readonly SpotInstanceRequestId?: string;
}

interface World {
  readonly instances?: readonly Instance[];
  readonly volumes?: readonly unknown[];
  readonly snapshots?: readonly unknown[];
}

function runStep(name: string, world: World, events: Record<string, unknown>) {
  const step = endSteps("7f3k2m", true).find((one) => one.name === name);
  if (step === undefined) throw new Error(`no step ${name}`);
  const all = { instances: [], volumes: [], snapshots: [], ...world };
  const text = execFileSync(
    "python3",
    ["-c", BOTO3, JSON.stringify(all), step.script, step.handler, JSON.stringify(events)],
    { encoding: "utf8" },
  );
  return JSON.parse(text) as { answer: unknown; calls: unknown[] };
}

const host = (id: string, state: string, spot?: string): Instance => ({
  InstanceId: id,
  State: { Name: state },
  ...(spot === undefined ? {} : { SpotInstanceRequestId: spot }),
});

describe("the end of a stack", () => {
  it("is stop, snapshot, wait, terminate; a step that fails leaves the rest undone", () => {
    const content = JSON.parse(
      endRunbook({
        region: "eu-west-1",
        account: "111122223333",
        stackId: "7f3k2m",
        roleArn: "arn:role",
        volumes: true,
      }),
    ) as {
      assumeRole: string;
      schemaVersion: string;
      mainSteps: { name: string; onFailure: string; action: string }[];
    };
    expect([content.schemaVersion, content.assumeRole]).toEqual(["0.3", "arn:role"]);
    expect(
      content.mainSteps.map(({ name, action, onFailure }) => [name, action, onFailure]),
    ).toEqual(
      ["stop", "snapshot", "wait", "terminate"].map((name) => [name, "aws:executeScript", "Abort"]),
    );
  });

  it("takes no snapshot of homes that lie on EFS", () => {
    expect(endSteps("7f3k2m", false).map(({ name }) => name)).toEqual(["stop", "terminate"]);
  });

  it("stops what runs, waits for it, and cancels spot requests, which would bring hosts back", () => {
    const instances = [
      host("i-run", "running"),
      host("i-spot", "running", "sir-1"),
      host("i-off", "stopped"),
      host("i-gone", "terminated"),
    ];
    expect(runStep("stop", { instances }, { Stack: "7f3k2m" })).toEqual({
      answer: { InstanceIds: ["i-run", "i-spot", "i-off"] },
      calls: [
        ["stop_instances", { InstanceIds: ["i-run", "i-spot"] }],
        ["wait instance_stopped", ["i-run", "i-spot"]],
        ["cancel_spot_instance_requests", { SpotInstanceRequestIds: ["sir-1"] }],
      ],
    });
  });

  it("has nothing to stop where nothing is there", () => {
    expect(runStep("stop", {}, { Stack: "7f3k2m" })).toEqual({
      answer: { InstanceIds: [] },
      calls: [],
    });
  });

  it("takes one snapshot of each homes volume, with the volume's tags, also when tried again", () => {
    const tags = [
      { Key: "gpudev:homes", Value: "7f3k2m" },
      { Key: "aws:own", Value: "x" },
    ];
    const volumes = ["vol-1", "vol-2"].map((VolumeId) => ({ VolumeId, Tags: tags }));
    const snapshots = [{ VolumeId: "vol-1", SnapshotId: "snap-earlier" }];
    const { answer, calls } = runStep(
      "snapshot",
      { volumes, snapshots },
      { Stack: "7f3k2m", Execution: "run-1" },
    );
    expect(answer).toEqual({ SnapshotIds: ["snap-earlier", "snap-of-vol-2"] });
    expect(calls).toEqual([
      [
        "create_snapshot",
        {
          VolumeId: "vol-2",
          Description: "gpudev: homes at the end of the stack",
          TagSpecifications: [
            {
              ResourceType: "snapshot",
              Tags: [
                { Key: "gpudev:homes", Value: "7f3k2m" },
                { Key: "gpudev:execution", Value: "run-1" },
              ],
            },
          ],
        },
      ],
    ]);
  });

  it("waits for the snapshots before anything goes", () => {
    expect(runStep("wait", {}, { SnapshotIds: ["snap-1"] }).calls).toEqual([
      ["wait snapshot_completed", ["snap-1"]],
    ]);
    expect(runStep("wait", {}, { SnapshotIds: [] }).calls).toEqual([]);
  });

  it("terminates the hosts", () => {
    expect(runStep("terminate", {}, { InstanceIds: ["i-1"] }).calls).toEqual([
      ["terminate_instances", { InstanceIds: ["i-1"] }],
    ]);
    expect(runStep("terminate", {}, { InstanceIds: [] }).calls).toEqual([]);
  });
});
