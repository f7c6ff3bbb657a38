import * as fs from "node:fs";
import * as path from "node:path";
import { runCommand } from "../../components/lookups/command";
import { hasOwnBuildKit } from "../providers/builder";

/** One Docker client on PATH. */
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

/** Executables of this name on PATH, in its order, each once. */
export function executablesOnPath(
  name: string,
  env: NodeJS.ProcessEnv = process.env,
): readonly string[] {
  const found = new Map<string, string>();
  for (const folder of (env.PATH ?? "").split(path.delimiter)) {
    const file = path.join(folder, name);
    if (!path.isAbsolute(file) || !isExecutable(file)) continue;
    const real = fs.realpathSync(file);
    if (!found.has(real)) found.set(real, file);
  }
  return [...found.values()];
}

function isExecutable(file: string): boolean {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat?.isFile() === true && (stat.mode & 0o111) !== 0;
}

/** Every Docker client on PATH. A second one behind the first may be the only one that builds. */
export async function readDockerClients(
  env: NodeJS.ProcessEnv = process.env,
): Promise<readonly DockerClient[]> {
  const clients = await Promise.all(
    executablesOnPath("docker", env).map(async (file) => {
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

/** The client to build with: the first on PATH that can. */
export function buildClient(clients: readonly DockerClient[]): DockerClient | undefined {
  return clients.find((client) => client.buildKit !== "none");
}
