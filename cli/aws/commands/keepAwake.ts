import { runCommand } from "../../../components/lookups/command";
import { duration } from "../../../components/settings/quantities";
import type { Context } from "../../context";
import { CommandFailure, ExitCode, type Report } from "../../outcome";
import type { AwsStackOnFile } from "../awsStack";
import { sessionFailure } from "../failures";
import { writeSshFiles } from "../sshFiles";
import { requireSessions, wayOf } from "../ways";

/** The file in a home that the host's idle watcher reads. */
const LEASE = "~/.config/gpudev/keep-awake";
const LOGIN_MS = 90_000;

/** What runs inside the environment: takes a lease of so many seconds by the host's own clock, or ends it. */
export function leaseCommand(seconds: number): string {
  if (seconds === 0) return `rm -f ${LEASE}`;
  const until = `date --iso-8601=seconds -d '+${seconds} seconds'`;
  return `mkdir -p ~/.config/gpudev && ${until} > ${LEASE} && cat ${LEASE}`;
}

/**
 * `gpudev keep-awake NAME --for 4h` on AWS: the user's wish not to be stopped for being idle, written in the home over
 * SSH. The host keeps it within the stack's bound (lifetime.maxLease).
 */
export async function keepAwake(
  context: Context,
  read: AwsStackOnFile,
  user: string,
  span: string,
): Promise<Report> {
  const seconds = duration.safeParse(span);
  if (!seconds.success)
    throw new CommandFailure(
      ExitCode.badInput,
      `--for ${span} ${seconds.error.issues[0]?.message ?? "is no span of time"}.`,
      "`--for 0s` ends a lease.",
    );
  const way = wayOf(read, user);
  if (way.ssh === undefined)
    throw new CommandFailure(
      ExitCode.badInput,
      `Stack ${read.stack} serves no SSH, over which this is written.`,
      `In the environment itself: ${leaseCommand(seconds.data)}`,
    );
  if (way.direct === undefined) requireSessions(context.env);
  const { sshConfig, missing } = await writeSshFiles(read, [way]);
  if (missing[0] !== undefined) throw missing[0].why;
  const args = ["-F", sshConfig, "-o", "BatchMode=yes", way.alias, leaseCommand(seconds.data)];
  const ended = await context.progress.step(`Ask ${way.host}`, () =>
    runCommand("ssh", args, { timeout: LOGIN_MS }),
  );
  if (ended.exitCode !== 0)
    throw (
      sessionFailure(ended.stderr, user) ??
      new CommandFailure(
        ExitCode.failed,
        `The environment of ${user} could not be told: ${ended.stderr.trim().split("\n").at(-1) ?? ""}.`,
        `\`gpudev ssh ${user}\` shows whether its key is yours.`,
      )
    );
  const until = ended.stdout.trim();
  const most = read.settings.lifetime.maxLease;
  context.print(
    seconds.data === 0
      ? `The environment of ${user} stops again when nobody uses it.`
      : `The environment of ${user} is kept awake until ${until}${seconds.data > most ? `, but ${Math.round(most / 60)} minutes at most` : ""}.`,
  );
  return { stack: read.stack, findings: [], user, ...(until === "" ? {} : { until }) };
}
