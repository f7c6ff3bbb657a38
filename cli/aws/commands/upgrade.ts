import { AMI_OF_OTHER_KIND } from "../../../components/plan/aws/ami";
import { planUpgrade, type Upgrade } from "../../../components/plan/aws/upgrade";
import { duration } from "../../../components/settings/quantities";
import { confirm } from "../../confirm";
import type { Context } from "../../context";
import { CommandFailure, ExitCode, type Report } from "../../outcome";
import { findingsText, hasErrors } from "../../output/findings";
import { refusal } from "../../refusal";
import { withStack } from "../../withStack";
import { decideAws, type AwsStackOnFile } from "../awsStack";
import { s3In } from "../clients";
import { nothingThere, planEngine } from "../dayTwo";
import { needAws } from "../needAws";
import { runningImage } from "../runningImage";
import { follow, imageChanges, rollBack, tryOnFirst, type UpgradeRun } from "../upgradeRun";
import { upgradeText } from "../upgradeText";
import { fetchVerdict } from "../verdicts";

export interface UpgradeOptions {
  /** Go on without asking. */
  readonly yes: boolean;
  /** How long the first host may take to say that it is ready, such as `60m`. */
  readonly within: string;
}

/** What an upgrade is the mend of. */
const MENDED_HERE = [AMI_OF_OTHER_KIND, "ami-gone", "trial-open"];

function secondsOf(span: string): number {
  const parsed = duration.safeParse(span);
  if (parsed.success) return parsed.data;
  throw new CommandFailure(
    ExitCode.badInput,
    `--within ${span} ${parsed.error.issues[0]?.message ?? "is no span of time"}.`,
  );
}

/**
 * `gpudev upgrade`: newest AMI, and with it the driver, and the image that the stack file asks for; one
 * host first. Where that host does not become ready, it gets back what it had and nobody else is touched.
 */
export function upgrade(
  context: Context,
  stack: AwsStackOnFile,
  options: UpgradeOptions,
): Promise<Report> {
  const limitSeconds = secondsOf(options.within);
  return withStack(context, stack.stack, "upgrade", async () => {
    const all = await decideAws(context, stack);
    const findings = all.findings.filter(({ code }) => !MENDED_HERE.includes(code));
    const decided = { ...all, findings };
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
    return go({ context, decided, engine, limitSeconds }, ami.value.id, options.yes);
  });
}

async function go(run: UpgradeRun, newest: string, yes: boolean): Promise<Report> {
  const { context, decided, engine } = run;
  const { settings, plan, stack, findings } = decided;
  const { trial, hosts } = settings.aws;
  const running = trial?.held ?? runningImage(await engine.engine.exportState());
  const planned = planUpgrade({
    hosts: plan.hosts,
    recorded: hosts.ami.id,
    newest,
    running,
    imageChanges: await imageChanges(run, running),
    open: trial,
  });
  if (planned === undefined) {
    context.print(`Stack ${stack} has the newest AMI (${newest}) and its image already.`);
    return { stack, findings, upgraded: false, ami: { id: newest } };
  }
  await show(run, planned);
  const { first, others } = planned;
  await confirm({
    yes,
    question: `This ends what runs on ${first.name}${others.length === 0 ? "" : ", and once it is ready on the others"}; homes stay. Go on?`,
    withoutTerminal: "refuse",
  });
  const waited = await tryOnFirst(run, planned);
  return waited.passed ? follow(run, planned, waited) : rollBack(run, planned, waited);
}

async function show({ context, decided, engine }: UpgradeRun, planned: Upgrade): Promise<void> {
  const { bucket } = await engine.deployed();
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
