import { describe, expect, it } from "vitest";
import { parseInspect } from "../../cli/containers";
import { stateWord, statusOf } from "../../cli/commands/status";

const container = (state: object, more: object = {}) =>
  JSON.stringify([
    {
      Name: "/gpudev-x-alice",
      Created: "2026-01-01T10:00:00.1Z",
      State: {
        Status: "running",
        StartedAt: "2026-01-01T11:00:00.2Z",
        FinishedAt: "0001-01-01T00:00:00Z",
        ExitCode: 0,
        OOMKilled: false,
        Health: { Status: "healthy" },
        ...state,
      },
      Config: { Image: "sha256:abc", Labels: { "dev.gpudev.user": "alice" } },
      HostConfig: {
        PortBindings: {
          "8888/tcp": [{ HostIp: "127.0.0.1", HostPort: "8888" }],
          "2222/tcp": [{ HostIp: "127.0.0.1", HostPort: "2222" }],
        },
        DeviceRequests: null,
      },
      ...more,
    },
  ]);

const one = (state: object, more: object = {}) => {
  const [found] = parseInspect(container(state, more));
  if (found === undefined) throw new Error("nothing was parsed");
  return found;
};

describe("what Docker says of a container", () => {
  it("is read into plain values", () => {
    expect(one({})).toEqual({
      name: "gpudev-x-alice",
      state: "running",
      health: "healthy",
      since: "2026-01-01T11:00:00.2Z",
      image: "sha256:abc",
      user: "alice",
      ports: { "8888": "127.0.0.1:8888", "2222": "127.0.0.1:2222" },
      devices: [],
      outOfMemory: false,
    });
  });

  it("tells since when it is stopped, and whether memory was why", () => {
    const stopped = { Status: "exited", FinishedAt: "2026-01-01T12:00:00Z", OOMKilled: true };
    expect(one(stopped)).toMatchObject({ since: "2026-01-01T12:00:00Z", outOfMemory: true });
    expect(one(stopped)).not.toHaveProperty("health");
  });

  it("dates a container that never ran by its making", () => {
    expect(one({ Status: "created" }).since).toBe("2026-01-01T10:00:00.1Z");
  });

  it("names GPU devices of both ways", () => {
    const requests = [
      { Driver: "nvidia", DeviceIDs: ["0", "1"] },
      { Driver: "cdi", DeviceIDs: ["nvidia.com/gpu=2"] },
      { Driver: "", DeviceIDs: null },
    ];
    const host = { HostConfig: { PortBindings: null, DeviceRequests: requests } };
    expect(one({}, host)).toMatchObject({ ports: {}, devices: ["0", "1", "nvidia.com/gpu=2"] });
  });
});

describe("an environment's state in a word", () => {
  it.each([
    [{}, "healthy"],
    [{ Health: { Status: "starting" } }, "starting"],
    [{ Health: { Status: "unhealthy" } }, "unhealthy"],
    [{ Health: undefined }, "running"],
    [{ Status: "exited" }, "stopped"],
    [{ Status: "created" }, "stopped"],
    [{ Status: "restarting" }, "restarting"],
  ])("%j is %s", (state, word) => {
    expect(stateWord(one(state))).toBe(word);
  });

  it("is missing where there is no container", () => {
    expect(statusOf("bob", "gpudev-x-bob", undefined, true)).toEqual({
      user: "bob",
      container: "gpudev-x-bob",
      state: "missing",
      devices: [],
    });
  });

  it("comes with what is worth knowing", () => {
    const killed = one({ Status: "exited", OOMKilled: true });
    expect(statusOf("alice", "gpudev-x-alice", killed, false)).toMatchObject({
      state: "stopped",
      jupyter: "127.0.0.1:8888",
      ssh: "127.0.0.1:2222",
      note: "killed: out of memory; no longer a user; `gpudev up` takes it away",
    });
    expect(statusOf("alice", "gpudev-x-alice", one({}), true)).not.toHaveProperty("note");
  });
});
