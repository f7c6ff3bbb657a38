import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseKeys, madeKeyFile, ownKeys } from "../../cli/bootstrap/sshKey";
import { runCommand } from "../../components/lookups/command";
import { keyProblem } from "../../components/settings/sshKeys";

let folder: string;
const notes: string[] = [];
const progress = {
  note: (line: string) => void notes.push(line),
  step: <T>(_title: string, work: (report: (detail: string) => void) => Promise<T>) =>
    work(() => undefined),
};

beforeEach(() => {
  notes.length = 0;
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-test-"));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Makes a key pair in the folder's `.ssh` and returns its public line. */
async function pair(name: string, ...args: string[]): Promise<string> {
  const file = path.join(folder, ".ssh", name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const made = await runCommand("ssh-keygen", ["-q", "-N", "", "-C", "ada", "-f", file, ...args]);
  expect(made.exitCode).toBe(0);
  return fs.readFileSync(`${file}.pub`, "utf8").trim();
}

const person = () => ({ home: folder, login: "ada" });
const state = () => path.join(folder, "state");

describe("ownKeys", () => {
  it("takes the person's own key", async () => {
    const line = await pair("id_ed25519", "-t", "ed25519");
    expect(await ownKeys(progress, person(), state(), {})).toContain(line);
    expect(fs.existsSync(madeKeyFile(state()))).toBe(false);
  });

  it("leaves out weak keys and those whose private half is elsewhere, and makes one", async () => {
    await pair("id_rsa", "-t", "rsa", "-b", "2048");
    await pair("id_ed25519", "-t", "ed25519");
    fs.rmSync(path.join(folder, ".ssh", "id_ed25519"));
    const [line = ""] = await ownKeys(progress, person(), state(), {});
    const file = madeKeyFile(state());
    expect(line).toBe(fs.readFileSync(`${file}.pub`, "utf8").trim());
    expect(keyProblem(line)).toBeUndefined();
    expect(line.split(" ")[2]).toBe("ada@gpudev");
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    expect(notes).toEqual([
      `SSH key left out: ${path.join(folder, ".ssh", "id_rsa.pub")}: This is an RSA key of 2048 bits; 3072 is the least.`,
      `SSH: there is no key of yours, so making one: ${file}`,
    ]);
  });

  it("uses a key that it made before again", async () => {
    const first = await ownKeys(progress, person(), state(), {});
    expect(await ownKeys(progress, person(), state(), {})).toEqual(first);
  });

  it("makes a new pair where a killed run left half of one", async () => {
    const file = madeKeyFile(state());
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, "");
    const [line = ""] = await ownKeys(progress, person(), state(), {});
    expect(keyProblem(line)).toBeUndefined();
  });
});

describe("chooseKeys", () => {
  it("takes a key that file and agent both have once", async () => {
    const line = await pair("id_ed25519", "-t", "ed25519");
    const renamed = line.replace(/ada$/, "agent");
    const found = [
      { line, source: "file" },
      { line: renamed, source: "agent" },
    ];
    expect(chooseKeys(found)).toEqual({ keys: [{ line, source: "file" }], skipped: [] });
  });
});
