import { runCommand } from "../../components/lookups/command";
import { dockerClientFiles } from "../../components/lookups/executables";

/** A client that can build with BuildKit: the command, the arguments before `build`'s own, its environment. */
export interface Builder {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const NO_BUILDER =
  "no Docker client here can build with BuildKit: install buildx " +
  "(`apt install docker-buildx-plugin` from Docker's archive, or `docker-buildx` from the distribution's)";

/**
 * Finds a client that builds with BuildKit. Docker 23 and newer need the buildx plugin for it;
 * 18.09 to 22 bring BuildKit themselves. A machine can have several clients, and the first on
 * PATH need not be one that can build.
 */
export async function findBuilder(env: NodeJS.ProcessEnv = process.env): Promise<Builder> {
  for (const file of dockerClientFiles(env)) {
    const buildx = await runCommand(file, ["buildx", "version"]);
    if (buildx.exitCode === 0) return { file, args: ["buildx", "build", "--load"], env: {} };
    const version = await runCommand(file, ["version", "--format", "{{.Client.Version}}"]);
    // Printed even where no daemon answers.
    if (hasOwnBuildKit(version.stdout)) {
      return { file, args: ["build"], env: { DOCKER_BUILDKIT: "1" } };
    }
  }
  throw new Error(NO_BUILDER);
}

/** True for the client versions that build with BuildKit without a plugin. */
export function hasOwnBuildKit(version: string): boolean {
  const [major, minor] = version.split(".").map(Number);
  if (major === undefined || minor === undefined || Number.isNaN(major + minor)) return false;
  return (major > 18 || (major === 18 && minor >= 9)) && major < 23;
}
