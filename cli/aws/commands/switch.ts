import { StopInstancesCommand } from "@aws-sdk/client-ec2";
import { confirm } from "../../confirm";
import type { Context } from "../../context";
import { CommandFailure, ExitCode, type Report } from "../../outcome";
import type { AwsStackOnFile } from "../awsStack";
import { ec2In, s3In, ssmIn } from "../clients";
import { awsFailure } from "../failures";
import type { HostNow } from "../hostStates";
import { ENGINEERS_POLICY } from "../needAws";
import { switchEnvironment } from "../switch";
import { fetchDated, type Verdict } from "../verdicts";
import { awaitState, awaitVerdict, hostNow, makeRun } from "../wake";
import { stackIdOf, wayOf, waysOf } from "../ways";

/** Whom `start` and `stop` are about. */
export interface StartOptions {
  /** The name is a host's. */
  readonly host: boolean;
}

export interface StopOptions extends StartOptions {
  /** Go on without asking. */
  readonly yes: boolean;
}

interface Target {
  readonly stackId: string;
  /** `host-0`. */
  readonly host: string;
  /** Absent: everybody on the host. */
  readonly user?: string;
}

function targetOf(read: AwsStackOnFile, name: string, byHost: boolean): Target {
  const stackId = stackIdOf(read);
  if (!byHost) return { stackId, host: wayOf(read, name).host, user: name };
  const hosts = [...new Set(waysOf(read).map(({ host }) => host))];
  if (hosts.includes(name)) return { stackId, host: name };
  throw new CommandFailure(
    ExitCode.badInput,
    `Stack ${read.stack} has no host \`${name}\`.`,
    hosts.length === 0 ? "It has no hosts." : `Its hosts: ${hosts.join(", ")}.`,
  );
}

/** A stack past its end stops its hosts by itself: starting one would only be taken back. */
function refuseEnded({ settings }: AwsStackOnFile): void {
  const { until } = settings.lifetime;
  if (until === undefined || Date.parse(until) > Date.now()) return;
  throw new CommandFailure(
    ExitCode.badInput,
    `The stack's end, ${until}, is past: its hosts stay off.`,
    "Write a later gpudev:lifetime.until and run `gpudev up`.",
  );
}

function stateOf(verdict: Verdict, user: string): string {
  return verdict.environments[user]?.state ?? "unknown";
}

/** `gpudev start NAME` on AWS: the host where it is stopped, then the environment; waits until it can be used. */
export async function start(
  context: Context,
  read: AwsStackOnFile,
  name: string,
  options: StartOptions,
): Promise<Report> {
  const target = targetOf(read, name, options.host);
  refuseEnded(read);
  const { stackId, user } = target;
  const { region } = read.settings.aws;
  const [ec2, s3] = [ec2In(region), s3In(region)];
  const before = await hostNow(ec2, stackId, target.host);
  const said = before.bucket === undefined ? "" : await fetchDated(s3, before.bucket, target.host);
  const { host, started } = await makeRun(context, ec2, stackId, before);
  const earlier = started && typeof said !== "string" ? said.verdict.boot : undefined;
  const verdict = await awaitVerdict(context, s3, host, earlier);
  const words =
    user === undefined || stateOf(verdict, user) === "healthy"
      ? verdict.words
      : await startOne(context, read, { ...target, user, host });
  const ready = user !== undefined || verdict.ready;
  context.print(words.join("\n"));
  const report = { stack: read.stack, findings: [], host: target.host, started, words };
  return {
    ...report,
    ...(user === undefined ? {} : { user }),
    ...(ready ? {} : { exitCode: ExitCode.failed }),
  };
}

async function startOne(
  context: Context,
  read: AwsStackOnFile,
  target: { readonly stackId: string; readonly user: string; readonly host: HostNow },
): Promise<string[]> {
  const { stackId, user, host } = target;
  const ssm = ssmIn(read.settings.aws.region);
  const said = await context.progress.step(`Start the environment of ${user}`, () =>
    switchEnvironment(ssm, "start", {
      stack: read.stack,
      stackId,
      host: host.name,
      instanceId: host.instanceId,
      user,
    }),
  );
  return [said === "" ? `The environment of ${user} runs.` : said];
}

/** `gpudev stop NAME` on AWS: the environment ends in order, and its host with the last one; `--host` stops a host at once. */
export async function stop(
  context: Context,
  read: AwsStackOnFile,
  name: string,
  options: StopOptions,
): Promise<Report> {
  const target = targetOf(read, name, options.host);
  const { stackId, user } = target;
  const ec2 = ec2In(read.settings.aws.region);
  const host = await hostNow(ec2, stackId, target.host);
  const report = {
    stack: read.stack,
    findings: [],
    host: host.name,
    ...(user === undefined ? {} : { user }),
  };
  if (host.state === "stopped") {
    const words = [`${host.name} is stopped already.`];
    context.print(words.join("\n"));
    return { ...report, hostStops: false, words };
  }
  const words =
    user === undefined
      ? await stopHost(context, read, stackId, host, options.yes)
      : await stopOne(context, read, stackId, host, user);
  context.print(words.join("\n"));
  return { ...report, hostStops: user === undefined || words.length > 1, words };
}

async function stopHost(
  context: Context,
  read: AwsStackOnFile,
  stackId: string,
  { name: host, instanceId }: HostNow,
  yes: boolean,
): Promise<string[]> {
  const on = waysOf(read).filter((way) => way.host === host);
  const who = on.map(({ user }) => user).join(", ");
  await confirm({
    yes,
    question: `This ends what runs in the environments of ${who}; homes stay. Go on?`,
    withoutTerminal: "go on",
  });
  const ec2 = ec2In(read.settings.aws.region);
  await context.progress.step(`Stop ${host}`, async () => {
    try {
      // The machine shuts down as by its own button: every environment is told, and waited for.
      await ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    } catch (problem) {
      throw awsFailure(problem, `Stopping ${host}`, ENGINEERS_POLICY);
    }
    await awaitState(ec2, stackId, host, "stopped");
  });
  return [`${host} is stopped; homes stay. \`gpudev start NAME\` starts it.`];
}

async function stopOne(
  context: Context,
  read: AwsStackOnFile,
  stackId: string,
  host: HostNow,
  user: string,
): Promise<string[]> {
  const { region } = read.settings.aws;
  const one = { stack: read.stack, stackId, host: host.name, instanceId: host.instanceId, user };
  await context.progress.step(`Stop the environment of ${user}`, () =>
    switchEnvironment(ssmIn(region), "stop", one),
  );
  const words = [`The environment of ${user} is stopped; the home stays.`];
  if (host.bucket === undefined) return words;
  const dated = await fetchDated(s3In(region), host.bucket, host.name);
  if (typeof dated === "string") return words;
  const others = Object.entries(dated.verdict.environments).filter(([name]) => name !== user);
  if (others.some(([, { state }]) => state !== "stopped")) return words;
  return [...words, `Nobody else is on ${host.name}: it powers itself off within minutes.`];
}
