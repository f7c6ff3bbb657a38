import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { accessFiles, writeAccessFiles } from "../access";
import { inspectContainers } from "../containers";
import type { Context } from "../context";
import { containerOf } from "../environments";
import { decide, loadStack, type LoadedStack } from "../loadStack";
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

function run(file: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...args], { stdio: "inherit" });
    const ignore = () => undefined;
    // The terminal's Ctrl-C is the remote program's, not ours.
    process.on("SIGINT", ignore);
    child.on("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "ENOENT"
          ? new CommandFailure(
              ExitCode.notReady,
              "There is no `ssh` on this machine.",
              "Install an OpenSSH client (Debian and Ubuntu: openssh-client).",
            )
          : error,
      ),
    );
    child.on("close", (code, signal) => {
      process.off("SIGINT", ignore);
      resolve(code ?? 128 + (signal === null ? 0 : os.constants.signals[signal]));
    });
  });
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
  return { ...report, exitCode: await run("ssh", args) };
}

export interface SshConfigOptions {
  /** Make the person's own `ssh` know the environments. */
  readonly install: boolean;
}

/** An `ssh_config` text that includes a file, at its top, where an Include counts for every host. */
export function withInclude(text: string, file: string): string {
  const line = `Include "${file}"`;
  return text.split("\n").includes(line) ? text : `${line}\n${text === "" ? "" : `\n${text}`}`;
}

/** `gpudev ssh-config`: the `ssh_config` of a stack's environments, with host keys fetched anew. */
export async function sshConfig(context: Context, options: SshConfigOptions): Promise<Report> {
  const decided = await decide(context, loadStack(context));
  const missing = await writeAccessFiles(decided);
  if (missing.length > 0)
    context.say(
      `No host key yet of ${missing.join(", ")}: not running. \`gpudev up\` starts them.`,
    );
  const files = accessFiles(decided.folders.work);
  const text = fs.readFileSync(files.sshConfig, "utf8");
  if (options.install) {
    const own = path.join(os.homedir(), ".ssh", "config");
    fs.mkdirSync(path.dirname(own), { recursive: true, mode: 0o700 });
    const before = fs.existsSync(own) ? fs.readFileSync(own, "utf8") : "";
    const after = withInclude(before, files.sshConfig);
    if (after !== before) replaceFile(own, after, 0o600);
    context.print(
      `${own} includes ${files.sshConfig}: \`ssh gpudev-${decided.stack}-NAME\` works.`,
    );
  } else context.print(text.trimEnd());
  return { stack: decided.stack, findings: decided.findings, ...files, text };
}
