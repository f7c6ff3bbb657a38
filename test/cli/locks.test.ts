import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  clearDeadLocks,
  isInlineEngine,
  lockFolder,
  readLocks,
} from "../../cli/engine/backendLock";
import { isAlive, isGone } from "../../cli/engine/processes";
import { removeStaleLock, takeStack } from "../../cli/engine/stackLock";
import { ExitCode } from "../../cli/outcome";
import type { Progress } from "../../cli/progress";

// Beyond the largest process id that Linux hands out (2^22).
const NOBODY = 4_194_305;

let folder: string;
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-test-"))));
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe("a lock's holder", () => {
  it.each([
    ["lives here", "here", true, false],
    ["is gone from here", "here", false, true],
    ["is on another machine, where nobody can look", "there", false, false],
  ])("%s", (_, hostname, alive, gone) => {
    expect(isGone({ pid: 7, hostname }, "here", () => alive)).toBe(gone);
  });

  it("is looked for among this machine's processes", () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(NOBODY)).toBe(false);
  });
});

describe("taking a stack", () => {
  const lock = () => path.join(folder, "stacks", "x", "lock");
  const write = (holder: object) => {
    fs.mkdirSync(path.dirname(lock()), { recursive: true });
    fs.writeFileSync(lock(), JSON.stringify(holder));
  };
  const mine = { pid: process.pid, hostname: os.hostname(), command: "gpudev up", since: "now" };

  it("keeps a second command out until it is given back", () => {
    const giveBack = takeStack(lock(), "x", "gpudev up");
    expect(() => takeStack(lock(), "x", "gpudev destroy")).toThrow(
      new RegExp(
        `^Another command works on stack x: gpudev up \\(process ${process.pid} on ${os.hostname()}, since .*\\)\\.$`,
      ),
    );
    giveBack();
    takeStack(lock(), "x", "gpudev destroy")();
    expect(fs.readdirSync(path.dirname(lock()))).toEqual([]);
  });

  it("fails with the code of a failure in the world", () => {
    write(mine);
    expect(() => takeStack(lock(), "x", "up")).toThrow(
      expect.objectContaining({ exitCode: ExitCode.failed }),
    );
  });

  it.each([
    ["a dead process", { ...mine, pid: NOBODY }],
    ["a process whose number was given to another since", { ...mine, started: "1" }],
    ["half a file", undefined],
  ])("goes past %s", (_, holder) => {
    if (holder === undefined) {
      write({});
      fs.writeFileSync(lock(), '{"pid": 1');
    } else write(holder);
    takeStack(lock(), "x", "gpudev up")();
    expect(fs.existsSync(lock())).toBe(false);
  });

  it("takes no lock away that another command got since it looked", () => {
    write(mine);
    removeStaleLock(lock(), "x");
    expect(JSON.parse(fs.readFileSync(lock(), "utf8"))).toEqual(mine);
    expect(fs.readdirSync(path.dirname(lock()))).toEqual(["lock"]);
  });

  it("goes past a dead one only where no other command is just doing so", () => {
    write({ ...mine, pid: NOBODY });
    fs.writeFileSync(`${lock()}.takeover`, "");
    expect(() => takeStack(lock(), "x", "up")).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.failed,
        message: "Another command is taking over stack x from one that was killed.",
        mend: `Run this again. If it says the same then, that one was killed too: remove ${lock()}.takeover.`,
      }),
    );
    fs.rmSync(`${lock()}.takeover`);
    takeStack(lock(), "x", "up")();
    expect(fs.readdirSync(path.dirname(lock()))).toEqual([]);
  });

  it("says where it could not keep its state", () => {
    fs.writeFileSync(path.join(folder, "file"), "");
    const below = path.join(folder, "file", "stacks", "x");
    expect(() => takeStack(path.join(below, "lock"), "x", "up")).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.notReady,
        message: `gpudev cannot keep its state in ${below}: ENOTDIR: not a directory.`,
      }),
    );
  });

  it("respects a holder on another machine, which nobody here can look for", () => {
    write({ ...mine, pid: NOBODY, hostname: "elsewhere.invalid" });
    expect(() => takeStack(lock(), "x", "up")).toThrow(
      expect.objectContaining({
        message: expect.stringContaining("elsewhere.invalid") as string,
        mend: expect.stringContaining(
          `If that machine is gone for good, remove ${lock()}.`,
        ) as string,
      }),
    );
  });
});

describe("the locks of Pulumi's file backend", () => {
  it.each([
    ["file:///state/backend", "/state/backend/.pulumi/locks/organization/gpudev/x"],
    ["file:///with%20space", "/with space/.pulumi/locks/organization/gpudev/x"],
    ["https://api.example.com", undefined],
    ["s3://bucket", undefined],
  ])("of %s are in %j", (url, expected) => {
    expect(lockFolder(url, "x")).toBe(expected);
  });

  it("are gpudev's to end only where gpudev started the engine", () => {
    const ours =
      "/cache/pulumi up --yes --exec-agent gpudev --client=127.0.0.1:1 --exec-kind auto.inline --stack x";
    expect(isInlineEngine(ours)).toBe(true);
    expect(isInlineEngine("pulumi up --stack x")).toBe(false);
    expect(isInlineEngine(ours.replace("--exec-agent gpudev", "--exec-agent other"))).toBe(false);
  });

  it("are cleared where their process is gone, with their attributes, and kept elsewhere", async () => {
    const notes: string[] = [];
    const progress: Progress = {
      note: (line) => notes.push(line),
      step: (_, work) => work(() => undefined),
    };
    const put = (name: string, text: string) => fs.writeFileSync(path.join(folder, name), text);
    const holder = (pid: number, hostname: string) => JSON.stringify({ pid, hostname });
    put("dead.json", holder(NOBODY, os.hostname()));
    put("dead.json.attrs", "{}");
    put("broken.json", '{"pid":');
    // This process has the number of a Pulumi that is gone.
    put("reused.json", holder(process.pid, os.hostname()));
    const pulumi = spawn("sleep", ["60"], { argv0: "pulumi" });
    put("alive.json", holder(pulumi.pid ?? 0, os.hostname()));
    put("elsewhere.json", holder(NOBODY, "elsewhere.invalid"));
    try {
      await clearDeadLocks(folder, progress);
    } finally {
      pulumi.kill();
    }
    expect(fs.readdirSync(folder).sort()).toEqual(["alive.json", "elsewhere.json"]);
    expect(notes).toEqual(
      Array(3).fill("An earlier run was killed: its lock on the stack is cleared."),
    );
    expect(readLocks(folder).map(({ pid }) => pid)).toEqual([pulumi.pid, NOBODY]);
    expect(readLocks(path.join(folder, "nowhere"))).toEqual([]);
  });
});
