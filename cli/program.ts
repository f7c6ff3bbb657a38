import { Command } from "commander";
import { byTarget } from "./byTarget";
import { addDayTwoCommands } from "./dayTwoCommands";
import { addReachCommands } from "./reachCommands";
import type { CommonOptions, Runner } from "./runner";

const EXIT_CODES = `
Exit codes: 0 done, 1 something failed, 2 the input is wrong and nothing was changed,
3 something that gpudev needs is missing. More: docs/command.md`;

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/**
 * The command line of `gpudev`. A command's code is loaded when it is called: the engine's libraries take a
 * while, and `--help` needs none of them.
 */
export function buildProgram(version: string, run: Runner): Command {
  const program = new Command("gpudev")
    .description("GPU development environments with PyTorch and CUDA, from one small stack file.")
    .version(version)
    .addHelpText("after", EXIT_CODES)
    .showHelpAfterError("(gpudev --help lists the commands)");

  const command = (usage: string, description: string) =>
    program
      .command(usage)
      .description(description)
      .option(
        "--stack <name>",
        "stack to work on (default: GPUDEV_STACK, else the only one, else local)",
      )
      .option("--cwd <folder>", "folder that holds stacks/ (default: gpudev's own)")
      .option("--json", "print the result as one JSON document", false);

  command("init", "make the bucket and the key that the state of AWS stacks lies in").action(
    (options: CommonOptions) =>
      run("init", options, async (context) =>
        byTarget(context, {
          aws: async (stack) => (await import("./aws/commands/init.js")).init(context, stack),
        }),
      ),
  );
  command("up", "make the stack's environments what its file says")
    .option("--bootstrap", "make this machine ready first, and the stack local", false)
    .option("--yes", "go on without asking", false)
    .action((options: CommonOptions & { bootstrap: boolean; yes: boolean }) =>
      run("up", options, async (context) =>
        options.bootstrap
          ? (await import("./commands/up.js")).up(context, options)
          : byTarget(context, {
              workstation: async () => (await import("./commands/up.js")).up(context, options),
              aws: async (stack) =>
                (await import("./aws/commands/up.js")).up(context, stack, options),
            }),
      ),
    );
  command("preview", "show who would sit where, and what would change; changes nothing").action(
    (options: CommonOptions) =>
      run("preview", options, async (context) =>
        byTarget(context, {
          workstation: async () => (await import("./commands/preview.js")).preview(context),
          aws: async (stack) => (await import("./aws/commands/preview.js")).preview(context, stack),
        }),
      ),
  );
  command("destroy", "take the environments away; homes stay")
    .option("--yes", "go on without asking", false)
    .action((options: CommonOptions & { yes: boolean }) =>
      run("destroy", options, async (context) =>
        byTarget(context, {
          workstation: async () =>
            (await import("./commands/destroy.js")).destroy(context, options),
          aws: async (stack) =>
            (await import("./aws/commands/destroy.js")).destroy(context, stack, options),
        }),
      ),
    );
  command("add <name>", "write a user into the stack file or its roster")
    .option("--key <key>", "public SSH key or a .pub file; may be given again", collect, [])
    .option("--gpus <gpus>", "a count, auto, none, or devices with commas between")
    .action((name: string, options: CommonOptions & { key: string[]; gpus?: string }) =>
      run("add", options, async (context) =>
        (await import("./commands/users.js")).add(context, name, options),
      ),
    );
  command(
    "remove <name>",
    "take a user out of the stack file or its roster; the home stays",
  ).action((name: string, options: CommonOptions) =>
    run("remove", options, async (context) =>
      (await import("./commands/users.js")).remove(context, name),
    ),
  );
  command("forget <name>", "delete the home of a user who has left, and free the slot")
    .option("--yes", "go on without asking", false)
    .action((name: string, options: CommonOptions & { yes: boolean }) =>
      run("forget", options, async (context) =>
        byTarget(context, {
          workstation: async () =>
            (await import("./commands/forget.js")).forget(context, name, options),
          aws: async (stack) =>
            (await import("./aws/commands/forget.js")).forget(context, stack, name, options),
        }),
      ),
    );
  addReachCommands(command, run);
  addDayTwoCommands(command, run);
  command("doctor", "say what this machine lacks, and the mend").action((options: CommonOptions) =>
    run("doctor", options, async (context) =>
      (await import("./commands/doctor.js")).doctor(context),
    ),
  );
  return program;
}
