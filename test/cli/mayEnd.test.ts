import { describe, expect, it } from "vitest";
import { mayEnd, mayNotEnd } from "../../cli/mayEnd";

const STRANGERS = ["gpudev-x-alice", "gpudev-x-bob"];

// Test runners have no terminal.
describe("containers that run and that the state does not know", () => {
  it("end where --yes was said", async () => {
    await expect(mayEnd(true)(STRANGERS)).resolves.toBeUndefined();
  });

  it("do not end where nobody can be asked", async () => {
    await expect(mayEnd(false)(STRANGERS)).rejects.toMatchObject({
      exitCode: 2,
      message:
        "gpudev-x-alice, gpudev-x-bob run, and Pulumi's state here does not know them: they were made from another machine, account or backend. End what runs in them, and go on from here? Homes stay. There is no terminal to answer on.",
      mend: "Say --yes to go on.",
    });
  });

  it("never end for a command that is not about them", async () => {
    await expect(mayNotEnd(STRANGERS)).rejects.toMatchObject({
      exitCode: 2,
      mend: "Work from there; or run `gpudev up` here first, which asks before it takes the stack over.",
    });
  });
});
