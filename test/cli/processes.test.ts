import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { isAlive } from "../../cli/engine/processes";

const state = (pid: number) => fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.[0];

describe("whether a process runs", () => {
  it("is so for this one", () => {
    expect(isAlive(process.pid)).toBe(true);
  });

  it("is not so for one that has ended and that nobody has waited for", async () => {
    // The shell becomes a program that never waits for the child that the shell started.
    const parent = spawn("sh", ["-c", "true & echo $!; exec sleep 60"]);
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(line.toString());
      for (let tries = 0; state(pid) !== "Z" && tries < 200; tries++)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(state(pid)).toBe("Z");
      expect(isAlive(pid)).toBe(false);
    } finally {
      parent.kill();
      await once(parent, "exit");
    }
  });

  it("is not so for one that is gone", async () => {
    const child = spawn("true");
    await once(child, "exit");
    expect(isAlive(child.pid ?? 0)).toBe(false);
  });
});
