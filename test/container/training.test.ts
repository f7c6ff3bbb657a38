import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docker, insideMust, inspect } from "../support/docker";
import { Project } from "../support/gpudev";
import { Jupyter } from "../support/jupyter";
import { eventually } from "../support/processes";
import { makeKey, SshClient } from "../support/ssh";

const EXAMPLES = "/opt/gpudev/examples";
/** Small enough for two CPU cores; without the network, and always the same numbers. */
const SMALL = "--data digits --device cpu --no-compile";

let project: Project;
let container: string;
let ssh: SshClient;

beforeAll(async () => {
  project = await Project.create("e2e-training", 7);
  const key = await makeKey(project.folder, "key");
  project.write({
    users: [{ name: "alice", sshKeys: [key.publicKey] }],
    limits: { memory: "6GiB", shm: "1GiB" },
    lifetime: { stopGrace: "60s" },
  });
  await project.up();
  container = project.container("alice");
  ssh = new SshClient(container, project.sshConfig, key.file);
});

afterAll(() => project.cleanUp());

/** The loss of every step, as the training logged it. */
async function losses(folder: string): Promise<number[]> {
  const text = await insideMust(container, `cat ~/${folder}/loss.jsonl`);
  const rows = text.split("\n").map((line) => JSON.parse(line) as { step: number; loss: number });
  expect(rows.map(({ step }) => step)).toEqual(rows.map((_, index) => index));
  return rows.map(({ loss }) => loss);
}

describe("the example on one device", () => {
  const STEPS = 120;
  const common = `${SMALL} --steps ${STEPS} --checkpoint-every 20`;

  it("learns, and is the same when it was killed and resumed", async () => {
    const whole = await ssh.must(`python ${EXAMPLES}/mnist.py ${common} --out ~/whole`);
    expect(whole).toContain(`done: ${STEPS} steps`);

    // Killed between two checkpoints, as soon as it has logged so much.
    const killed = await ssh.exec(
      `python ${EXAMPLES}/mnist.py ${common} --out ~/cut >~/cut.log 2>&1 & pid=$!
       until [ "$(cat ~/cut/loss.jsonl 2>/dev/null | wc -l)" -ge 35 ]; do sleep 0.02; done
       kill -9 $pid; wait $pid; echo "ended $?"`,
    );
    expect(killed.stdout.trim()).toBe("ended 137");
    const before = await insideMust(container, "wc -l < ~/cut/loss.jsonl");
    expect(Number(before)).toBeLessThan(STEPS);

    const resumed = await ssh.must(`python ${EXAMPLES}/mnist.py ${common} --out ~/cut`);
    expect(resumed).toMatch(/resumed at step (20|40|60|80|100)\b/);
    expect(resumed).toContain(`done: ${STEPS} steps`);

    const [curve, resumedCurve] = [await losses("whole"), await losses("cut")];
    expect(curve).toHaveLength(STEPS);
    expect(resumedCurve).toEqual(curve);
    const mean = (list: number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
    expect(mean(curve.slice(-20))).toBeLessThan(mean(curve.slice(0, 20)) * 0.7);
  });
});

describe("the example under FSDP", () => {
  const torchrun = `torchrun --standalone --nproc-per-node 2 ${EXAMPLES}/mnist_fsdp.py ${SMALL}`;

  it("trains in two processes, and resumes with the same loss curve", async () => {
    const whole = await ssh.must(`${torchrun} --steps 30 --out ~/fsdp-whole 2>/dev/null`);
    expect(whole).toContain("x 2");
    expect(whole).toContain("done: 30 steps");
    await ssh.must(`${torchrun} --steps 12 --out ~/fsdp-cut 2>/dev/null`);
    const resumed = await ssh.must(`${torchrun} --steps 30 --out ~/fsdp-cut 2>/dev/null`);
    expect(resumed).toContain("resumed at step 12");
    const [curve, resumedCurve] = [await losses("fsdp-whole"), await losses("fsdp-cut")];
    expect(curve).toHaveLength(30);
    expect(resumedCurve).toEqual(curve);
  });
});

describe("the notebook", () => {
  it("draws the loss while the training runs", async () => {
    const text = await insideMust(container, `cat ${EXAMPLES}/training.ipynb`);
    const notebook = JSON.parse(text) as { cells: { cell_type: string; source: string[] }[] };
    const cells = notebook.cells
      .filter(({ cell_type }) => cell_type === "code")
      .map(({ source }) => source.join(""));
    expect(cells.some((cell) => cell.includes("steps = 1000"))).toBe(true);
    const kernel = await Jupyter.fromLink(await project.link("alice")).startKernel();
    let pictures = 0;
    let said = "";
    for (const cell of cells) {
      const result = await kernel.execute(cell.replace("steps = 1000", "steps = 60"));
      expect(result.error).toBeUndefined();
      pictures += result.pictures ?? 0;
      said += result.text;
    }
    kernel.close();
    // Drawn once when it began, and again as it went on.
    expect(pictures).toBeGreaterThan(1);
    expect(said).toContain("done: 60 steps");
    expect(await losses("runs/notebook")).toHaveLength(60);
  });
});

describe("the benchmark", () => {
  it("compares eager with compiled, and float32 with mixed precision", async () => {
    const text = await ssh.must(
      `python ${EXAMPLES}/benchmark.py --json --steps 2 --batch 16 --device cpu 2>/dev/null`,
    );
    const report = JSON.parse(text) as {
      rows: { mode: string; precision: string; stepMs: number; speedup: number }[];
    };
    expect(report.rows.map(({ mode, precision }) => [mode, precision.split(" ")[0]])).toEqual([
      ["eager", "float32"],
      ["compiled", "float32"],
      ["eager", "mixed"],
      ["compiled", "mixed"],
    ]);
    expect(report.rows.every(({ stepMs, speedup }) => stepMs > 0 && speedup > 0)).toBe(true);
  });
});

describe("a container that is told to stop", () => {
  /** Runs for ever, and writes its only checkpoint when it hears SIGTERM. */
  const endless = (folder: string) =>
    `python ${EXAMPLES}/mnist.py ${SMALL} --steps 1000000 --checkpoint-every 1000000 --out ~/${folder}`;

  it("lets training in tmux, in an SSH session and in a kernel save its work", async () => {
    await ssh.must(`tmux new-session -d -s train "${endless("in-tmux")} >~/in-tmux.log 2>&1"`);
    const session = ssh.terminal(endless("in-session"));
    const kernel = await Jupyter.fromLink(await project.link("alice")).startKernel();
    const cell = kernel.execute(`
import pathlib, signal, sys, time
def save(number, frame):
    pathlib.Path.home().joinpath("in-kernel").write_text(f"signal {number}")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
pathlib.Path.home().joinpath("kernel-runs").write_text("yes")
while True:
    time.sleep(0.05)
`);
    // The connection ends with the container; that the cell was cut off is no failure.
    const cellEnded = cell.then(
      () => "ended",
      () => "cut off",
    );
    await eventually("all three are at work", async () => {
      const lines = await docker(
        ...["exec", container, "bash", "-c"],
        "cat ~/in-tmux/loss.jsonl 2>/dev/null | wc -l; cat ~/in-session/loss.jsonl 2>/dev/null | wc -l; ls ~/kernel-runs 2>/dev/null | wc -l",
      );
      return lines
        .split("\n")
        .map(Number)
        .every((count) => count > 0);
    });

    await docker("stop", "-t", "60", container);

    expect((await inspect(container)).State.ExitCode).toBe(0);
    expect(["ended", "cut off"]).toContain(await cellEnded);
    expect((await session.ended).stdout).toContain("told to stop: run again to go on from step");

    // A stopped environment is a normal state: `up` starts it again.
    const stopped = (await inspect(container)).Id;
    await project.up();
    expect((await inspect(container)).Id).toBe(stopped);
    expect(await insideMust(container, "cat ~/in-kernel")).toBe("signal 15");
    expect(await insideMust(container, "cat ~/in-tmux.log")).toContain("told to stop");
    for (const folder of ["in-tmux", "in-session"]) {
      const done = (await losses(folder)).length;
      const resumed = await ssh.must(
        `python ${EXAMPLES}/mnist.py ${SMALL} --steps ${done} --out ~/${folder}`,
      );
      expect(resumed).toContain(`resumed at step ${done}`);
    }
  });
});
