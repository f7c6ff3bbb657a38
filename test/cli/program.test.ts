import { CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { buildProgram } from "../../cli/program";
import type { CommonOptions } from "../../cli/runner";

interface Called {
  readonly name: string;
  readonly options: CommonOptions;
}

/** Parses a command line without running anything: what would be called, or commander's refusal. */
async function parse(...args: string[]): Promise<Called | CommanderError> {
  let called: Called | undefined;
  const program = buildProgram("1.2.3", (name, options) => {
    called = { name, options };
    return Promise.resolve();
  });
  for (const command of [program, ...program.commands])
    command
      .exitOverride()
      .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  try {
    await program.parseAsync(["node", "gpudev", ...args]);
  } catch (error) {
    if (error instanceof CommanderError) return error;
    throw error;
  }
  if (called === undefined) throw new Error("nothing was called");
  return called;
}

describe("the command line", () => {
  it.each([
    [["up"], "up", { bootstrap: false, yes: false, json: false }],
    [["up", "--bootstrap", "--yes", "--json"], "up", { bootstrap: true, yes: true, json: true }],
    [["preview", "--stack", "vision"], "preview", { stack: "vision", json: false }],
    [["destroy", "--yes"], "destroy", { yes: true, json: false }],
    [
      ["add", "bob", "--key", "a.pub", "--key", "b.pub", "--gpus", "2"],
      "add",
      { key: ["a.pub", "b.pub"], gpus: "2", json: false },
    ],
    [["remove", "bob"], "remove", { json: false }],
    [["forget", "bob", "--yes"], "forget", { yes: true, json: false }],
    [["status", "--cwd", "/srv/gpu"], "status", { cwd: "/srv/gpu", json: false }],
    [["open", "alice", "--browser"], "open", { browser: true, json: false }],
    [["ssh", "alice", "--", "nvidia-smi", "-L"], "ssh", { json: false }],
    [["ssh-config", "--install"], "ssh-config", { install: true, json: false }],
    [["ssh-config", "alice"], "ssh-config", { install: false, json: false }],
    [["start", "alice"], "start", { host: false, json: false }],
    [["stop", "host-0", "--host", "--yes"], "stop", { host: true, yes: true, json: false }],
    [["keep-awake", "alice", "--for", "4h"], "keep-awake", { for: "4h", json: false }],
    [["upgrade", "--within", "30m"], "upgrade", { within: "30m", yes: false, json: false }],
    [
      ["restore", "host-0", "--zone", "eu-west-1b"],
      "restore",
      { zone: "eu-west-1b", deleteOld: false, yes: false, json: false },
    ],
    [
      ["restore", "host-0", "--snapshot", "snap-0a", "--delete-old", "--yes"],
      "restore",
      { snapshot: "snap-0a", deleteOld: true, yes: true, json: false },
    ],
    [["doctor"], "doctor", { json: false }],
  ])("takes %j", async (args, name, options) => {
    expect(await parse(...args)).toEqual({ name, options });
  });

  it.each([
    [["frobnicate"], "commander.unknownCommand"],
    [["up", "--wat"], "commander.unknownOption"],
    [["add"], "commander.missingArgument"],
    [["keep-awake", "alice"], "commander.missingMandatoryOptionValue"],
    [["up", "extra"], "commander.excessArguments"],
    [["up", "--stack"], "commander.optionMissingArgument"],
    [["--version"], "commander.version"],
  ])("refuses or answers %j", async (args, code) => {
    const error = await parse(...args);
    expect(error).toBeInstanceOf(CommanderError);
    expect((error as CommanderError).code).toBe(code);
  });
});
