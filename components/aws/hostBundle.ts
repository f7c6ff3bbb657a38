import { createHash } from "node:crypto";
import { promises as fs } from "node:fs";
import * as path from "node:path";
import { gzipStored } from "./gzipStored";
import { tarArchive, type TarEntry } from "./tar";

/** What of `images/host` a host runs. */
const PARTS = ["bin", "gpudev_host", "systemd"] as const;

/** The software of a host as one file, the same bytes from every checkout and on every machine. */
export interface HostBundle {
  /** SHA-256 of the bytes; names the file in the bucket (`bundle/<sha256>.tar.gz`) and is what hosts hold it to. */
  readonly sha256: string;
  readonly bytes: Buffer;
}

async function filesBelow(folder: string, name: string): Promise<string[]> {
  if (path.basename(name) === "__pycache__") return [];
  const stat = await fs.lstat(path.join(folder, name));
  if (stat.isFile()) return [name];
  if (!stat.isDirectory()) throw new Error(`${name} in ${folder} is neither file nor folder`);
  const entries = await fs.readdir(path.join(folder, name));
  return (await Promise.all(entries.map((entry) => filesBelow(folder, `${name}/${entry}`)))).flat();
}

/**
 * Packs `images/host`. Times, owners and the umask of a checkout do not count, and the archive is not
 * compressed, since compressors differ from machine to machine and a changed hash updates every host.
 * @param folder the folder `images/host` of the package
 */
export async function hostBundle(folder: string): Promise<HostBundle> {
  const names = (await Promise.all(PARTS.map((part) => filesBelow(folder, part)))).flat();
  const entries = await Promise.all(
    names.toSorted().map(async (name): Promise<TarEntry> => ({
      name,
      bytes: await fs.readFile(path.join(folder, name)),
      executable: name.startsWith("bin/"),
    })),
  );
  const bytes = gzipStored(tarArchive(entries));
  return { sha256: createHash("sha256").update(bytes).digest("hex"), bytes };
}
