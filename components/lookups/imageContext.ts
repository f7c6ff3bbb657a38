import { createHash } from "node:crypto";
import { promises as fs } from "node:fs";
import * as path from "node:path";

/** What goes into a build besides the lock of its torch build; .dockerignore lets in the same. */
export const CONTEXT = [
  ".dockerignore",
  "Dockerfile",
  "build",
  "examples",
  "locks/tools.txt",
  "rootfs",
] as const;
/** What .dockerignore keeps out wherever it lies. */
const LEFT_OUT = new Set(["__pycache__", ".ipynb_checkpoints"]);

async function filesBelow(folder: string, name: string): Promise<string[]> {
  const stat = await fs.lstat(path.join(folder, name)).catch(() => undefined);
  if (stat === undefined || LEFT_OUT.has(path.basename(name))) return [];
  if (!stat.isDirectory()) return [name];
  const entries = await fs.readdir(path.join(folder, name));
  return (await Promise.all(entries.map((e) => filesBelow(folder, `${name}/${e}`)))).flat();
}

/**
 * SHA-256 of a build folder: of relative paths in order, whether each file may be executed, and its
 * bytes. Times, owners and other modes do not count, so that every checkout gives the same.
 */
export async function contextHash(
  folder: string,
  names: readonly string[] = CONTEXT,
): Promise<string> {
  const files = (await Promise.all(names.map((name) => filesBelow(folder, name))))
    .flat()
    .toSorted();
  const hash = createHash("sha256");
  for (const file of files) {
    const full = path.join(folder, file);
    const stat = await fs.lstat(full);
    const link = stat.isSymbolicLink();
    const bytes = link ? Buffer.from(await fs.readlink(full)) : await fs.readFile(full);
    const kind = link ? "link" : (stat.mode & 0o111) === 0 ? "file" : "program";
    hash.update(`${JSON.stringify([file, kind, bytes.length])}\n`).update(bytes);
  }
  return hash.digest("hex");
}

/** SHA-256 of every lock of a torch build, by file name. */
export async function readLocks(folder: string): Promise<Record<string, string>> {
  const locks = path.join(folder, "locks");
  const names = (await fs.readdir(locks)).filter((name) => /^torch.*\.txt$/.test(name)).toSorted();
  const entries = names.map(async (name): Promise<[string, string]> => [
    name,
    createHash("sha256")
      .update(await fs.readFile(path.join(locks, name)))
      .digest("hex"),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}
