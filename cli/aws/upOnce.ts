import type { OpMap } from "@pulumi/pulumi/automation";
import { capacityCode } from "../../components/plan/aws/capacity";
import type { Finding } from "../../components/settings";
import { reasonOf } from "../../components/lookups/aws/ask";
import { confirm } from "../confirm";
import type { Context } from "../context";
import { operate } from "../engine/operate";
import type { Engine } from "../engine/workspace";
import { CommandFailure } from "../outcome";
import { refusal } from "../refusal";
import type { DecidedAwsStack } from "./awsStack";
import {
  departingHosts,
  endedUsers,
  protectedOnes,
  touchedHosts,
  watch,
  type Watched,
} from "./changes";
import { ec2In } from "./clients";
import { hostsNow, startHosts } from "./hosts";
import { notStarted } from "./notStarted";
import { cancelSpotRequests } from "./spotRequests";

/** AWS has no instance of the type, market and zone now. */
export class CapacityFailure extends CommandFailure {
  constructor(
    /** AWS's own code, such as `InsufficientInstanceCapacity`. */
    readonly code: string,
    failure: CommandFailure,
  ) {
    super(failure.exitCode, failure.message, failure.mend, failure.findings, failure.data);
  }
}

/** What the engine would do. */
export interface Compared {
  readonly changes: OpMap;
  readonly touched: readonly string[];
  /** Hosts whose machine goes, for good or for another. */
  readonly departing: readonly string[];
  /** Users whose environments end. */
  readonly ends: readonly string[];
}

/** The refusal of a change that would take homes away. */
function homesFinding(names: readonly string[]): Finding {
  return {
    severity: "error",
    code: "home-dropped",
    path: "gpudev:aws.homes",
    message: `The change would delete or replace ${names.join(", ")}, which holds homes, and everything in them would be gone.`,
    mend: "Take back what moves them: homes.kind, homes.zone, a seat or its host. Move homes to another zone by `gpudev restore`, delete one that nobody needs by `gpudev forget NAME`.",
  };
}

/** Runs an operation, and tells homes and missing capacity from other failures. */
async function watched<T>(seen: Watched, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const dropped = protectedOnes(seen.errors);
    if (dropped.length > 0) throw refusal([homesFinding(dropped)]);
    const code = seen.errors
      .filter(({ resource }) => resource.endsWith("-instance"))
      .map(({ message }) => capacityCode(message))
      .find((one) => one !== undefined);
    throw code === undefined ? error : new CapacityFailure(code, error);
  }
}

/**
 * What the engine would change, without changing anything.
 * @throws CommandFailure (bad input) where homes would be dropped
 */
export async function compare(context: Context, engine: Engine): Promise<Compared> {
  const seen = watch();
  const { changes } = await watched(seen, () =>
    operate(context.progress, "Compare with what is there", false, (run) =>
      engine.preview({
        ...run,
        onEvent: (event) => {
          seen.onEvent(event);
          run.onEvent(event);
        },
      }),
    ),
  );
  const { steps } = seen;
  return {
    changes,
    touched: touchedHosts(steps),
    departing: departingHosts(steps),
    ends: endedUsers(steps),
  };
}

/** Starts the stopped ones of some hosts: what has to be applied there waits for them. */
export async function startStopped(
  context: Context,
  { plan }: Pick<DecidedAwsStack, "plan">,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  const client = ec2In(plan.region);
  const stopped = (await hostsNow(client, plan.id)).filter(
    ({ name, state }) => names.includes(name) && (state === "stopped" || state === "stopping"),
  );
  if (stopped.length === 0) return;
  const which = stopped.map(({ name }) => name).join(", ");
  await context.progress.step(`Start ${which}`, async () => {
    try {
      await startHosts(client, stopped);
    } catch (problem) {
      const [type] = new Set(stopped.map((host) => host.type));
      const failure = notStarted(which, type ?? "instance", problem);
      const code = capacityCode(reasonOf(problem));
      throw code === undefined ? failure : new CapacityFailure(code, failure);
    }
  });
}

/** How a change is gone about. */
export interface UpOnceOptions {
  /** `--yes`. */
  readonly yes: boolean;
  /** What the operation is called while it runs. */
  readonly title?: string;
}

/**
 * Brings a decided stack up once: looks at what would change, refuses where homes would be dropped,
 * asks before running environments end, starts stopped hosts that the change touches, cancels the
 * Spot requests of those that go, and lets the engine make it so. Waits for hosts where settings say so.
 * @throws CapacityFailure where AWS has no such instance; CommandFailure with what else went wrong
 */
export async function upOnce(
  context: Context,
  engine: Engine,
  decided: Pick<DecidedAwsStack, "stack" | "plan">,
  { yes, title }: UpOnceOptions,
): Promise<OpMap> {
  const { ends, touched, departing } = await compare(context, engine);
  if (ends.length > 0)
    await confirm({
      yes,
      question: `This ends what runs in the environments of ${ends.join(", ")}; homes stay. Go on?`,
      withoutTerminal: "go on",
    });
  const planned = new Set(decided.plan.hosts.map(({ name }) => name));
  await startStopped(
    context,
    decided,
    // A machine that goes has nothing to apply; nor could one whose Spot capacity is taken back be started.
    touched.filter((name) => planned.has(name) && !departing.includes(name)),
  );
  const { region, id } = decided.plan;
  await cancelSpotRequests(context, region, { stackId: id, hosts: departing });
  const seen = watch();
  const { changes, warnings } = await watched(seen, () =>
    operate(context.progress, title ?? `Bring up stack ${decided.stack}`, false, (run) =>
      engine.up({
        ...run,
        onEvent: (event) => {
          seen.onEvent(event);
          run.onEvent(event);
        },
      }),
    ),
  );
  warnings.forEach((warning) => context.progress.note(warning));
  return changes;
}
