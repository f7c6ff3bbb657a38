import * as crypto from "node:crypto";
import { readLookups } from "../components/lookups";
import { makePlan } from "../components/plan/makePlan";
import type { WorkstationPlan } from "../components/plan/model";
import { newStackId, type Finding, type Settings } from "../components/settings";
import type { Context } from "./context";
import { dockerOn, type Docker } from "./docker";
import { CommandFailure, ExitCode } from "./outcome";
import { readStack, type StackOnFile } from "./readStack";
import { identify, readSeatRecord } from "./seatRecord";

/** Code of the plan's advice to paste a seat into the stack file. */
const UNRECORDED_SEAT = "seat-unrecorded";

/** A stack on a workstation, and the daemon that its settings name. */
export interface LoadedStack extends StackOnFile {
  readonly docker: Docker;
}

/** A stack with the decision on it. */
export interface DecidedStack extends LoadedStack {
  readonly plan: WorkstationPlan;
  /** Everything that was found, in file and plan. */
  readonly findings: readonly Finding[];
}

/**
 * Reads the file of a stack on a workstation.
 * @throws CommandFailure (bad input) where there is none, where not even its target can be read, and where it is for another target
 */
export function loadStack(context: Context): LoadedStack {
  const read = readStack(context);
  if (read.settings.target !== "workstation")
    throw new CommandFailure(
      ExitCode.badInput,
      `Stack \`${read.stack}\` is for the target ${read.settings.target}, where this command does nothing.`,
      "`gpudev --help` lists the commands and their targets.",
    );
  return { ...read, docker: dockerOn(read.settings.docker.host) };
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
