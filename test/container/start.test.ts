import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { identity, inspect, labelled, objectsOf, removeLabelled } from "../support/docker";
import { ROOT } from "../support/gpudev";
import { noteBuilt } from "../support/image";
import { Jupyter } from "../support/jupyter";
import { must, run, type Ended } from "../support/processes";

const STACK = "local";
const LINK = /http:\/\/127\.0\.0\.1:\d+\/\S*\?token=\S+/;
const SSH_COMMAND = /^\s*SSH\s+(ssh .*)$/m;

let folder: string;
let clone: string;
let env: NodeJS.ProcessEnv;
let first: Ended;
let container: string;

function npmStart(): Promise<Ended> {
  return run("npm", ["start"], { cwd: clone, env, timeout: 1_500_000 });
}

/** From what a person gets to what a person has: a clone of the repository, and nothing else. */
beforeAll(async () => {
  await must("sh", ["-c", "command -v git npm ssh"]);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-start-"));
  clone = path.join(folder, "gpudev");
  await must("git", ["clone", "--quiet", ROOT, clone]);
  env = { ...process.env, NO_COLOR: "1", GPUDEV_STATE_DIR: path.join(folder, "state") };
  if ((await run("docker", ["info"]).catch(() => undefined))?.code === 0) {
    await removeLabelled(`dev.gpudev.stack=${STACK}`);
  }
  await must("npm", ["ci", "--no-audit", "--no-fund"], { cwd: clone, env });
  first = await npmStart();
}, 1_800_000);

afterAll(async () => {
  await removeLabelled(`dev.gpudev.stack=${STACK}`);
  fs.rmSync(folder, { recursive: true, force: true });
});

describe("`npm ci && npm start` in a fresh clone", () => {
  it("ends well", async () => {
    expect(first.code, first.stdout + first.stderr).toBe(0);
    const [only, ...others] = (await objectsOf(STACK)).containers;
    expect(others).toEqual([]);
    expect(only).toMatch(/^gpudev-local-/);
    container = only ?? "";
    const state = await inspect(container);
    expect(state.State.Health?.Status).toBe("healthy");
    const file = parse(
      fs.readFileSync(path.join(clone, "stacks", `Pulumi.${STACK}.yaml`), "utf8"),
    ) as { config: Record<string, unknown> };
    noteBuilt({ settings: file.config["gpudev:image"], id: state.Image });
  });

  it("says plainly what the GPUs are, or that it is the CPU", async () => {
    const gpu = (await run("nvidia-smi", ["-L"]).catch(() => undefined))?.code === 0;
    expect(first.stdout + first.stderr).toMatch(
      gpu ? /GPU \d|NVIDIA/ : /no (NVIDIA )?GPU.*CPU|CPU only/i,
    );
  });

  it("ran gpu-check and a training step inside", () => {
    const said = first.stdout + first.stderr;
    expect(said).toMatch(/torch 2\.6\.0|PyTorch 2\.6\.0/i);
    expect(said).toMatch(/loss/i);
  });

  it("prints a Jupyter link that opens", async () => {
    const link = LINK.exec(first.stdout)?.[0] ?? "";
    const page = await fetch(link);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("JupyterLab");
    const kernel = await Jupyter.fromLink(link).startKernel();
    expect(await kernel.execute("1 + 1")).toEqual({ text: "", value: "2" });
    kernel.close();
  });

  it("prints an SSH command that logs in, typed as it stands", async () => {
    const command = SSH_COMMAND.exec(first.stdout)?.[1]?.trim() ?? "";
    expect(command).not.toBe("");
    const result = await run("bash", ["-c", `${command} 'id -un; hostname'`], {
      env: { ...env, SSH_AUTH_SOCK: "" },
    });
    expect(result.code, result.stderr).toBe(0);
    expect(result.stdout.split("\n")[0]).toBe("dev");
  });

  it("leaves the repository clean: the stack file is the person's own", async () => {
    expect(await must("git", ["status", "--porcelain"], { cwd: clone })).toBe("");
    expect(fs.existsSync(path.join(clone, "stacks", `Pulumi.${STACK}.yaml`))).toBe(true);
  });
});

describe("a second `npm start`", () => {
  it("changes nothing and prints the same", async () => {
    const before = await identity(container);
    const second = await npmStart();
    expect(second.code, second.stdout + second.stderr).toBe(0);
    expect(await identity(container)).toEqual(before);
    expect(LINK.exec(second.stdout)?.[0]).toBe(LINK.exec(first.stdout)?.[0]);
    expect(SSH_COMMAND.exec(second.stdout)?.[1]).toBe(SSH_COMMAND.exec(first.stdout)?.[1]);
  });
});

describe("`gpudev destroy`", () => {
  it("removes the environment and leaves the home", async () => {
    const destroyed = await run(
      "npm",
      ["run", "--silent", "gpudev", "--", "destroy", "--stack", STACK, "--yes"],
      { cwd: clone, env },
    );
    expect(destroyed.code, destroyed.stdout + destroyed.stderr).toBe(0);
    expect(await objectsOf(STACK)).toEqual({
      containers: [],
      networks: [],
      volumes: [`${container}-home`],
    });
    expect(await labelled("volume", "dev.gpudev.stack-id")).toContain(`${container}-home`);
  });
});
