import type { OpMap } from "@pulumi/pulumi/automation";
import {
  onceFailed,
  oncePassed,
  type RunningImage,
  type Upgrade,
  type UpgradeRecord,
  upgradeValues,
  whileTried,
  withUpgrade,
} from "../../components/plan/aws/upgrade";
import type { Context } from "../context";
import { resourceName } from "../engine/events";
import { operate } from "../engine/operate";
import { CommandFailure, ExitCode, type Report } from "../outcome";
import { awaitVerdict, type Waited } from "./awaitVerdict";
import type { DecidedAwsStack } from "./awsStack";
import { watch } from "./changes";
import { s3In } from "./clients";
import { decidedOn, failureOf, type PlanEngine } from "./dayTwo";
import { editStack } from "./editStack";
import { hear } from "./hear";
import { upOnce } from "./upOnce";
import { verdictsText } from "./verdicts";

const IMAGE = "docker-build:index:Image";

/** One run of `gpudev upgrade`, which changes its stack several times. */
export interface UpgradeRun {
  readonly context: Context;
  /** The stack as it was when the run began. */
  readonly decided: DecidedAwsStack;
  readonly engine: PlanEngine;
  /** How long the first host may take to say that it is ready. */
  readonly limitSeconds: number;
}

const recordedAmi = ({ decided }: UpgradeRun) => decided.settings.aws.hosts.ami.id;

const lines = (words: readonly string[]) => words.map((word) => `  ${word}`).join("\n");

/** What an upgrade is about, for `--json`. */
const about = ({ first, ami, held }: Upgrade) => ({
  first: first.name,
  ...(ami === undefined ? {} : { ami }),
  ...(held === undefined ? {} : { imageBefore: held.image }),
});

/**
 * Whether settings ask for another image than hosts run.
 * @throws CommandFailure (bad input) where anything else waits to be changed: an upgrade is only that
 */
export async function imageChanges(
  { context, decided, engine }: UpgradeRun,
  running: RunningImage | undefined,
): Promise<boolean> {
  const { settings, plan } = decided;
  const { trial, hosts } = settings.aws;
  // An open trial is itself the change that waits.
  if (trial?.host !== undefined) return trial.held !== undefined;
  const still: UpgradeRecord = {
    ami: hosts.ami.id,
    trial: running === undefined ? undefined : { held: running },
  };
  engine.use(decidedOn(decided, withUpgrade(settings, still)).plan);
  const seen = watch();
  await operate(context.progress, "Compare with what is there", false, (run) =>
    engine.engine.preview({
      ...run,
      onEvent: (event) => {
        seen.onEvent(event);
        run.onEvent(event);
      },
    }),
  );
  const changed = seen.steps.filter(({ op }) => op !== "same" && op !== "read");
  const others = changed.filter(({ type }) => type !== IMAGE && !type.startsWith("pulumi:"));
  if (others.length > 0)
    throw new CommandFailure(
      ExitCode.badInput,
      `Other changes wait: ${[...new Set(others.map(({ urn }) => resourceName(urn)))].join(", ")}. An upgrade changes nothing but AMI and image.`,
      "Run gpudev up first, then this again.",
    );
  // Held on one that settings do not ask for any more.
  if (trial?.held !== undefined) return true;
  if (plan.image.existing !== undefined) return plan.image.existing !== running?.image;
  return changed.some(({ type }) => type === IMAGE);
}

/** Records one point of the upgrade, so that a killed run leaves the truth in the file, and makes it so. */
async function make(
  { context, decided, engine }: UpgradeRun,
  record: UpgradeRecord,
  title: string,
): Promise<OpMap> {
  const next = decidedOn(decided, withUpgrade(decided.settings, record));
  editStack(context, decided.file, upgradeValues(record));
  engine.use(next.plan);
  return upOnce(context, engine.engine, next, { yes: true, title });
}

/** Why the engine did not bring the first host up; undefined where it did. */
async function bringUpFirst(run: UpgradeRun, planned: Upgrade): Promise<string | undefined> {
  try {
    await make(run, whileTried(planned), `Upgrade ${planned.first.name}`);
    return undefined;
  } catch (error) {
    const failure = failureOf(error);
    // A person stopped it: the file says where it is, and nothing more is to be done now.
    if (failure.message.startsWith("Stopped by "))
      throw new CommandFailure(
        failure.exitCode,
        failure.message,
        "Run gpudev upgrade, which goes on from there, or rolls back.",
      );
    run.context.progress.note(failure.message);
    return failure.message;
  }
}

/** Tries it on the first host, and hears what that says. */
export async function tryOnFirst(run: UpgradeRun, planned: Upgrade): Promise<Waited> {
  const { context, decided, engine, limitSeconds } = run;
  const { name } = planned.first;
  const ended = await bringUpFirst(run, planned);
  const { bucket, hosts } = await engine.deployed();
  const expected = hosts[name];
  if (bucket === undefined || expected === undefined)
    return { passed: false, words: [ended ?? `${name} was not made.`] };
  const waited = await awaitVerdict(
    context,
    s3In(decided.plan.region),
    { bucket, host: name },
    expected,
    {
      // Where the engine gave up it has waited for as long as it ever does.
      limitSeconds: ended === undefined ? limitSeconds : 0,
      final: ended !== undefined || decided.plan.wait,
    },
  );
  if (ended === undefined) return waited;
  return { ...waited, passed: false, words: [...waited.words, ended] };
}

/** Gives all others what the first host has passed with. */
export async function follow(
  run: UpgradeRun,
  planned: Upgrade,
  { words }: Waited,
): Promise<Report> {
  const { context, decided, engine } = run;
  const { first, others } = planned;
  context.print(`${first.name}: ready\n${lines(words)}`);
  const names = others.map(({ name }) => name);
  const title = names.length === 0 ? "Record it" : `Upgrade ${names.join(", ")}`;
  let ended: CommandFailure | undefined;
  try {
    await make(run, oncePassed(planned, recordedAmi(run)), title);
  } catch (error) {
    ended = failureOf(error);
  }
  const verdicts = await hear(
    context,
    decided.plan,
    await engine.deployed(),
    decided.plan.hosts.map(({ name }) => name),
  );
  const { stack, findings } = decided;
  const report = { stack, findings, upgraded: true, ...about(planned), verdicts };
  if (ended !== undefined)
    throw new CommandFailure(
      ExitCode.failed,
      `${verdictsText(verdicts)}\n${first.name} has passed, and not all others: ${ended.message}`,
      "Mend what they say and run gpudev up; homes are untouched.",
      [],
      report,
    );
  context.print(verdictsText(verdicts));
  const failed =
    decided.plan.wait && verdicts.some(({ ready, stopped }) => !ready && stopped !== true);
  return { ...report, ...(failed ? { exitCode: ExitCode.failed } : {}) };
}

/** Gives the first host back what it had, and says why in its own words. */
export async function rollBack(
  run: UpgradeRun,
  planned: Upgrade,
  { words }: Waited,
): Promise<never> {
  const { name } = planned.first;
  const data = { stack: run.decided.stack, upgraded: false, ...about(planned), words };
  try {
    await make(run, onceFailed(planned, recordedAmi(run)), `Give ${name} back what it had`);
  } catch (error) {
    throw new CommandFailure(
      ExitCode.failed,
      `${name} did not become ready:\n${lines(words)}\nIt could not be given back what it had: ${failureOf(error).message}`,
      "The stack file records what it had: mend what it says and run gpudev up. Homes and other hosts are untouched.",
      [],
      { ...data, rolledBack: false },
    );
  }
  const image =
    planned.held === undefined
      ? ""
      : " All hosts are held on the image of before (gpudev:aws.trial) until it is mended.";
  throw new CommandFailure(
    ExitCode.failed,
    `${name} did not become ready, and has what it had before again:\n${lines(words)}`,
    `No other host was touched, and homes stay.${image} Mend what it says, or wait for the next AMI, and run gpudev upgrade again.`,
    [],
    { ...data, rolledBack: true },
  );
}
