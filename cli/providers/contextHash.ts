import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

/**
 * SHA-256 over a build context: names, contents and executable bits, nothing that a checkout
 * or a copy changes (times, owners), so that the same sources have the same hash everywhere.
 */
export function contextHash(folder: string): string {
  const hash = createHash("sha256");
  for (const file of filesBelow(folder)) {
    const stat = fs.lstatSync(path.join(folder, file));
    const [kind, content] = stat.isSymbolicLink()
      ? ["link", Buffer.from(fs.readlinkSync(path.join(folder, file)))]
      : [stat.mode & 0o100 ? "program" : "file", fs.readFileSync(path.join(folder, file))];
    hash.update(`${JSON.stringify([file, kind, content.length])}\n`).update(content);
  }
  return hash.digest("hex");
}

function filesBelow(folder: string, below = ""): readonly string[] {
  return fs
    .readdirSync(path.join(folder, below), { withFileTypes: true })
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((entry) => {
      const name = path.posix.join(below, entry.name);
      return entry.isDirectory() ? filesBelow(folder, name) : [name];
    });
}
