import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const IMAGE = path.join(__dirname, "..", "..", "images", "pytorch-cuda");
const LOCKS = readdirSync(path.join(IMAGE, "locks")).filter((name) => name.startsWith("torch"));

/** The entries of a lock, as `name==version`, sorted. */
function entries(text: string): string[] {
  return [...text.matchAll(/^[a-z0-9][^\s\\;]*/gm)].map(([entry]) => entry).sort();
}

describe("the locks", () => {
  let parts: string;
  beforeEach(() => {
    parts = mkdtempSync(path.join(os.tmpdir(), "gpudev-parts-"));
  });
  afterEach(() => {
    rmSync(parts, { recursive: true });
  });

  function split(lock: string): Map<string, string> {
    execFileSync(path.join(IMAGE, "build/tools/split-lock"), [
      path.join(IMAGE, "locks", lock),
      parts,
    ]);
    return new Map(
      readdirSync(parts).map((name) => [
        path.basename(name, ".txt"),
        readFileSync(path.join(parts, name), "utf8"),
      ]),
    );
  }

  it("are those that the image is promised for", () => {
    expect(LOCKS).toEqual(
      expect.arrayContaining([
        "torch2.6.0-cu124-py3.10.txt",
        "torch2.6.0-cu124-py3.11.txt",
        expect.stringContaining("-cu130-"),
      ]),
    );
  });

  it.each(LOCKS)("%s hashes every package, names no index and has what its name says", (lock) => {
    const text = readFileSync(path.join(IMAGE, "locks", lock), "utf8");
    const unhashed = text
      .split(/\n(?=[a-z0-9])/)
      .slice(1)
      .filter((entry) => !/--hash=sha256:[0-9a-f]{64}/.test(entry));
    expect(unhashed).toEqual([]);
    expect(text).not.toMatch(/https?:|--index|--find-links/);
    const [, torch, cuda] = /^torch(.*)-cu(\d+)-py3\.\d+\.txt$/.exec(lock) ?? [];
    expect(entries(text)).toContain(`torch==${torch}`);
    const [, runtime] = /^nvidia-cuda-runtime[a-z0-9-]*==(\d+\.\d+)\./m.exec(text) ?? [];
    expect(runtime?.replace(".", "")).toBe(cuda);
  });

  it.each(LOCKS)("%s is sorted into parts, each entry in one", (lock) => {
    const sorted = split(lock);
    expect([...sorted.keys()].sort()).toEqual([
      "cublas",
      "cuda",
      "cudnn",
      "rest",
      "solvers",
      "torch",
    ]);
    const all = [...sorted.values()].flatMap(entries).sort();
    expect(all).toEqual(entries(readFileSync(path.join(IMAGE, "locks", lock), "utf8")));
    expect(entries(sorted.get("torch") ?? "")).toHaveLength(1);
    expect(entries(sorted.get("rest") ?? "").join(" ")).not.toMatch(/nvidia|triton/);
  });
});
