import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** The folder of the gpudev package: of its package.json, `images` and `stacks`. The same from sources and from `dist`. */
export function packageRoot(): string {
  let folder = __dirname;
  while (!fs.existsSync(path.join(folder, "images", "pytorch-cuda", "Dockerfile"))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error(`no gpudev package around ${__dirname}`);
    folder = parent;
  }
  return folder;
}

/**
 * Where gpudev keeps what belongs to a person on this machine: SSH keys, known hosts, rendered
 * authorized keys, the file backend and its passphrase. `GPUDEV_STATE_DIR`, else
 * `$XDG_STATE_HOME/gpudev`, else `~/.local/state/gpudev`.
 */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return (
    env.GPUDEV_STATE_DIR ??
    path.join(env.XDG_STATE_HOME ?? path.join(os.homedir(), ".local", "state"), "gpudev")
  );
}

/**
 * Where gpudev keeps what can be made again: a built Pulumi CLI, bootstrapped bases.
 * `GPUDEV_CACHE_DIR`, else `$XDG_CACHE_HOME/gpudev`, else `~/.cache/gpudev`.
 */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return (
    env.GPUDEV_CACHE_DIR ??
    path.join(env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "gpudev")
  );
}
