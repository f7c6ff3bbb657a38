import * as docker from "@pulumi/docker";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deploy } from "../../components/deploy";
import { objectsOf, removeLabelled } from "../support/docker";
import { EngineStack, smallImage } from "../support/engine";
import { handPlan } from "../support/handPlan";

const STACK = "enginehost";

describe("the bundled docker provider", () => {
  let stack: EngineStack;
  let image: string;
  const program = (host: string) => () =>
    Promise.resolve({
      ...deploy(
        handPlan({ stack: STACK, users: ["alice"], image, host, range: 233, portBase: 30_100 }),
      ),
    });

  beforeAll(async () => {
    image = await smallImage();
    stack = await EngineStack.open(STACK);
  });
  afterAll(async () => {
    await removeLabelled(`dev.gpudev.stack=${STACK}`);
    stack.remove();
  });

  it("says what to do where the daemon that settings name does not answer", async () => {
    const { failure, tally } = await stack.up(program("unix:///run/no-such-docker.sock"));
    expect(failure).toBeDefined();
    const said = tally.errors.map(({ message }) => message).join("\n");
    expect(said).toContain(
      "Cannot connect to the Docker daemon at unix:///run/no-such-docker.sock",
    );
    expect(said).toContain("gpudev:docker: {host: …}");
  });

  it("works on the daemon that settings name", async () => {
    const { failure } = await stack.up(program("unix:///var/run/docker.sock"));
    expect(failure).toBeUndefined();
    expect((await objectsOf(STACK)).containers).toEqual([`gpudev-${STACK}-alice`]);
  });

  it("refuses inputs that it would not follow, before anything is made", async () => {
    const { failure, tally } = await stack.preview(() => {
      new docker.Container("odd", { image, privileged: true, dns: ["192.0.2.1"] });
      return Promise.resolve();
    });
    expect(failure).toBeDefined();
    const said = tally.errors.map(({ message }) => message).join("\n");
    for (const name of ["privileged", "dns", "{provider: official}"]) expect(said).toContain(name);
  });
});
