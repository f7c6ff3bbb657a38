import { describe, expect, it } from "vitest";
import { Workstation } from "../../components/workstation/workstation";
import { handPlan } from "../support/handPlan";
import { registered } from "../support/registered";

const plan = handPlan({ stack: "unit", users: ["alice", "bob"], leavers: ["zoe"] });
const program = () =>
  new Workstation("workstation", {
    image: "sha256:1",
    environments: plan.environments,
    retainedHomes: plan.retainedHomes,
  }).containers;

describe.each([true, false])("a workstation (preview: %s)", (preview) => {
  it("is a home, a network and a container for each user, and the leavers' homes", async () => {
    const { asked } = await registered(program, preview);
    expect(asked.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
      "docker:index/container:Container workstation-alice-container",
      "docker:index/container:Container workstation-bob-container",
      "docker:index/network:Network workstation-alice-network",
      "docker:index/network:Network workstation-bob-network",
      "docker:index/volume:Volume workstation-alice-home",
      "docker:index/volume:Volume workstation-bob-home",
      "docker:index/volume:Volume workstation-zoe-home",
      "gpudev:index:Workstation workstation",
    ]);
  });

  it("protects homes and nothing else, and keeps them whatever their labels", async () => {
    const { asked } = await registered(program, preview);
    for (const { type, protect, ignoreChanges } of asked) {
      const home = type === "docker:index/volume:Volume";
      expect([type, protect, ignoreChanges]).toEqual([type, home, home ? ["labels"] : []]);
    }
  });

  it("replaces containers and networks by deleting first, and all are the component's children", async () => {
    const { asked } = await registered(program, preview);
    for (const { type, parent, deleteBeforeReplace } of asked.slice(1)) {
      expect([type, parent, deleteBeforeReplace]).toEqual([
        type,
        "workstation",
        type !== "docker:index/volume:Volume",
      ]);
    }
  });

  it("gives every object the plan's name", async () => {
    const { asked } = await registered(program, preview);
    expect(asked.flatMap(({ inputs }) => inputs["name"] ?? []).sort()).toEqual([
      "gpudev-unit-alice",
      "gpudev-unit-alice",
      "gpudev-unit-alice-home",
      "gpudev-unit-bob",
      "gpudev-unit-bob",
      "gpudev-unit-bob-home",
      "gpudev-unit-zoe-home",
    ]);
  });
});

describe("a workstation's containers", () => {
  const container = async (limitProcesses: boolean) => {
    const { asked } = await registered(
      () =>
        new Workstation("workstation", {
          image: "sha256:1",
          environments: plan.environments,
          limitProcesses,
        }).containers,
      false,
    );
    return asked.find(({ name }) => name === "workstation-alice-container")?.inputs;
  };

  it("run the image, in the user's own network, with a limit of processes", async () => {
    expect(await container(true)).toMatchObject({
      image: "sha256:1",
      networksAdvanced: [{ name: "gpudev-unit-alice" }],
      pidsLimit: 256,
    });
  });

  it("leave the limit of processes out where the provider has no input for it", async () => {
    expect(await container(false)).not.toHaveProperty("pidsLimit");
  });

  it("are told by user", async () => {
    const { value } = await registered(program, false);
    expect(value).toEqual({
      alice: "id-of-workstation-alice-container",
      bob: "id-of-workstation-bob-container",
    });
  });
});
