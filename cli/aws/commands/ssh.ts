import { configText, installConfig, type SshConfigOptions } from "../../commands/ssh";
import type { Context } from "../../context";
import { runSsh } from "../../openssh";
import { CommandFailure, ExitCode, type Report } from "../../outcome";
import type { AwsStackOnFile } from "../awsStack";
import { sessionFailure } from "../failures";
import { writeSshFiles } from "../sshFiles";
import { requireSessions, wayOf, waysOf } from "../ways";

function requireSsh(read: AwsStackOnFile): void {
  if (read.settings.services.ssh) return;
  throw new CommandFailure(
    ExitCode.badInput,
    `Stack ${read.stack} serves no SSH.`,
    "Set ssh: true under gpudev:services.",
  );
}

/**
 * `gpudev ssh NAME [-- command]` on AWS: OpenSSH through a session. It ends with ssh's own exit code; where there
 * was no way in, it says why.
 */
export async function ssh(
  context: Context,
  read: AwsStackOnFile,
  user: string,
  command: readonly string[],
): Promise<Report> {
  const way = wayOf(read, user);
  requireSsh(read);
  if (way.direct === undefined) requireSessions(context.env);
  const { sshConfig: config, missing } = await writeSshFiles(read, [way]);
  const [failed] = missing;
  if (failed !== undefined) throw failed.why;
  const args = ["-F", config, way.alias, ...(command.length === 0 ? [] : ["--", ...command])];
  const report = { stack: read.stack, findings: [], user, argv: ["ssh", ...args] };
  if (context.json) return report;
  const { exitCode, said } = await runSsh(args, true);
  const why = exitCode === 255 ? sessionFailure(said, user) : undefined;
  if (why !== undefined) throw why;
  return { ...report, exitCode };
}

/**
 * `gpudev ssh-config` on AWS: the `ssh_config` of the users whose host keys this person may read; with a user's own
 * policy that is one.
 */
export async function sshConfig(
  context: Context,
  read: AwsStackOnFile,
  options: SshConfigOptions,
): Promise<Report> {
  requireSsh(read);
  const asked = options.user === undefined ? undefined : wayOf(read, options.user);
  const ways = asked === undefined ? waysOf(read) : [asked];
  const [somebody] = read.settings.users;
  if (ways.length === 0 && somebody !== undefined) wayOf(read, somebody.name); // says what is missing
  const { missing, ...files } = await writeSshFiles(read, ways);
  const [first] = missing;
  if (first !== undefined && missing.length === ways.length) throw first.why;
  if (missing.length > 0)
    context.say(
      `Left out: ${missing.map(({ user }) => user).join(", ")}. ${missing[0]?.why.message ?? ""}`,
    );
  const text = configText(files.sshConfig, asked?.alias);
  if (options.install) {
    const own = installConfig(files.sshConfig);
    context.print(`${own} includes ${files.sshConfig}: \`ssh gpudev-${read.stack}-NAME\` works.`);
  } else context.print(text.trimEnd());
  return { stack: read.stack, findings: read.findings, ...files, text };
}
