import * as fs from "node:fs";
import * as path from "node:path";

/** Executables of this name on PATH, in its order, each once. */
export function executablesOnPath(
  name: string,
  env: NodeJS.ProcessEnv = process.env,
): readonly string[] {
  return executablesIn((env.PATH ?? "").split(path.delimiter), name);
}

/**
 * Docker clients to look at, the first on PATH first. Distributions put theirs into /usr/bin, which counts
 * also where PATH lacks it: a second client may be the only one that can build.
 */
export function dockerClientFiles(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  return executablesIn([...(env.PATH ?? "").split(path.delimiter), "/usr/bin"], "docker");
}

function executablesIn(folders: readonly string[], name: string): readonly string[] {
  const found = new Map<string, string>();
  for (const folder of folders) {
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
