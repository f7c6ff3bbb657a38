import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import {
  LocalWorkspace,
  PulumiCommand,
  type OpMap,
  type PulumiFn,
} from "@pulumi/pulumi/automation";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPulumiCli, type PulumiCli } from "../../cli/engine/cli";
import { countEvent, newTally } from "../../cli/engine/events";
import { PROJECT, stackFolders, type StackFolders } from "../../cli/engine/stateFolders";
import { engineEnv, openEngine, type Engine } from "../../cli/engine/workspace";

const STACK = "alternate";
const OWN = "# our stack\nconfig:\n  gpudev:target: workstation # here\n";

let folder: string;
let folders: StackFolders;
let stackFile: string;
let cli: PulumiCli;

/** A program with a secret, so that both sides have to encrypt and decrypt. */
const program: PulumiFn = () => {
  new pulumi.ComponentResource("gpudev:index:Alternate", "one", {});
  return Promise.resolve({ answer: pulumi.secret("42") });
};

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-alternate-"));
  folders = stackFolders(path.join(folder, "state"), STACK);
  fs.mkdirSync(path.join(folder, "stacks"));
  stackFile = path.join(folder, "stacks", `Pulumi.${STACK}.yaml`);
  fs.writeFileSync(stackFile, OWN);
  const found = await findPulumiCli();
  if (found === undefined) throw new Error("this test needs a Pulumi CLI; `npm start` makes one");
  cli = found;
});

afterAll(() => fs.rmSync(folder, { recursive: true }));

/** What `gpudev` does: its own working folder and a copy of the stack file. */
async function byGpudev(operation: "up" | "preview"): Promise<OpMap> {
  const engine: Engine = await openEngine({
    cli,
    stack: STACK,
    stackFile,
    folders,
    providers: undefined,
    program,
    env: {},
  });
  const tally = newTally();
  await engine[operation]({ onEvent: (event) => countEvent(tally, event) });
  return tally.changes;
}

/** What a plain Pulumi does: the person's own stack file, which it may write a salt into. */
async function byPulumi(operation: "up" | "preview"): Promise<OpMap> {
  const work = path.join(folder, "plain");
  fs.mkdirSync(work, { recursive: true });
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: STACK, projectName: PROJECT, program },
    {
      workDir: work,
      envVars: engineEnv(folders, {}),
      pulumiCommand: await PulumiCommand.get(cli.root === undefined ? {} : { root: cli.root }),
    },
  );
  const tally = newTally();
  await stack[operation]({
    configFile: stackFile,
    color: "never",
    onEvent: (event) => countEvent(tally, event),
  });
  return tally.changes;
}

describe("gpudev and plain Pulumi on one backend", () => {
  it("take turns: neither finds anything to change in what the other made", async () => {
    expect(await byGpudev("up")).toEqual({ create: 2 });
    expect(fs.readFileSync(stackFile, "utf8")).toBe(OWN);

    expect(await byPulumi("preview")).toEqual({ same: 2 });
    expect(await byPulumi("up")).toEqual({ same: 2 });
    const salted = fs.readFileSync(stackFile, "utf8");
    expect(salted).toMatch(/^encryptionsalt: v1:/m);
    expect(salted).toContain("# our stack");

    expect(await byGpudev("preview")).toEqual({ same: 2 });
    expect(await byGpudev("up")).toEqual({ same: 2 });
    expect(await byPulumi("preview")).toEqual({ same: 2 });
    expect(fs.readFileSync(stackFile, "utf8")).toBe(salted);
  });

  it("keep secrets encrypted in the state", () => {
    const file = path.join(folders.backend, ".pulumi", "stacks", PROJECT, `${STACK}.json`);
    const state = fs.readFileSync(file, "utf8");
    expect(state).toContain('"ciphertext"');
    expect(state).not.toContain('"42"');
  });
});
