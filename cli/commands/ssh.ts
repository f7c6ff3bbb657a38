import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { accessFiles, writeAccessFiles } from "../access";
import { inspectContainers } from "../containers";
import type { Context } from "../context";
import { containerOf } from "../environments";
import { decide, loadStack, type LoadedStack } from "../loadStack";
import { runSsh } from "../openssh";
import { CommandFailure, ExitCode, type Report } from "../outcome";
import { replaceFile } from "../stackFile";

async function mustRun(loaded: LoadedStack, user: string, container: string): Promise<void> {
  const [found] = await inspectContainers(loaded.docker, [container]);
  if (found?.state === "running") return;
  throw new CommandFailure(
    ExitCode.failed,
    `The environment of ${user} ${found === undefined ? "does not exist" : `is ${found.state}`}.`,
    "Run `gpudev up`.",
  );
}

/** Writes the access files anew where the alias or the host's key is not in them. */
async function refreshAccess(
  context: Context,
  loaded: LoadedStack,
  alias: string,
): Promise<string> {
  const { sshConfig, knownHosts } = accessFiles(loaded.folders.work);
  const has = (file: string, line: (text: string) => boolean) =>
    fs.existsSync(file) && fs.readFileSync(file, "utf8").split("\n").some(line);
  const known =
    has(sshConfig, (line) => line === `Host ${alias}`) &&
    has(knownHosts, (line) => line.startsWith(`${alias} `));
  if (!known) await writeAccessFiles(await decide(context, loaded));
  return sshConfig;
}

/** `gpudev ssh NAME [-- command]`: OpenSSH into an environment; ends with ssh's own exit code. */
export async function ssh(
  context: Context,
  user: string,
  command: readonly string[],
): Promise<Report> {
  const loaded = loadStack(context);
  const container = containerOf(loaded, user);
  if (!loaded.settings.services.ssh)
    throw new CommandFailure(
      ExitCode.badInput,
      `Stack ${loaded.stack} serves no SSH.`,
      "Set ssh: true under gpudev:services.",
    );
  await mustRun(loaded, user, container);
  const config = await refreshAccess(context, loaded, container);
  const args = ["-F", config, container, ...(command.length === 0 ? [] : ["--", ...command])];
  const report = { stack: loaded.stack, findings: [], user, argv: ["ssh", ...args] };
  if (context.json) return report;
  return { ...report, exitCode: (await runSsh(args)).exitCode };
}

export interface SshConfigOptions {
  /** Print this user's alone; default: everybody's. */
  readonly user?: string;
  /** Make the person's own `ssh` know the environments. */
  readonly install: boolean;
}

/** An `ssh_config` text that includes a file, at its top, where an Include counts for every host. */
export function withInclude(text: string, file: string): string {
  const line = `Include "${file}"`;
  return text.split("\n").includes(line) ? text : `${line}\n${text === "" ? "" : `\n${text}`}`;
}

/** What stands in a stack's ssh_config, of one alias or of all. */
export function configText(file: string, alias: string | undefined): string {
  const blocks = fs.readFileSync(file, "utf8").split(/^(?=Host )/m);
  const own =
    alias === undefined ? blocks : blocks.filter((one) => one.startsWith(`Host ${alias}\n`));
  return own.join("");
}

/** Makes the person's own `ssh` read a stack's file; returns the file that now includes it. */
export function installConfig(config: string): string {
  const own = path.join(os.homedir(), ".ssh", "config");
  fs.mkdirSync(path.dirname(own), { recursive: true, mode: 0o700 });
  const before = fs.existsSync(own) ? fs.readFileSync(own, "utf8") : "";
  const after = withInclude(before, config);
  if (after !== before) replaceFile(own, after, 0o600);
  return own;
}

/** `gpudev ssh-config`: the `ssh_config` of a stack's environments, with host keys fetched anew. */
export async function sshConfig(context: Context, options: SshConfigOptions): Promise<Report> {
  const loaded = loadStack(context);
  const alias = options.user === undefined ? undefined : containerOf(loaded, options.user);
  const decided = await decide(context, loaded);
  const missing = await writeAccessFiles(decided);
  if (missing.length > 0)
    context.say(
      `No host key yet of ${missing.join(", ")}: not running. \`gpudev up\` starts them.`,
    );
  const files = accessFiles(decided.folders.work);
  const text = configText(files.sshConfig, alias);
  if (options.install) {
    const own = installConfig(files.sshConfig);
    context.print(
      `${own} includes ${files.sshConfig}: \`ssh gpudev-${decided.stack}-NAME\` works.`,
    );
  } else context.print(text.trimEnd());
  return { stack: decided.stack, findings: decided.findings, ...files, text };
}
