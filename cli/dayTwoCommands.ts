import type { Command } from "commander";
import { byTarget } from "./byTarget";
import type { CommonOptions, Runner } from "./runner";

interface UpgradeOptions extends CommonOptions {
  readonly yes: boolean;
  readonly within: string;
}

interface RestoreOptions extends CommonOptions {
  readonly zone?: string;
  readonly snapshot?: string;
  readonly deleteOld: boolean;
  readonly yes: boolean;
}

/** The commands for a stack that people have worked on for a while. */
export function addDayTwoCommands(
  command: (usage: string, description: string) => Command,
  run: Runner,
): void {
  command("upgrade", "newest AMI and driver, and the image asked for, on one AWS host first")
    .option("--within <span>", "how long that host may take to be ready", "60m")
    .option("--yes", "go on without asking", false)
    .action((options: UpgradeOptions) =>
      run("upgrade", options, async (context) =>
        byTarget(context, {
          aws: async (stack) =>
            (await import("./aws/commands/upgrade.js")).upgrade(context, stack, options),
        }),
      ),
    );
  command("restore <host>", "make an AWS host's homes anew from a snapshot, in another zone too")
    .option("--zone <zone>", "zone to restore into (default: where they are)")
    .option("--snapshot <id>", "snapshot to restore from (default: one that is taken now)")
    .option("--delete-old", "delete the volume of before, for good", false)
    .option("--yes", "go on without asking", false)
    .action((host: string, options: RestoreOptions) =>
      run("restore", options, async (context) =>
        byTarget(context, {
          aws: async (stack) =>
            (await import("./aws/commands/restore.js")).restore(context, stack, host, options),
        }),
      ),
    );
}
