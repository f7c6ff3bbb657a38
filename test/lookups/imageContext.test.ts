import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packageRoot } from "../../components/lookups";
import { CONTEXT, contextHash, readLocks } from "../../components/lookups/imageContext";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-context-"));
  write("Dockerfile", "FROM scratch\n");
  write("build/install", "#!/bin/sh\n", 0o755);
  write("rootfs/etc/motd", "hello\n");
  write("locks/tools.txt", "uv==1\n");
  write("locks/torch2.6.0-cu124-py3.10.txt", "torch==2.6.0\n");
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function write(name: string, text: string, mode = 0o644) {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text, { mode });
  fs.chmodSync(file, mode);
}

describe("the hash of what is built from", () => {
  const changes: [string, boolean, () => void][] = [
    ["a file's bytes", true, () => write("rootfs/etc/motd", "hello!\n")],
    ["a new file", true, () => write("build/more", "")],
    ["a file's name", true, () => fs.renameSync(at("build/install"), at("build/installer"))],
    ["the right to execute", true, () => fs.chmodSync(at("build/install"), 0o644)],
    ["a link", true, () => fs.symlinkSync("motd", at("rootfs/etc/issue"))],
    ["a lock of the build's tools", true, () => write("locks/tools.txt", "uv==2\n")],
    ["a time", false, () => fs.utimesSync(at("Dockerfile"), 1, 1)],
    ["who may read", false, () => fs.chmodSync(at("Dockerfile"), 0o600)],
    ["a lock of another torch", false, () => write("locks/torch2.9.0-cu128-py3.12.txt", "x")],
    ["a page to read", false, () => write("README.md", "# About\n")],
    ["a cache", false, () => write("build/__pycache__/x.pyc", "x")],
  ];

  function at(name: string) {
    return path.join(folder, name);
  }

  it.each(changes)("with %s changed is another one: %s", async (_, expected, change) => {
    const before = await contextHash(folder);
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    change();
    expect((await contextHash(folder)) !== before).toBe(expected);
  });

  it("tells two files from one that holds both", async () => {
    write("build/a", "1");
    write("build/b", "2");
    const two = await contextHash(folder);
    fs.rmSync(at("build/b"));
    write("build/a", "12");
    expect(await contextHash(folder)).not.toBe(two);
  });
});

describe("the locks", () => {
  it("of torch builds by name, each with its hash", async () => {
    expect(await readLocks(folder)).toEqual({
      "torch2.6.0-cu124-py3.10.txt":
        "a4f0d103cfcdeed9c5cbee1cb6f465916261a94ce53f9dfd7737574d6f7bb061",
    });
  });
});

describe("the package's own image folder", () => {
  const images = path.join(packageRoot(), "images", "pytorch-cuda");

  it("lets into a build what the hash is made of, and the locks", () => {
    const lines = fs.readFileSync(path.join(images, ".dockerignore"), "utf8").split("\n");
    const allowed = lines.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
    expect(lines[0]).toBe("**");
    expect(allowed.toSorted()).toEqual(["build", "examples", "locks/*.txt", "rootfs"]);
    expect(CONTEXT).toEqual([
      ".dockerignore",
      "Dockerfile",
      "build",
      "examples",
      "locks/tools.txt",
      "rootfs",
    ]);
  });

  it("has the locks that are promised", async () => {
    expect(Object.keys(await readLocks(images))).toEqual(
      expect.arrayContaining(["torch2.6.0-cu124-py3.10.txt", "torch2.6.0-cu124-py3.11.txt"]),
    );
  });
});
