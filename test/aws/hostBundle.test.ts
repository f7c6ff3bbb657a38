import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gzipStored } from "../../components/aws/gzipStored";
import { hostBundle } from "../../components/aws/hostBundle";
import { tarArchive } from "../../components/aws/tar";
import { packageRoot } from "../../components/lookups/paths";

const HOST = path.join(packageRoot(), "images", "host");
let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-bundle-test-"));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

describe("gzip without compression", () => {
  it("gives back any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(gunzipSync(gzipStored(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each([0, 65_534, 65_535, 65_536, 131_070, 200_000])("of %i bytes, over block borders", (n) => {
    const bytes = Buffer.alloc(n, "gpudev");
    expect(gunzipSync(gzipStored(bytes)).equals(bytes)).toBe(true);
  });
});

describe("the host bundle", () => {
  it("is the same from a checkout of other times, modes and leftovers", async () => {
    const copy = path.join(folder, "host");
    fs.cpSync(HOST, copy, { recursive: true });
    fs.mkdirSync(path.join(copy, "gpudev_host", "__pycache__"), { recursive: true });
    fs.writeFileSync(path.join(copy, "gpudev_host", "__pycache__", "x.pyc"), "x");
    fs.chmodSync(path.join(copy, "gpudev_host", "cli.py"), 0o600);
    fs.chmodSync(path.join(copy, "bin", "gpudev-host"), 0o700);
    fs.utimesSync(path.join(copy, "gpudev_host", "cli.py"), 1, 1);
    const [one, other] = [await hostBundle(HOST), await hostBundle(copy)];
    expect(other.sha256).toBe(one.sha256);
    expect(one.sha256).toBe(createHash("sha256").update(one.bytes).digest("hex"));
    fs.appendFileSync(path.join(copy, "systemd", "gpudevhost-idle.timer"), "# changed\n");
    expect((await hostBundle(copy)).sha256).not.toBe(one.sha256);
  });

  it("unpacks to the files of images/host, the command executable", async () => {
    const file = path.join(folder, "bundle.tar.gz");
    fs.writeFileSync(file, (await hostBundle(HOST)).bytes);
    execFileSync("tar", ["-xzf", file, "-C", folder]);
    const command = path.join(folder, "bin", "gpudev-host");
    expect(fs.statSync(command).mode & 0o777).toBe(0o755);
    expect(fs.readFileSync(path.join(folder, "gpudev_host", "cli.py"))).toEqual(
      fs.readFileSync(path.join(HOST, "gpudev_host", "cli.py")),
    );
    const help = execFileSync("python3", ["-I", "-B", command, "--help"]).toString();
    expect(help).toContain("usage: gpudev-host");
  });

  it("is read by Python as by tar", async () => {
    const script = `
import io, sys, tarfile
with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()), mode="r:gz") as archive:
    for member in archive.getmembers():
        print(member.name, oct(member.mode), member.mtime, member.uid, member.isfile())`;
    const listed = execFileSync("python3", ["-c", script], {
      input: (await hostBundle(HOST)).bytes,
    });
    const lines = listed.toString().trim().split("\n");
    expect(lines).toContain("gpudev_host/cli.py 0o644 0 0 True");
    expect(lines).toContain("bin/gpudev-host 0o755 0 0 True");
    expect(lines.every((line) => line.endsWith(" 0 0 True"))).toBe(true);
  });

  it("refuses names that plain tar cannot hold", () => {
    const entry = { name: "x".repeat(101), bytes: Buffer.alloc(0), executable: false };
    expect(() => tarArchive([entry])).toThrow("too long for a plain tar archive");
  });
});
