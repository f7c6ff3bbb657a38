import type { EC2Client } from "@aws-sdk/client-ec2";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Context } from "../context";
import { CommandFailure, ExitCode } from "../outcome";
import { hostsNow, startHosts } from "./hosts";
import type { HostNow } from "./hostStates";
import { notStarted } from "./notStarted";
import { fetchDated, type DatedVerdict, type Verdict } from "./verdicts";

const POLL_MS = 2_000;
/** EC2 takes minutes to stop a machine whose environments save their work. */
const STOPPING_MS = 15 * 60_000;
/** A boot with a new image to pull and every environment's health. */
const VERDICT_MS = 40 * 60_000;

/** Asks again and again; undefined after the time. */
async function until<T>(limit: number, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  for (const end = Date.now() + limit; ;) {
    const answer = await ask();
    if (answer !== undefined || Date.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * A host of a stack.
 * @throws CommandFailure (failed) where it has no instance
 */
export async function hostNow(ec2: EC2Client, stackId: string, name: string): Promise<HostNow> {
  const found = (await hostsNow(ec2, stackId)).find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new CommandFailure(
    ExitCode.failed,
    `${name} has no instance.`,
    "`gpudev up` makes it; `gpudev status` shows the hosts that there are.",
  );
}

/** Waits until a machine is in a state. */
export async function awaitState(
  ec2: EC2Client,
  stackId: string,
  name: string,
  state: "running" | "stopped",
): Promise<HostNow> {
  const found = await until(STOPPING_MS, async () => {
    const now = await hostNow(ec2, stackId, name);
    return now.state === state ? now : undefined;
  });
  if (found !== undefined) return found;
  throw new CommandFailure(
    ExitCode.failed,
    `${name} is not ${state} after ${STOPPING_MS / 60_000} minutes.`,
    "Look at it with `gpudev status`, and at its console in EC2.",
  );
}

/**
 * Makes a machine run, whatever it is doing now.
 * @returns the running machine, and whether it was started just now
 */
export async function makeRun(
  context: Context,
  ec2: EC2Client,
  stackId: string,
  before: HostNow,
): Promise<{ readonly host: HostNow; readonly started: boolean }> {
  const { name, type } = before;
  if (before.state === "running") return { host: before, started: false };
  return context.progress.step(`Start ${name} (${type})`, async (report) => {
    let now = before;
    if (now.state === "stopping") {
      report("it is still stopping");
      now = await awaitState(ec2, stackId, name, "stopped");
    }
    const started = now.state === "stopped";
    try {
      if (started) await startHosts(ec2, [now]);
    } catch (problem) {
      throw notStarted(name, type, problem);
    }
    report("EC2 boots it");
    return { host: await awaitState(ec2, stackId, name, "running"), started };
  });
}

/** Whether a verdict was said in the boot that began last. Pure. */
export function isFresh(
  { verdict, sentAt }: DatedVerdict,
  host: Pick<HostNow, "startedAt" | "instanceId">,
  earlierBoot: string | undefined,
): boolean {
  if ((verdict.instance ?? host.instanceId) !== host.instanceId) return false;
  if (host.startedAt !== undefined && sentAt < host.startedAt) return false;
  return earlierBoot === undefined || verdict.boot !== earlierBoot;
}

/** Waits for what a host says in its present boot. */
export async function awaitVerdict(
  context: Context,
  s3: S3Client,
  host: HostNow,
  earlierBoot: string | undefined,
): Promise<Verdict> {
  const { bucket, name } = host;
  if (bucket === undefined)
    throw new CommandFailure(
      ExitCode.failed,
      `${name} runs, and its instance does not say where its verdict is: an older gpudev made it.`,
      "`gpudev up` tags it.",
    );
  return context.progress.step(`Wait for ${name} to be ready`, async (report) => {
    let last = "";
    const found = await until(VERDICT_MS, async () => {
      const dated = await fetchDated(s3, bucket, name);
      last = typeof dated === "string" ? dated : "it has said nothing since it was started";
      report(last);
      return typeof dated !== "string" && isFresh(dated, host, earlierBoot)
        ? dated.verdict
        : undefined;
    });
    if (found !== undefined) return found;
    throw new CommandFailure(
      ExitCode.failed,
      `${name} runs, and did not become ready within ${VERDICT_MS / 60_000} minutes: ${last}`,
      "Its journal says how far it came: `journalctl --unit gpudevhost-apply` on the host.",
    );
  });
}
