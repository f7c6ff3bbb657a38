#!/usr/bin/env node
import * as fs from "node:fs";
import * as path from "node:path";
import { CommanderError } from "commander";
import { packageRoot } from "../components/lookups/paths";
import { runAndReport } from "./report";
import { ExitCode } from "./outcome";
import { buildProgram } from "./program";

function packageVersion(): string {
  const text = fs.readFileSync(path.join(packageRoot(), "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

async function main(args: readonly string[]): Promise<void> {
  const program = buildProgram(packageVersion(), runAndReport(process.env));
  program.exitOverride();
  program.commands.forEach((command) => command.exitOverride());
  try {
    await program.parseAsync([...args]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has said what is wrong; help and version are no mistakes.
    process.exitCode = error.exitCode === 0 ? ExitCode.ok : ExitCode.badInput;
  }
}

// A reader that has read enough (`| head`) ends no work that is under way.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

// The engine's connections to processes that have ended keep Node waiting for some seconds more.
void main(process.argv).finally(() => process.stdout.write("", () => process.exit()));
