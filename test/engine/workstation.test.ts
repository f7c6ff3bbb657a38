import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deploy } from "../../components/deploy";
import { docker, identity, inspect, objectsOf, removeLabelled } from "../support/docker";
import { EngineStack, smallImage } from "../support/engine";
import { handPlan, type HandPlan } from "../support/handPlan";

const STACK = "engine";
const ALICE = `gpudev-${STACK}-alice`;
const BOB = `gpudev-${STACK}-bob`;

/** A third user comes, and the others have left. */
const carolAlone = { users: ["carol"], leavers: ["alice", "bob"], firstSlot: 2 };

/** Reads a file of the home volume through the container. */
function note(container: string): Promise<string> {
  return docker("exec", container, "cat", "/home/dev/note");
}

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
      containers: [ALICE],
      networks: [ALICE],
      volumes: [`${ALICE}-home`],
    });
    expect((await inspect(ALICE)).State.Health?.Status).toBe("healthy");
    await docker("exec", "-u", "0", ALICE, "sh", "-c", "echo kept > /home/dev/note");
  });

  it("changes nothing the second time", async () => {
    const before = await identity(ALICE);
    expect((await stack.up(program({}), true)).changes).toEqual({ same: 5 });
    expect(await identity(ALICE)).toEqual(before);
  });

  it("leaves the first user's container untouched when a second one comes", async () => {
    const before = await identity(ALICE);
    const { changes } = await stack.up(program({ users: ["alice", "bob"] }));
    expect(changes).toEqual({ create: 3, same: 5 });
    expect(await identity(ALICE)).toEqual(before);
  });

  it("changes a limit in place, where Docker can", async () => {
    const before = await identity(ALICE);
    const { changes } = await stack.up(program({ users: ["alice", "bob"], memoryMiB: 300 }));
    expect(changes).toEqual({ update: 2, same: 6 });
    expect(await identity(ALICE)).toEqual(before);
    expect(await docker("inspect", "-f", "{{.HostConfig.Memory}}", ALICE)).toBe(`${300 * 2 ** 20}`);
  });

  it("removes a leaver's container and network, and keeps the home", async () => {
    const before = await identity(ALICE);
    const { changes } = await stack.up(program({ leavers: ["bob"], memoryMiB: 300 }));
    expect(changes).toEqual({ delete: 2, same: 6 });
    expect(await objectsOf(STACK)).toEqual({
      containers: [ALICE],
      networks: [ALICE],
      volumes: [`${ALICE}-home`, `${BOB}-home`],
    });
    expect(await identity(ALICE)).toEqual(before);
  });

  it("replaces a container whose network moves, and its home stays", async () => {
    const before = await identity(ALICE);
    const { changes, failure } = await stack.up(program({ leavers: ["bob"], range: 232 }));
    expect(failure).toBeUndefined();
    expect(changes).toEqual({ replace: 2, same: 4 });
    expect((await identity(ALICE)).id).not.toBe(before.id);
    expect(await note(ALICE)).toBe("kept");
  });

  it("starts a container again that somebody stopped", async () => {
    const { id } = await identity(ALICE);
    await docker("stop", "-t", "1", ALICE);
    const { failure } = await stack.up(program({ leavers: ["bob"], range: 232 }), true);
    expect(failure).toBeUndefined();
    const { Id, State } = await inspect(ALICE);
    expect([Id, State.Health?.Status]).toEqual([id, "healthy"]);
  });

  it("makes a container anew that somebody removed", async () => {
    const { id } = await identity(ALICE);
    await docker("rm", "-f", ALICE);
    const { failure } = await stack.up(program({ leavers: ["bob"], range: 232 }), true);
    expect(failure).toBeUndefined();
    expect((await identity(ALICE)).id).not.toBe(id);
    expect(await note(ALICE)).toBe("kept");
  });

  it("leaves homes at destroy, and the next up goes on with them", async () => {
    const { failure } = await stack.destroy();
    expect(failure).toBeUndefined();
    expect(await objectsOf(STACK)).toEqual({
      containers: [],
      networks: [],
      volumes: [`${ALICE}-home`, `${BOB}-home`],
    });
    expect((await stack.up(program({ leavers: ["bob"] }))).failure).toBeUndefined();
    expect(await note(ALICE)).toBe("kept");
  });

  it("finds homes and leftovers again by their labels where the state is lost", async () => {
    const fresh = await EngineStack.open(STACK);
    try {
      const { failure, shown } = await fresh.up(program({ leavers: ["bob"] }));
      expect(failure).toBeUndefined();
      expect(shown.join("\n")).toContain("found again: going on with the home that is there");
      expect(await note(ALICE)).toBe("kept");
    } finally {
      fresh.remove();
    }
  });

  it("refuses a home of another stack", async () => {
    const other = await EngineStack.open(STACK);
    try {
      const { failure, tally } = await other.up(program({ id: "zzz999" }));
      expect(failure).toBeDefined();
      expect(tally.errors.map(({ message }) => message).join("\n")).toContain(
        `volume ${ALICE}-home is there already and is not this stack's`,
      );
      expect(await note(ALICE)).toBe("kept");
    } finally {
      other.remove();
    }
  });

  it("says why a container did not become healthy, shows its log, and leaves none behind", async () => {
    const carol = `gpudev-${STACK}-carol`;
    const command = ["sh", "-c", "echo no such dataset: /data; exit 3"];
    const { failure, tally } = await stack.up(program({ ...carolAlone, command }));
    expect(failure).toBeDefined();
    const said = tally.errors.map(({ message }) => message).join("\n");
    expect(said).toContain(`container ${carol} ended with exit code 3`);
    expect(said).toContain("no such dataset: /data");
    expect((await objectsOf(STACK)).containers).not.toContain(carol);
  });

  it("goes on after the cause is mended", async () => {
    const { failure } = await stack.up(program(carolAlone));
    expect(failure).toBeUndefined();
    expect((await objectsOf(STACK)).containers).toEqual([`gpudev-${STACK}-carol`]);
  });
});
