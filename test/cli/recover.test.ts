import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { planRecovery, type FoundObjects, type StateFile } from "../../cli/engine/recover";
import { CONTAINER, NETWORK, VOLUME } from "../../cli/engine/resourceTypes";
import { homeInState, withoutProtection } from "../../cli/commands/forget";

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
      refresh: false,
    });
  });

  it("is an operation that was open", () => {
    const state: StateFile = { resources: [], pending_operations: [{ type: "creating" }] };
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
});
