import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { stateDirectory } from "../components/lookups/paths";
import { readLookups } from "../components/lookups";
import { makePlan } from "../components/plan/makePlan";
import type { WorkstationPlan } from "../components/plan/model";
import {
  newStackId,
  parseSettings,
  readStackConfig,
  type Finding,
  type Settings,
} from "../components/settings";
import type { Context } from "./context";
import { dockerOn, type Docker } from "./docker";
import { stackFolders, type StackFolders } from "./engine/stateFolders";
import { CommandFailure, ExitCode } from "./outcome";
import { refusal } from "./refusal";
import { identify, readSeatRecord } from "./seatRecord";
import { chooseStack, presentStacks, readStackFile, stackFilePath } from "./stackFile";

/** Code of the plan's advice to paste a seat into the stack file. */
const UNRECORDED_SEAT = "seat-unrecorded";

/** A stack's file and what it says. */
export interface LoadedStack {
  readonly stack: string;
  readonly file: string;
  readonly text: string;
  readonly settings: Settings;
  /** What is wrong with the file; the plan adds its own. */
  readonly findings: readonly Finding[];
  readonly folders: StackFolders;
  readonly docker: Docker;
}

/** A stack with the decision on it. */
export interface DecidedStack extends LoadedStack {
  readonly plan: WorkstationPlan;
  /** Everything that was found, in file and plan. */
  readonly findings: readonly Finding[];
}

/** The stack that a command works on. */
export function stackName(context: Context): string {
  return chooseStack({
    asked: context.stack,
    environment: context.env.GPUDEV_STACK,
    present: presentStacks(context.folder),
  });
}

/**
 * Reads the stack's file.
 * @throws CommandFailure (bad input) where there is none, or where not even its target can be read
 */
export function loadStack(context: Context): LoadedStack {
  const stack = stackName(context);
  const text = readStackFile(context.folder, stack);
  const file = stackFilePath(context.folder, stack);
  const { settings, findings } = parseSettings({
    stack,
    config: readStackConfig(text),
    readFile: (name) => fs.readFileSync(path.resolve(path.dirname(file), name), "utf8"),
  });
  if (settings === undefined) throw refusal(findings);
  if (settings.target === "aws") {
    throw new CommandFailure(
      ExitCode.notReady,
      `Stack \`${stack}\` is for AWS, which the gpudev command does not drive yet.`,
      "Use Pulumi itself: pulumi preview or pulumi up (docs/aws.md says how far this target is).",
    );
  }
  return {
    stack,
    file,
    text,
    settings,
    findings,
    folders: stackFolders(stateDirectory(context.env), stack),
    docker: dockerOn(settings.docker.host),
  };
}

/**
 * The settings with the id and the seats that this machine remembers, where the file has lost them. Unlike
 * `decide`, this gives no id to a stack that never had one.
 * @throws CommandFailure (bad input) where file and machine name different ids
 */
export function rememberedSettings({ settings, folders }: LoadedStack): Settings {
  const record = readSeatRecord(folders.seatsFile);
  return record === undefined ? settings : identify(settings, record, () => record.id).settings;
}

/**
 * Looks at the world and decides. Seats that are not recorded yet are part of the plan as they will be recorded.
 * Errors are among the findings; nothing is thrown for them.
 */
export async function decide(context: Context, loaded: LoadedStack): Promise<DecidedStack> {
  const { settings, id, restored } = identify(
    loaded.settings,
    readSeatRecord(loaded.folders.seatsFile),
    () => newStackId(crypto.randomBytes),
  );
  if (restored)
    context.progress.note(
      `The stack file records no seats: they are taken from this machine's memory (id ${id}).`,
    );
  const lookups = await context.progress.step("Look at Docker and the machine", () =>
    readLookups(settings),
  );
  const plan = makePlan(settings, lookups);
  // `gpudev` records seats itself: the advice to paste them is for a plain `pulumi up`.
  const findings = plan.findings.filter(({ code }) => code !== UNRECORDED_SEAT);
  return { ...loaded, settings, plan, findings: [...loaded.findings, ...findings] };
}
