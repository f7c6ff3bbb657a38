import type { Command } from "commander";
import { byTarget } from "./byTarget";
import type { CommonOptions, Runner } from "./runner";

/** The commands by which people reach, wake and end environments. */
export function addReachCommands(
  command: (usage: string, description: string) => Command,
  run: Runner,
): void {
  command("status", "show how each environment is, and on AWS each host").action(
    (options: CommonOptions) =>
      run("status", options, async (context) =>
        byTarget(context, {
          workstation: async () => (await import("./commands/status.js")).status(context),
          aws: async (stack) => (await import("./aws/commands/status.js")).status(context, stack),
        }),
      ),
  );
  command("start <name>", "start a user's stopped environment, and its host, and wait for it")
    .option("--host", "the name is a host's: start all that is on it", false)
    .action((name: string, options: CommonOptions & { host: boolean }) =>
      run("start", options, async (context) =>
        byTarget(context, {
          ...(options.host
            ? {}
            : {
                workstation: async () =>
                  (await import("./commands/switch.js")).start(context, name),
              }),
          aws: async (stack) =>
            (await import("./aws/commands/switch.js")).start(context, stack, name, options),
        }),
      ),
    );
  command("stop <name>", "end what runs in a user's environment; the home stays")
    .option("--host", "the name is a host's: stop the machine", false)
    .option("--yes", "go on without asking", false)
    .action((name: string, options: CommonOptions & { host: boolean; yes: boolean }) =>
      run("stop", options, async (context) =>
        byTarget(context, {
          ...(options.host
            ? {}
            : {
                workstation: async () => (await import("./commands/switch.js")).stop(context, name),
              }),
          aws: async (stack) =>
            (await import("./aws/commands/switch.js")).stop(context, stack, name, options),
        }),
      ),
    );
  command("open <name>", "print a user's Jupyter link with its token; on AWS keep the way open")
    .option("--browser", "open it in this machine's browser too", false)
    .action((name: string, options: CommonOptions & { browser: boolean }) =>
      run("open", options, async (context) =>
        byTarget(context, {
          workstation: async () =>
            (await import("./commands/open.js")).open(context, name, options),
          aws: async (stack) =>
            (await import("./aws/commands/open.js")).open(context, stack, name, options),
        }),
      ),
    );
  command(
    "ssh <name> [command...]",
    "log in to a user's environment, or run a command there",
  ).action((name: string, words: string[], options: CommonOptions) =>
    run("ssh", options, async (context) =>
      byTarget(context, {
        workstation: async () => (await import("./commands/ssh.js")).ssh(context, name, words),
        aws: async (stack) =>
          (await import("./aws/commands/ssh.js")).ssh(context, stack, name, words),
      }),
    ),
  );
  command("ssh-config [name]", "print the ssh_config of the environments, or of one")
    .option("--install", "include it in ~/.ssh/config, for ssh, scp and VS Code", false)
    .action((user: string | undefined, options: CommonOptions & { install: boolean }) =>
      run("ssh-config", options, async (context) => {
        const asked = { install: options.install, ...(user === undefined ? {} : { user }) };
        return byTarget(context, {
          workstation: async () => (await import("./commands/ssh.js")).sshConfig(context, asked),
          aws: async (stack) =>
            (await import("./aws/commands/ssh.js")).sshConfig(context, stack, asked),
        });
      }),
    );
  command("keep-awake <name>", "ask a host not to stop a user's idle environment for a while")
    .requiredOption("--for <span>", "how long: 90m, 4h; 0s ends it")
    .action((name: string, options: CommonOptions & { for: string }) =>
      run("keep-awake", options, async (context) =>
        byTarget(context, {
          aws: async (stack) =>
            (await import("./aws/commands/keepAwake.js")).keepAwake(
              context,
              stack,
              name,
              options.for,
            ),
        }),
      ),
    );
}
