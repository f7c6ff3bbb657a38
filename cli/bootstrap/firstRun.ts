import { runCommand, type CommandResult } from "../../components/lookups/command";
import type { Progress } from "../progress";
import { lastLines } from "./apt";

/** What was seen of an environment that has just come up. */
export interface FirstRun {
  /** `gpu-check` finds the driver, GPUs and torch build to fit, or no GPU at all. */
  readonly fits: boolean;
  /** Names of the GPUs that the environment has; none: it computes on the CPU. */
  readonly gpus: readonly string[];
  /** Such as `PyTorch 2.6.0 with CUDA 12.4`. */
  readonly torch: string;
  /** What `gpu-check` has to say about it. */
  readonly problems: readonly string[];
  /** What one training step printed of itself; absent where it failed, with the reason in `problems`. */
  readonly training?: string;
}

/** The part of `gpu-check --json` that is read here. */
interface GpuCheck {
  readonly torch: { readonly version: string; readonly cuda: string | null } | null;
  readonly gpus: readonly { readonly name: string }[];
  readonly fits: boolean;
  readonly problems: readonly string[];
}

/** Reads `gpu-check --json`; absent where the text is something else. */
export function parseGpuCheck(text: string): GpuCheck | undefined {
  const start = text.indexOf("{");
  if (start < 0) return undefined;
  try {
    const value = JSON.parse(text.slice(start)) as Partial<GpuCheck>;
    if (!Array.isArray(value.gpus) || typeof value.fits !== "boolean") return undefined;
    return { torch: null, problems: [], ...value, gpus: value.gpus, fits: value.fits };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** One sentence on what the environment computes with. */
export function deviceSentence(run: FirstRun): string {
  if (run.gpus.length === 0)
    return `${run.torch}: no NVIDIA GPU here, the same image runs on the CPU.`;
  const verdict = run.fits ? "fits" : "does not fit";
  return `${run.torch} on ${run.gpus.join(", ")}: the build ${verdict}.`;
}

const CHECK_MS = 120_000;
const TRAINING_MS = 300_000;
/** One step on the data in the image, beside the person's own runs and without a download. */
const TRAINING = [
  "python",
  "/opt/gpudev/examples/mnist.py",
  ...["--steps", "1", "--no-compile", "--data", "digits"],
  ...["--fresh", "--out", "/tmp/gpudev-first-run"],
];

/**
 * Runs `gpu-check` and one training step in a fresh environment, so that its owner's first minute
 * holds no surprise. A failure is told, not thrown: the environment is there all the same.
 */
export async function firstRun(
  progress: Progress,
  environment: { readonly container: string; readonly dockerHost?: string },
): Promise<FirstRun> {
  const inside = (command: readonly string[], timeout: number): Promise<CommandResult> => {
    const host = environment.dockerHost === undefined ? [] : ["--host", environment.dockerHost];
    const entry = ["/usr/local/bin/gpudev-entrypoint", ...command];
    return runCommand("docker", [...host, "exec", environment.container, ...entry], { timeout });
  };
  const check = await progress.step("Checking GPU and PyTorch inside", () =>
    inside(["gpu-check", "--json"], CHECK_MS),
  );
  const seen = parseGpuCheck(check.stdout);
  const step = await progress.step("Running one training step inside", () =>
    inside(TRAINING, TRAINING_MS),
  );
  const trained = step.exitCode === 0;
  const run: FirstRun = {
    fits: seen?.fits ?? false,
    gpus: seen?.gpus.map((gpu) => gpu.name) ?? [],
    torch: torchName(seen),
    problems: [
      ...(seen?.problems ?? [`gpu-check did not answer: ${lastLines(check.stderr, 2)}`]),
      ...(trained ? [] : [`one training step failed: ${lastLines(step.stderr || step.stdout, 2)}`]),
    ],
    ...(trained ? { training: trainingLine(step.stdout) } : {}),
  };
  progress.note(deviceSentence(run));
  run.problems.forEach((problem) => progress.note(problem));
  return run;
}

/** The line with the step's loss, else the last one. */
export function trainingLine(output: string): string {
  return /^step \d+: loss [\d.]+/m.exec(output)?.[0] ?? lastLines(output, 1);
}

function torchName(check: GpuCheck | undefined): string {
  const torch = check?.torch;
  if (torch === undefined || torch === null) return "PyTorch";
  const version = torch.version.split("+")[0] ?? torch.version;
  return `PyTorch ${version}${torch.cuda === null ? "" : ` with CUDA ${torch.cuda}`}`;
}
