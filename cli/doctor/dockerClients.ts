import { runCommand } from "../../components/lookups/command";
import { dockerClientFiles } from "../../components/lookups/executables";
import { hasOwnBuildKit } from "../providers/builder";

/** One Docker client of this machine. */
export interface DockerClient {
  readonly file: string;
  /** Such as `20.10.24`. */
  readonly version: string;
  /** How it builds with BuildKit: by itself, through the buildx plugin, or not at all. */
  readonly buildKit: "built-in" | "buildx" | "none";
}

/** The version in `docker --version`; absent for anything but Docker's own client, such as podman's stand-in. */
export function clientVersion(answer: string): string | undefined {
  return /^Docker version (\d+\.\d+\.\d+)/m.exec(answer)?.[1];
}

/** How a client can build: the plugin comes first, as where gpudev builds. */
export function buildKitOf(version: string, buildx: boolean): DockerClient["buildKit"] {
  if (buildx) return "buildx";
  return hasOwnBuildKit(version) ? "built-in" : "none";
}

/** Every Docker client, looked for where the build looks. A second one behind the first may be the only one that builds. */
export async function readDockerClients(
  env: NodeJS.ProcessEnv = process.env,
): Promise<readonly DockerClient[]> {
  const clients = await Promise.all(
    dockerClientFiles(env).map(async (file) => {
      const [version, buildx] = await Promise.all([
        runCommand(file, ["--version"]),
        runCommand(file, ["buildx", "version"]),
      ]);
      const parsed = clientVersion(version.stdout);
      if (parsed === undefined) return undefined;
      return { file, version: parsed, buildKit: buildKitOf(parsed, buildx.exitCode === 0) };
    }),
  );
  return clients.filter((client) => client !== undefined);
}

/** The client to build with: the first that can. */
export function buildClient(clients: readonly DockerClient[]): DockerClient | undefined {
  return clients.find((client) => client.buildKit !== "none");
}
