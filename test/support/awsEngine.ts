import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { deployAws, type HostSoftware } from "../../components/deployAws";
import type { AwsPlan } from "../../components/plan/aws/model";
import { Account } from "./awsStandIn/account";
import { EngineStack, type Ran } from "./engine";
import { ROOT } from "./gpudev";

const STAND_INS = path.join(ROOT, "test", "support", "awsStandIn", "bin");

/** A resource as the engine's state has it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly protect?: boolean;
  readonly parent?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** One stack on the real engine, in an account that the stand-in keeps. */
export class AwsEngine {
  private constructor(
    private readonly engine: EngineStack,
    /** The account, as AWS would have it. */
    readonly account: Account,
    private readonly folder: string,
  ) {}

  static async open(stack: string): Promise<AwsEngine> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-standin-"));
    // The engine's plugins inherit these through the CLI.
    process.env.GPUDEV_STANDIN = folder;
    if (!(process.env.PATH ?? "").startsWith(STAND_INS)) {
      process.env.PATH = `${STAND_INS}${path.delimiter}${process.env.PATH ?? ""}`;
    }
    const engine = await EngineStack.open(stack, STAND_INS);
    return new AwsEngine(engine, new Account(path.join(folder, "aws.json")), folder);
  }

  up(plan: AwsPlan, refresh = false): Promise<Ran> {
    return this.engine.up(async () => ({ ...(await deployAws(plan)) }), refresh);
  }

  preview(plan: AwsPlan, software?: HostSoftware): Promise<Ran> {
    return this.engine.preview(async () => ({ ...(await deployAws(plan, software)) }));
  }

  /** A preview of any program, against the same account. */
  previewOf(program: PulumiFn): Promise<Ran> {
    return this.engine.preview(program);
  }

  /** Destroys all but what is protected. */
  destroy(): Promise<Ran> {
    return this.engine.destroy();
  }

  /** The state's text. */
  stateText(): string {
    return this.engine.state();
  }

  resources(): readonly StateResource[] {
    const state = JSON.parse(this.stateText()) as {
      readonly checkpoint: { readonly latest: { readonly resources?: StateResource[] } };
    };
    return state.checkpoint.latest.resources ?? [];
  }

  remove(): void {
    this.engine.remove();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Name of a resource: the last part of its URN. */
export function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}

/** What an operation did: `replace gpudev-host-0-instance`; without what stayed. */
export function doings({ steps }: Ran): string[] {
  return steps.filter(({ op }) => op !== "same").map(({ op, urn }) => `${op} ${nameOf(urn)}`);
}
