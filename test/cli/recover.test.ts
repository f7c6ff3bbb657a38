import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { withoutProtection } from "../../cli/engine/protection";
import { planRecovery, type FoundObjects, type StateFile } from "../../cli/engine/recover";
import { CONTAINER, NETWORK, VOLUME } from "../../cli/engine/resourceTypes";
import { hasOwnHome, homeInState } from "../../cli/commands/forget";
import type { Docker } from "../../cli/docker";

const resource = (type: string, id: string) => ({ type, id, urn: `urn:x::gpudev::${type}::${id}` });
const object = (id: string, name = id) => ({ id, name });
const nothing: FoundObjects = { containers: [], networks: [], volumes: [] };

describe("what a killed run leaves", () => {
  it("is nothing where state and daemon agree", () => {
    const state: StateFile = {
      resources: [resource(CONTAINER, "c1"), resource(NETWORK, "n1"), resource(VOLUME, "home")],
    };
    const found = {
      containers: [object("c1", "gpudev-x-alice")],
      networks: [object("n1", "gpudev-x-alice")],
      volumes: [object("home")],
    };
    expect(planRecovery(state, found)).toEqual({
      dropPending: false,
      removeContainers: [],
      removeNetworks: [],
      strangers: [],
      refresh: false,
    });
  });

  it("are containers and networks that the state lacks, and never volumes", () => {
    const found = {
      containers: [object("c1", "gpudev-x-alice")],
      networks: [object("n1", "gpudev-x-alice")],
      volumes: [object("gpudev-x-alice-home")],
    };
    expect(planRecovery({}, found)).toEqual({
      dropPending: false,
      removeContainers: found.containers,
      removeNetworks: found.networks,
      strangers: [],
      refresh: false,
    });
  });

  it("may be in use where no open operation was making it: then somebody else made it", () => {
    const found = {
      ...nothing,
      containers: [
        { ...object("c1", "gpudev-x-alice"), running: true },
        object("c2", "gpudev-x-bob"),
      ],
    };
    expect(planRecovery({}, found).strangers).toEqual(["gpudev-x-alice"]);
    const state: StateFile = {
      resources: [resource(NETWORK, "n1")],
      pending_operations: [{ resource: { inputs: { name: "gpudev-x-alice" } } }],
    };
    expect(planRecovery(state, found)).toMatchObject({
      removeContainers: found.containers,
      strangers: [],
    });
  });

  it("is an operation that was open", () => {
    const state: StateFile = { resources: [], pending_operations: [{}] };
    expect(planRecovery(state, nothing).dropPending).toBe(true);
  });

  it.each([CONTAINER, NETWORK, VOLUME])("is a %s that is gone: the engine has to look", (type) => {
    expect(planRecovery({ resources: [resource(type, "gone")] }, nothing).refresh).toBe(true);
  });

  it("knows a state that names objects by name", () => {
    const state: StateFile = { resources: [resource(CONTAINER, "gpudev-x-alice")] };
    const found = { ...nothing, containers: [object("c1", "gpudev-x-alice")] };
    expect(planRecovery(state, found)).toMatchObject({ removeContainers: [], refresh: false });
  });

  it("never removes what the state knows", () => {
    const ids = fc.uniqueArray(fc.stringMatching(/^[a-f0-9]{4,8}$/), { maxLength: 8 });
    fc.assert(
      fc.property(ids, ids, (known, there) => {
        const state: StateFile = { resources: known.map((id) => resource(CONTAINER, id)) };
        const found = { ...nothing, containers: there.map((id) => object(id)) };
        const removed = planRecovery(state, found).removeContainers.map(({ id }) => id);
        expect(removed).toEqual(there.filter((id) => !known.includes(id)));
      }),
    );
  });
});

describe("forgetting a home", () => {
  const home = { ...resource(VOLUME, "gpudev-x-bob-home"), protect: true };
  const other = { ...resource(VOLUME, "gpudev-x-alice-home"), protect: true };
  const deployment = {
    version: 3,
    deployment: { manifest: { time: "now" }, resources: [other, home] },
  };

  it("finds it by its volume's name", () => {
    expect(homeInState(deployment, "gpudev-x-bob-home")).toEqual(home);
    expect(homeInState(deployment, "gpudev-x-carol-home")).toBeUndefined();
  });

  it("takes the protection off that one alone", () => {
    expect(withoutProtection(deployment, home.urn)).toEqual({
      version: 3,
      deployment: { manifest: { time: "now" }, resources: [other, { ...home, protect: false }] },
    });
  });

  const answering = (exitCode: number, stdout: string, stderr = ""): Docker => ({
    try: () => Promise.resolve({ exitCode, stdout, stderr, timedOut: false }),
    run: () => Promise.reject(new Error("nothing else is asked")),
  });
  const NONE = "Error response from daemon: get gpudev-x-bob-home: no such volume";

  it.each([
    ["its own", answering(0, "abcdef\n"), true],
    ["none", answering(1, "", NONE), false],
  ])("finds %s on the daemon", async (_, docker, there) => {
    expect(await hasOwnHome(docker, "abcdef", "gpudev-x-bob-home")).toBe(there);
  });

  it.each([
    ["another stack's", "zzzzzz", "it belongs to the stack with id zzzzzz"],
    ["nobody's", "", "it has no gpudev label"],
  ])("leaves %s volume, and says so", async (_, owner, why) => {
    await expect(hasOwnHome(answering(0, owner), "abcdef", "gpudev-x-bob-home")).rejects.toThrow(
      expect.objectContaining({
        exitCode: 1,
        message: `gpudev-x-bob-home is left as it is: ${why}, and this stack's id is abcdef.`,
      }),
    );
  });

  it("does not take a daemon that is silent for a home that is gone", async () => {
    const docker = answering(1, "", "Cannot connect to the Docker daemon");
    await expect(hasOwnHome(docker, "abcdef", "gpudev-x-bob-home")).rejects.toThrow(
      "docker volume inspect failed: Cannot connect to the Docker daemon",
    );
  });
});
