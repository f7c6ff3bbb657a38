import { usdText } from "../../output/awsText";
import { sinceText } from "../../output/since";
import { table } from "../../output/table";
import type { Context } from "../../context";
import { CommandFailure, type Report } from "../../outcome";
import { decideAws, type AwsStackOnFile } from "../awsStack";
import { ec2In, s3In } from "../clients";
import { hostsNow } from "../hosts";
import type { HostNow } from "../hostStates";
import { statusOfHosts, type AwsStatus } from "../status";
import { fetchDated, type DatedVerdict } from "../verdicts";

/** `gpudev status` on AWS: what EC2 and the hosts' own verdicts say, and what it costs. Says what it may not ask. */
export async function status(context: Context, read: AwsStackOnFile): Promise<Report> {
  const { plan } = await decideAws(context, read);
  const unasked: string[] = [];
  const hosts = await context.progress.step("Look at the hosts", () =>
    foundHosts(plan.region, plan.id, unasked),
  );
  const verdicts = new Map(
    await Promise.all(
      (hosts ?? []).map(async (host) => [host.name, await heard(plan.region, host)] as const),
    ),
  );
  const now = statusOfHosts(plan, hosts, verdicts);
  print(context, read.stack, now);
  for (const line of unasked) context.print(`\n${line}`);
  return { stack: read.stack, findings: read.findings, ...now, unasked };
}

async function foundHosts(
  region: string,
  stackId: string,
  unasked: string[],
): Promise<HostNow[] | undefined> {
  try {
    return await hostsNow(ec2In(region), stackId);
  } catch (problem) {
    if (!(problem instanceof CommandFailure)) throw problem;
    unasked.push(`${problem.message} ${problem.mend ?? ""}`.trim());
    return undefined;
  }
}

function heard(region: string, { bucket, name }: HostNow): Promise<DatedVerdict | string> {
  if (bucket === undefined)
    return Promise.resolve(`The instance of ${name} does not say where its verdict is.`);
  return fetchDated(s3In(region), bucket, name);
}

function print(context: Context, stack: string, { hosts, environments, cost }: AwsStatus): void {
  const since = (time: string | undefined) =>
    time === undefined ? "" : sinceText(time, new Date());
  context.print(
    hosts.length === 0
      ? `Stack ${stack} has no hosts.`
      : table(
          ["HOST", "TYPE", "STATE", "SINCE", "READY", "SAYS"],
          hosts.map((one) => [
            one.host,
            one.type,
            one.state,
            since(one.since),
            one.ready === undefined ? "" : one.ready ? "yes" : "no",
            one.words.join(" "),
          ]),
        ),
  );
  if (environments.length > 0)
    context.print(
      `\n${table(
        ["USER", "HOST", "STATE", "LAST DECISION"],
        environments.map(({ user, host, state, decision }) => [user, host, state, decision ?? ""]),
      )}`,
    );
  const now = cost.perHourNow === undefined ? "" : `${usdText(cost.perHourNow)} an hour now; `;
  context.print(
    `\n${now}${usdText(cost.perHour)} an hour while all hosts run, ${usdText(cost.perHourStopped)} while they are stopped (prices of ${cost.pricesAsOf}).`,
  );
}
