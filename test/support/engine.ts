import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { OpMap, PulumiFn, StepEventMetadata } from "@pulumi/pulumi/automation";
import { findPulumiCli } from "../../cli/engine/cli";
import { countEvent, newTally, type EngineTally } from "../../cli/engine/events";
import { PROJECT, stackFolders } from "../../cli/engine/stateFolders";
import { openEngine, type Engine, type EngineRun } from "../../cli/engine/workspace";
import { ROOT } from "./gpudev";
import { docker } from "./docker";

/** Folder of the executables that the engine starts as provider plugins. */
const PROVIDERS = path.join(ROOT, "cli", "providers", "bin");

/** What an operation changed, what it reported, and, where it failed, why. */
export interface Ran {
  readonly changes: OpMap;
  readonly tally: EngineTally;
  /** Lines that the providers showed while they worked. */
  readonly shown: readonly string[];
  /** What was done to each resource, in order; what stayed as it was included. */
  readonly steps: readonly StepEventMetadata[];
  readonly failure?: string;
}

/** One stack on the real engine, in a backend of its own, with the bundled providers. */
export class EngineStack {
  private program: PulumiFn = () => Promise.resolve();

  private constructor(
    private readonly folder: string,
    private readonly engine: Engine,
    private readonly stack: string,
  ) {}

  /** @param providers Folder of the executables that the engine starts as providers. */
  static async open(stack: string, providers = PROVIDERS): Promise<EngineStack> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), `gpudev-engine-${stack}-`));
    const cli = await findPulumiCli();
    if (cli === undefined) throw new Error("these tests need a Pulumi CLI; `npm start` makes one");
    let self: EngineStack | undefined = undefined as EngineStack | undefined;
    const engine = await openEngine({
      cli,
      stack,
      stackFile: path.join(folder, `Pulumi.${stack}.yaml`),
      folders: stackFolders(folder, stack),
      providers,
      program: () => self?.program() ?? Promise.resolve(),
      env: {},
    });
    self = new EngineStack(folder, engine, stack);
    return self;
  }

  up(program: PulumiFn, refresh = false): Promise<Ran> {
    this.program = program;
    return this.ran((run) => this.engine.up({ ...run, refresh }));
  }

  preview(program: PulumiFn): Promise<Ran> {
    this.program = program;
    return this.ran((run) => this.engine.preview(run));
  }

  destroy(): Promise<Ran> {
    return this.ran((run) => this.engine.destroy(run));
  }

  /** The state as the file backend keeps it. */
  state(): string {
    const { backend } = stackFolders(this.folder, this.stack);
    return fs.readFileSync(
      path.join(backend, ".pulumi", "stacks", PROJECT, `${this.stack}.json`),
      "utf8",
    );
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private async ran(operation: (run: EngineRun) => Promise<void>): Promise<Ran> {
    const tally = newTally();
    const shown: string[] = [];
    const steps: StepEventMetadata[] = [];
    try {
      await operation({
        onEvent: (event) => {
          if (event.resourcePreEvent !== undefined) steps.push(event.resourcePreEvent.metadata);
          const line = countEvent(tally, event);
          if (line !== undefined) shown.push(line);
        },
      });
      return { changes: tally.changes, tally, shown, steps };
    } catch (error) {
      return { changes: tally.changes, tally, shown, steps, failure: String(error) };
    }
  }
}

/** A small image that is on this daemon: the bootstrapped base, else whatever `npm start` built. */
export async function smallImage(): Promise<string> {
  const lines = (
    await docker("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
  )
    .split("\n")
    .map((line) => line.split(" "));
  const named = (pattern: RegExp) => lines.find(([name]) => pattern.test(name ?? ""))?.[1];
  const image = named(/^gpudev\/base:/) ?? named(/^(ubuntu|debian):/) ?? named(/^pytorch-cuda:/);
  if (image === undefined) throw new Error("no image to run; `npm start` makes one");
  return image;
}
