import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { runCommand, type CommandResult } from "../../components/lookups/command";
import type { Answer } from "../../components/lookups/model";
import type { IndexFacts } from "./model";

type Reply = Answer<"answers" | "silent">;

const TIMEOUT_MS = 15_000;
const APT_HELPER = "/usr/lib/apt/apt-helper";

function unasked(because: string): Reply {
  return { known: false, because };
}

function reply(result: CommandResult): Reply {
  return { known: true, value: result.exitCode === 0 ? "answers" : "silent" };
}

/** Each index is asked through its own client, so that mirrors, proxies and certificates are the client's. */
async function askNpm(): Promise<Reply> {
  const asked = await runCommand("npm", ["view", "pulumi", "version"], { timeout: TIMEOUT_MS });
  return asked.exitCode === 127 ? unasked("npm is not on PATH") : reply(asked);
}

async function askPip(): Promise<Reply> {
  const pip = await runCommand("python3", ["-m", "pip", "--version"]);
  if (pip.exitCode !== 0)
    return unasked("no pip on this machine; the image's build brings its own");
  const args = ["-m", "pip", "index", "versions", "torch"];
  return reply(await runCommand("python3", args, { timeout: TIMEOUT_MS }));
}

/** Fetches the first archive's signed index, a file of some 150 KB, with apt's own downloader. */
async function askApt(): Promise<Reply> {
  if (!fs.existsSync(APT_HELPER)) return unasked("no apt on this machine");
  const format = "$(REPO_URI)dists/$(RELEASE)/InRelease";
  const targets = await runCommand("apt-get", [
    "indextargets",
    "--format",
    format,
    "Created-By: Packages",
  ]);
  const [first = ""] = targets.stdout.split("\n").filter((line) => line !== "");
  if (first === "") return unasked("apt has no package lists yet: sudo apt-get update");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-doctor-"));
  try {
    const args = ["download-file", first, path.join(folder, "InRelease")];
    return reply(await runCommand(APT_HELPER, args, { timeout: TIMEOUT_MS }));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function askTorchIndex(url: string): Promise<Reply> {
  if (process.env.https_proxy !== undefined || process.env.HTTPS_PROXY !== undefined) {
    return unasked("a proxy stands before it, which only the image's build uses");
  }
  try {
    const answer = await fetch(`${url.replace(/\/$/, "")}/torch/`, {
      method: "HEAD",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { known: true, value: answer.ok ? "answers" : "silent" };
  } catch (error) {
    // fetch reports every network failure as a TypeError, a time limit as a DOMException.
    if (error instanceof TypeError || error instanceof DOMException) {
      return { known: true, value: "silent" };
    }
    throw error;
  }
}

/** Asks the package indexes that gpudev needs, side by side. */
export async function readIndexes(torchIndex: string | undefined): Promise<readonly IndexFacts[]> {
  const questions: readonly (readonly [string, string, Promise<Reply>])[] = [
    ["npm", "the Pulumi CLI", askNpm()],
    ["pip", "PyTorch's wheels", askPip()],
    ["apt", "system packages", askApt()],
    ...(torchIndex === undefined
      ? []
      : [[torchIndex, "PyTorch's wheels", askTorchIndex(torchIndex)] as const]),
  ];
  return Promise.all(
    questions.map(async ([client, purpose, answer]) => ({
      client,
      purpose,
      answer: await answer,
    })),
  );
}
