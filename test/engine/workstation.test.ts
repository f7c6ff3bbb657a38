import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deploy } from "../../components/deploy";
import { docker, identity, inspect, objectsOf, removeLabelled } from "../support/docker";
import { EngineStack, smallImage } from "../support/engine";
import { handPlan, type HandPlan } from "../support/handPlan";

const STACK = "engine";
const HOME = `gpudev-${STACK}-alice-home`;

describe("the workstation on the real engine", () => {
  let stack: EngineStack;
  let image: string;
  const program = (plan: Partial<HandPlan>) => () =>
    Promise.resolve({
      ...deploy(handPlan({ stack: STACK, users: ["alice"], image, ...plan })),
    });

  beforeAll(async () => {
    await removeLabelled(`dev.gpudev.stack=${STACK}`);
    image = await smallImage();
    stack = await EngineStack.open(STACK);
  });
  afterAll(async () => {
    await removeLabelled(`dev.gpudev.stack=${STACK}`);
    stack.remove();
  });

  it("shows in a preview what it would make, and makes nothing", async () => {
    const { changes, failure } = await stack.preview(program({}));
    expect(failure).toBeUndefined();
    expect(changes).toEqual({ create: 5 });
    expect(await objectsOf(STACK)).toEqual({ containers: [], networks: [], volumes: [] });
  });

  it("makes a home, a network and a healthy container for each user", async () => {
    const { changes, failure } = await stack.up(program({}));
    expect(failure).toBeUndefined();
    expect(changes).toEqual({ create: 5 });
    expect(await objectsOf(STACK)).toEqual({
      containers: ["gpudev-engine-alice"],
      networks: ["gpudev-engine-alice"],
      volumes: [HOME],
    });
    expect((await inspect("gpudev-engine-alice")).State.Health?.Status).toBe("healthy");
  });

  it("changes nothing the second time", async () => {
    const before = await identity("gpudev-engine-alice");
    expect((await stack.up(program({}), true)).changes).toEqual({ same: 5 });
    expect(await identity("gpudev-engine-alice")).toEqual(before);
  });

  it("leaves the first user's container untouched when a second one comes", async () => {
    await docker(
      "exec",
      "-u",
      "0",
      "gpudev-engine-alice",
      "sh",
      "-c",
      "echo kept > /home/dev/note",
    );
    const before = await identity("gpudev-engine-alice");
    const { changes } = await stack.up(program({ users: ["alice", "bob"] }));
    expect(changes).toEqual({ create: 3, same: 5 });
    expect(await identity("gpudev-engine-alice")).toEqual(before);
  });
});
