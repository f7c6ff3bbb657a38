import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { endRunbook, endSteps } from "../../components/aws/endRunbook";

/** Stands for AWS's Python SDK: answers from `WORLD`, writes down what is asked. */
const BOTO3 = `
import json, sys, time, types

WORLD = json.loads(sys.argv[1])
CALLS = []
time.sleep = lambda seconds: None

class Pages:
    def __init__(self, what): self.what = what
    def paginate(self, **asked):
        if self.what == "describe_instances":
            which, states = asked["Filters"][0], asked["Filters"][1]["Values"]
            found = [i for i in WORLD["instances"] if i["State"]["Name"] in states
                     and (which["Name"] == "tag:gpudev:stack-id" or i["InstanceId"] in which["Values"])]
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
            if any(one in json.dumps(asked) for one in WORLD["refused"]):
                raise Exception("refused")
            if what == "stop_instances":
                for i in WORLD["instances"]:
                    if i["InstanceId"] in asked["InstanceIds"] and i["InstanceId"] not in WORLD["stuck"]:
                        i["State"] = {"Name": "stopped"}
        return call

boto3 = types.ModuleType("boto3")
boto3.client = lambda name: Ec2()
sys.modules["boto3"] = boto3
scope = {}
exec(sys.argv[2], scope)
try:
    end = {"answer": scope[sys.argv[3]](json.loads(sys.argv[4]), {})}
except Exception as problem:
    end = {"failed": str(problem)}
print(json.dumps({**end, "calls": CALLS}))
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
  /** Ids of which every call is refused. */
  readonly refused?: readonly string[];
  /** Hosts that never stop. */
  readonly stuck?: readonly string[];
}

function runStep(name: string, world: World, events: Record<string, unknown>) {
  const step = endSteps("7f3k2m", true).find((one) => one.name === name);
  if (step === undefined) throw new Error(`no step ${name}`);
  const all = { instances: [], volumes: [], snapshots: [], refused: [], stuck: [], ...world };
  const text = execFileSync(
    "python3",
    ["-c", BOTO3, JSON.stringify(all), step.script, step.name, JSON.stringify(events)],
    { encoding: "utf8" },
  );
  return JSON.parse(text) as { answer?: unknown; failed?: string; calls: unknown[] };
}

const host = (id: string, state: string, spot?: string): Instance => ({
  InstanceId: id,
  State: { Name: state },
  ...(spot === undefined ? {} : { SpotInstanceRequestId: spot }),
});

describe("the end of a stack", () => {
  it("is find, stop, snapshot, wait, terminate; what fails keeps no later step from being tried, and is not hidden", () => {
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
      mainSteps: { name: string; onFailure: string; isCritical: boolean; action: string }[];
    };
    expect([content.schemaVersion, content.assumeRole]).toEqual(["0.3", "arn:role"]);
    expect(
      content.mainSteps.map(({ name, action, onFailure, isCritical }) => [
        name,
        action,
        onFailure,
        isCritical,
      ]),
    ).toEqual([
      ["find", "aws:executeScript", "Abort", true],
      ...["stop", "snapshot", "wait", "terminate"].map((name) => [
        name,
        "aws:executeScript",
        "Continue",
        true,
      ]),
    ]);
  });

  it.each([true, false])("no step needs what one that may fail gives (volumes: %s)", (volumes) => {
    const inputs = JSON.stringify(endSteps("7f3k2m", volumes).map(({ input }) => input));
    const named = [...inputs.matchAll(/\{\{ (\w+)\./g)].map(([, step]) => step);
    expect(new Set(named)).toEqual(new Set(["find"]));
  });

  it("takes no snapshot of homes that lie on EFS", () => {
    expect(endSteps("7f3k2m", false).map(({ name }) => name)).toEqual([
      "find",
      "stop",
      "terminate",
    ]);
  });

  const instances = [
    host("i-run", "running"),
    host("i-spot", "running", "sir-1"),
    host("i-off", "stopped"),
    host("i-gone", "terminated"),
  ];
  const InstanceIds = ["i-run", "i-spot", "i-off"];
  const stop = (one: string) => ["stop_instances", { InstanceIds: [one] }];
  const cancel = ["cancel_spot_instance_requests", { SpotInstanceRequestIds: ["sir-1"] }];

  it("finds the hosts that are there", () => {
    expect(runStep("find", { instances }, { Stack: "7f3k2m" })).toEqual({
      answer: { InstanceIds },
      calls: [],
    });
    expect(runStep("find", {}, { Stack: "7f3k2m" }).answer).toEqual({ InstanceIds: [] });
  });

  it("stops each that runs, waits for it, and cancels spot requests, which would bring hosts back", () => {
    expect(runStep("stop", { instances }, { InstanceIds })).toEqual({
      answer: null,
      calls: [stop("i-run"), stop("i-spot"), cancel],
    });
  });

  it("stops the others where one cannot be stopped, and says which", () => {
    expect(runStep("stop", { instances, refused: ["i-run"] }, { InstanceIds })).toEqual({
      failed: "i-run: refused; i-run: does not stop",
      calls: [stop("i-run"), stop("i-spot"), cancel],
    });
  });

  it("cancels spot requests also where a host never stops", () => {
    expect(runStep("stop", { instances, stuck: ["i-run"] }, { InstanceIds })).toEqual({
      failed: "i-run: does not stop",
      calls: [stop("i-run"), stop("i-spot"), cancel],
    });
  });

  it("has nothing to stop where nothing is there", () => {
    expect(runStep("stop", { instances }, { InstanceIds: [] }).calls).toEqual([]);
  });

  const run = { Stack: "7f3k2m", Execution: "run-1" };
  const tags = [
    { Key: "gpudev:homes", Value: "7f3k2m" },
    { Key: "aws:own", Value: "x" },
  ];
  const volumes = ["vol-1", "vol-2", "vol-3"].map((VolumeId) => ({ VolumeId, Tags: tags }));
  const snapshots = [{ VolumeId: "vol-1", SnapshotId: "snap-earlier" }];
  const taken = (VolumeId: string) => [
    "create_snapshot",
    {
      VolumeId,
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
  ];

  it("takes one snapshot of each homes volume, with the volume's tags, also when tried again", () => {
    expect(runStep("snapshot", { volumes, snapshots }, run)).toEqual({
      answer: null,
      calls: [taken("vol-2"), taken("vol-3")],
    });
  });

  it("takes the others' snapshots where one cannot be had, and says which", () => {
    expect(runStep("snapshot", { volumes, snapshots, refused: ["vol-2"] }, run)).toEqual({
      failed: "vol-2: refused",
      calls: [taken("vol-2"), taken("vol-3")],
    });
  });

  it("waits for the snapshots that were taken before anything goes", () => {
    expect(runStep("wait", { snapshots }, run).calls).toEqual([
      ["wait snapshot_completed", ["snap-earlier"]],
    ]);
    expect(runStep("wait", {}, run).calls).toEqual([]);
  });

  it("terminates each host that is still there", () => {
    const found = { InstanceIds: [...InstanceIds, "i-gone"] };
    const end = (one: string) => ["terminate_instances", { InstanceIds: [one] }];
    expect(runStep("terminate", { instances, refused: ["i-run"] }, found)).toEqual({
      failed: "i-run: refused",
      calls: [end("i-run"), end("i-spot"), end("i-off")],
    });
    expect(runStep("terminate", { instances }, { InstanceIds: [] })).toEqual({
      answer: null,
      calls: [],
    });
  });
});
