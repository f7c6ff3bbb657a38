import type { OpMap } from "@pulumi/pulumi/automation";
import { AMI_OF_OTHER_KIND } from "../../../components/plan/aws/ami";
import {
  onceFailed,
  oncePassed,
  planUpgrade,
  type RunningImage,
  type Upgrade,
  type UpgradeRecord,
  upgradeValues,
  whileTried,
  withUpgrade,
} from "../../../components/plan/aws/upgrade";
import { duration } from "../../../components/settings/quantities";
import { confirm } from "../../confirm";
import type { Context } from "../../context";
import { resourceName } from "../../engine/events";
import { operate } from "../../engine/operate";
import { CommandFailure, ExitCode, type Report } from "../../outcome";
import { findingsText, hasErrors } from "../../output/findings";
import { refusal } from "../../refusal";
import { withStack } from "../../withStack";
import { decideAws, type AwsStackOnFile, type DecidedAwsStack } from "../awsStack";
import { awaitVerdict, type Waited } from "../awaitVerdict";
import { watch } from "../changes";
import { s3In } from "../clients";
import { decidedOn, failureOf, nothingThere, planEngine, type PlanEngine } from "../dayTwo";
import { editStack } from "../editStack";
import { hear } from "../hear";
import { needAws } from "../needAws";
import { runningImage } from "../runningImage";
import { upOnce } from "../upOnce";
import { upgradeText } from "../upgradeText";
import { fetchVerdict, verdictsText } from "../verdicts";

export interface UpgradeOptions {
  /** Go on without asking. */
  readonly yes: boolean;
  /** How long the first host may take to say that it is ready, such as `60m`. */
  readonly within: string;
}

const IMAGE = "docker-build:index:Image";

/**
 * `gpudev upgrade`: newest AMI, and with it the driver, and the image that the stack file asks for; one
 * host first. Where that host does not become ready, it gets back what it had and nobody else is touched.
 */
export function upgrade(
  context: Context,
  stack: AwsStackOnFile,
  options: UpgradeOptions,
): Promise<Report> {
  const within = secondsOf(options.within);
  return withStack(context, stack.stack, "upgrade", async () => {
    const decided = await decideAws(context, stack);
    // The upgrade is the mend of these.
    const findings = decided.findings.filter(
      ({ code }) => ![AMI_OF_OTHER_KIND, "ami-gone", "trial-open"].includes(code),
    );
    if (hasErrors(findings)) throw refusal(findings);
    needAws(decided);
    if (findings.length > 0) context.say(findingsText(findings));
    const { ami } = decided.lookups;
    if (!ami.known)
      throw new CommandFailure(
        ExitCode.failed,
        `The newest AMI could not be asked: ${ami.because}.`,
        "Allow ssm:GetParameter on AWS's public parameters (docs/aws-permissions.json has it).",
      );
    if (decided.plan.hosts.length === 0) throw nothingThere(decided.stack);
    const engine = await planEngine(context, decided);
    const known = { ...decided, findings };
    return new Upgrading(context, known, engine, within, options.yes).run(ami.value.id);
  });
}

function secondsOf(span: string): number {
  const parsed = duration.safeParse(span);
  if (parsed.success) return parsed.data;
  throw new CommandFailure(
    ExitCode.badInput,
    `--within ${span} ${parsed.error.issues[0]?.message ?? ""}.`,
  );
}

/** One run of the command, which changes its stack several times. */
class Upgrading {
  private readonly recorded: string | undefined;

  constructor(
    private readonly context: Context,
    private readonly decided: DecidedAwsStack,
    private readonly engine: PlanEngine,
    private readonly limitSeconds: number,
    private readonly yes: boolean,
  ) {
    this.recorded = decided.settings.aws.hosts.ami.id;
  }

  async run(newest: string): Promise<Report> {
    const { context, decided } = this;
    const running =
      decided.settings.aws.trial?.held ?? runningImage(await this.engine.engine.exportState());
    const planned = planUpgrade({
      hosts: decided.plan.hosts,
      recorded: this.recorded,
      newest,
      running,
      imageChanges: await this.imageChanges(running),
      open: decided.settings.aws.trial,
    });
    const { stack, findings } = decided;
    if (planned === undefined) {
      context.print(`Stack ${stack} has the newest AMI (${newest}) and its image already.`);
      return { stack, findings, upgraded: false, ami: { id: newest } };
    }
    await this.show(planned);
    await confirm({
      yes: this.yes,
      question: `This ends what runs on ${planned.first.name}${planned.others.length === 0 ? "" : ", and once it is ready on the others"}; homes stay. Go on?`,
      withoutTerminal: "refuse",
    });
    const waited = await this.tryOn(planned);
    return waited.passed ? this.follow(planned, waited) : this.rollBack(planned, waited);
  }

  /**
   * Whether settings ask for another image than hosts run.
   * @throws CommandFailure (bad input) where anything else waits to be changed: an upgrade is only that
   */
  private async imageChanges(running: RunningImage | undefined): Promise<boolean> {
    const { settings, plan } = this.decided;
    // An open trial is itself the change that waits.
    if (settings.aws.trial?.host !== undefined) return settings.aws.trial.held !== undefined;
    const still: UpgradeRecord = {
      ami: this.recorded,
      trial: running === undefined ? undefined : { held: running },
    };
    this.engine.use(decidedOn(this.decided, withUpgrade(settings, still)).plan);
    const seen = watch();
    await operate(this.context.progress, "Compare with what is there", false, (run) =>
      this.engine.engine.preview({
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
    if (settings.aws.trial?.held !== undefined) return true;
    if (plan.image.existing !== undefined) return plan.image.existing !== running?.image;
    return changed.some(({ type }) => type === IMAGE);
  }

  private async show(planned: Upgrade): Promise<void> {
    const { context, decided } = this;
    const { bucket } = await this.engine.deployed();
    const s3 = s3In(decided.plan.region);
    const verdicts =
      bucket === undefined
        ? []
        : await Promise.all(
            decided.plan.hosts.map(
              async ({ name }) => [name, await fetchVerdict(s3, bucket, name)] as const,
            ),
          );
    context.print(upgradeText(decided, planned, Object.fromEntries(verdicts)));
  }

  /** Records one point of the upgrade, so that a killed run leaves the truth in the file, and makes it so. */
  private async make(record: UpgradeRecord, title: string): Promise<OpMap> {
    const next = decidedOn(this.decided, withUpgrade(this.decided.settings, record));
    editStack(this.context, this.decided.file, upgradeValues(record));
    this.engine.use(next.plan);
    return upOnce(this.context, this.engine.engine, next, { yes: true, title });
  }

  /** Tries it on the first host, and hears what that says. */
  private async tryOn(planned: Upgrade): Promise<Waited> {
    const { name } = planned.first;
    let ended: string | undefined;
    try {
      await this.make(whileTried(planned), `Upgrade ${name}`);
    } catch (error) {
      const failure = failureOf(error);
      // A person stopped it: the file says where it is, and nothing more is to be done now.
      if (failure.message.startsWith("Stopped by "))
        throw new CommandFailure(
          failure.exitCode,
          failure.message,
          "Run gpudev upgrade, which goes on from there, or rolls back.",
        );
      ended = failure.message;
      this.context.progress.note(ended);
    }
    const { bucket, hosts } = await this.engine.deployed();
    const expected = hosts[name];
    if (bucket === undefined || expected === undefined)
      return { passed: false, words: [ended ?? `${name} was not made.`] };
    const waited = await awaitVerdict(
      this.context,
      s3In(this.decided.plan.region),
      { bucket, host: name },
      expected,
      {
        // The engine has waited for as long as it ever does.
        limitSeconds: ended === undefined ? this.limitSeconds : 0,
        final: ended !== undefined || this.decided.plan.wait,
      },
    );
    if (ended === undefined) return waited;
    return { ...waited, passed: false, words: [...waited.words, ended] };
  }

  private async follow(planned: Upgrade, waited: Waited): Promise<Report> {
    const { context, decided } = this;
    context.print(
      `${planned.first.name}: ready\n${waited.words.map((word) => `  ${word}`).join("\n")}`,
    );
    const record = oncePassed(planned, this.recorded);
    const names = planned.others.map(({ name }) => name);
    let ended: CommandFailure | undefined;
    try {
      await this.make(record, names.length === 0 ? "Record it" : `Upgrade ${names.join(", ")}`);
    } catch (error) {
      ended = failureOf(error);
    }
    const deployed = await this.engine.deployed();
    const verdicts = await hear(
      context,
      decided.plan.region,
      deployed,
      decided.plan.hosts.map(({ name }) => name),
    );
    const report = {
      stack: decided.stack,
      findings: decided.findings,
      upgraded: true,
      ...what(planned),
      verdicts,
    };
    if (ended !== undefined)
      throw new CommandFailure(
        ExitCode.failed,
        `${verdictsText(verdicts)}\n${planned.first.name} has passed, and not all others: ${ended.message}`,
        "Mend what they say and run gpudev up; homes are untouched.",
        [],
        report,
      );
    const unready = verdicts.filter(({ ready }) => !ready);
    context.print(verdictsText(verdicts));
    const failed = decided.plan.wait && unready.length > 0;
    return { ...report, ...(failed ? { exitCode: ExitCode.failed } : {}) };
  }

  /** Gives the first host back what it had. */
  private async rollBack(planned: Upgrade, { words }: Waited): Promise<never> {
    const { name } = planned.first;
    const said = words.map((word) => `  ${word}`).join("\n");
    const data = { stack: this.decided.stack, upgraded: false, ...what(planned), words };
    try {
      await this.make(onceFailed(planned, this.recorded), `Give ${name} back what it had`);
    } catch (error) {
      throw new CommandFailure(
        ExitCode.failed,
        `${name} did not become ready:\n${said}\nIt could not be given back what it had: ${failureOf(error).message}`,
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
      `${name} did not become ready, and has what it had before again:\n${said}`,
      `No other host was touched, and homes stay.${image} Mend what it says, or wait for the next AMI, and run gpudev upgrade again.`,
      [],
      { ...data, rolledBack: true },
    );
  }
}

const what = ({ first, ami, held }: Upgrade) => ({
  first: first.name,
  ...(ami === undefined ? {} : { ami }),
  ...(held === undefined ? {} : { imageBefore: held.image }),
});
