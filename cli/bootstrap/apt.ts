import { runCommand } from "../../components/lookups/command";
import type { Progress } from "../progress";
import { keepCertificates } from "./keepCertificates";
import { notReady } from "./notReady";

const ENVIRONMENT = { DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_SUSPEND: "1" };
const MINUTES = 60_000;
/** Another apt, such as the nightly upgrade of a fresh Ubuntu, may hold the lock for a while. */
const LOCK = ["-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"];

/** Debian's package manager, one call at a time: apt takes no second one beside it. */
export interface Apt {
  /** Which of these packages the archives offer. */
  available(packages: readonly string[]): Promise<ReadonlySet<string>>;
  /** Installs packages; says which and why before it begins. */
  install(packages: readonly string[], why: string): Promise<void>;
  /** Reads the package lists again, after a source was added. */
  refresh(): Promise<void>;
  /** Waits until no call runs: one that is cut off leaves packages half installed. */
  idle(): Promise<void>;
}

/** Names of the packages in `apt-cache policy`'s answer that have a candidate. */
export function packagesWithCandidate(policy: string): ReadonlySet<string> {
  const found = new Set<string>();
  let name = "";
  for (const line of policy.split("\n")) {
    const heading = /^(\S+):$/.exec(line);
    if (heading?.[1] !== undefined) name = heading[1];
    else if (/^\s+Candidate: (?!\(none\))\S/.test(line)) found.add(name);
  }
  return found;
}

/** The last lines of a log that are worth a person's time. */
export function lastLines(text: string, count = 4): string {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-count)
    .join("\n  ");
}

/**
 * Debian's package manager for this process.
 * @throws CommandFailure (not ready) from its methods where apt fails.
 */
export function apt(progress: Progress): Apt {
  let queue: Promise<unknown> = Promise.resolve();
  let listsRead: Promise<void> | undefined;

  const run = async (args: readonly string[], report: (line: string) => void): Promise<void> => {
    const turn = queue.then(() =>
      runCommand("apt-get", [...LOCK, ...args], {
        timeout: 20 * MINUTES,
        env: ENVIRONMENT,
        onLine: report,
      }),
    );
    queue = turn;
    const result = await turn;
    if (result.exitCode === 0) return;
    throw notReady(
      `apt-get ${args.join(" ")} failed: ${lastLines(result.stderr || result.stdout)}`,
      `Mend what apt says, then try again: apt-get ${args.join(" ")}`,
    );
  };
  const readLists = () =>
    progress.step("Reading the distribution's package lists", (report) =>
      run(["update", "--quiet"], report),
    );
  const lists = () => (listsRead ??= readLists());

  return {
    idle: async () => {
      await queue;
    },
    refresh: () => (listsRead = readLists()),
    available: async (packages) => {
      await lists();
      const answer = await runCommand("apt-cache", ["policy", ...packages], {
        env: { LC_ALL: "C" },
      });
      return packagesWithCandidate(answer.stdout);
    },
    install: async (packages, why) => {
      if (packages.length === 0) return;
      await lists();
      const args = ["install", "--yes", "--quiet", "--no-install-recommends", ...packages];
      const restored = await keepCertificates(() =>
        progress.step(`Installing ${packages.join(", ")} (${why})`, (report) => run(args, report)),
      );
      if (restored > 0) {
        progress.note(`${restored} CA certificates of this machine's own are kept`);
      }
    },
  };
}
