import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeMonitor } from "../support/fakeMonitor";
import { ROOT } from "../support/gpudev";
import { run, type Ended } from "../support/processes";

const KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGlO11ED4L6xwUNC5uYQ7FsXnJHAyOKqCvYDqyuaa4te ada@laptop";
const IMAGE = `pytorch-cuda@sha256:${"0".repeat(64)}`;

const CONFIG = {
  target: "workstation",
  users: [{ name: "ada", sshKeys: [KEY], gpus: "none" }],
  image: { existing: IMAGE },
  limits: { memory: "1GiB", shm: "256MiB" },
  ports: { jupyter: 41_888, ssh: 41_222 },
  networks: { range: "10.247.0.0/16" },
  seats: { id: "plain1", ada: { slot: 3 }, gone: { slot: 0 } },
};

describe("the program that plain `pulumi up` runs", () => {
  let monitor: FakeMonitor;
  let stateDir: string;
  beforeEach(() => {
    monitor = new FakeMonitor();
    stateDir = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-plain-"));
  });
  afterEach(() => {
    monitor.stop();
    fs.rmSync(stateDir, { recursive: true, force: true });
  });

  /** Runs it by the SDK's own runner, as Pulumi's language host does. */
  async function runProgram(
    config: Readonly<Record<string, unknown>>,
    dryRun: boolean,
  ): Promise<Ended> {
    const address = await monitor.start();
    const flat = Object.entries(config).map(([key, value]) => [
      `gpudev:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    const flags = {
      project: "gpudev",
      stack: "plain",
      monitor: address,
      engine: address,
      "dry-run": `${dryRun}`,
      pwd: ROOT,
      "root-directory": ROOT,
    };
    return run(
      "node",
      [
        path.join(ROOT, "node_modules", "@pulumi", "pulumi", "cmd", "run"),
        ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]),
        "index.ts",
      ],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          GPUDEV_STATE_DIR: stateDir,
          PULUMI_NODEJS_TYPESCRIPT: "true",
          PULUMI_NODEJS_TSCONFIG_PATH: "tsconfig.pulumi.json",
          PULUMI_CONFIG: JSON.stringify(Object.fromEntries(flat)),
        },
      },
    );
  }

  for (const dryRun of [true, false]) {
    it(`registers what the stack file says, under the plan's names, ${dryRun ? "in a preview" : "for real"}`, async () => {
      expect((await runProgram(CONFIG, dryRun)).code).toBe(0);
      expect(
        monitor.resources.map(({ type, name, parent, protect }) => [type, name, parent, protect]),
      ).toEqual([
        ["pulumi:pulumi:Stack", "gpudev-plain", "", false],
        ["gpudev:index:Workstation", "workstation", "gpudev-plain", false],
        ["docker:index/volume:Volume", "workstation-ada-home", "workstation", true],
        ["docker:index/volume:Volume", "workstation-gone-home", "workstation", true],
        ["docker:index/network:Network", "workstation-ada-network", "workstation", false],
        ["docker:index/container:Container", "workstation-ada-container", "workstation", false],
      ]);
      expect(monitor.resources.at(-1)?.inputs).toMatchObject({
        name: "gpudev-plain-ada",
        image: IMAGE,
        memory: 1024,
        pidsLimit: 4096,
        networksAdvanced: [{ name: "gpudev-plain-ada" }],
        ports: [
          { internal: 8888, external: 41_891, ip: "127.0.0.1" },
          { internal: 2222, external: 41_225, ip: "127.0.0.1" },
        ],
      });
      expect(monitor.outputs).toMatchObject({
        image: IMAGE,
        stackId: "plain1",
        homes: { ada: "gpudev-plain-ada-home", gone: "gpudev-plain-gone-home" },
        endpoints: [{ user: "ada", jupyter: "http://127.0.0.1:41891/lab" }],
      });
      const keys = path.join(stateDir, "stacks", "plain", "authorized_keys", "ada", "dev");
      expect(fs.existsSync(keys)).toBe(!dryRun);
    });
  }

  it("reports every problem of the settings at once, without a stack trace, and makes nothing", async () => {
    const { code } = await runProgram({ ...CONFIG, target: "moon", gpus: 2 }, true);
    expect(code).not.toBe(0);
    const said = monitor.errors.join("\n");
    expect(said).toContain("The settings have 2 problems; nothing was created.");
    expect(said).toContain("gpudev:target: ");
    expect(said).toContain("gpudev:gpus: ");
    expect(said).not.toMatch(/\n\s+at /);
    expect(monitor.resources.map(({ type }) => type)).toEqual(["pulumi:pulumi:Stack"]);
  });
});
