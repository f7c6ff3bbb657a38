import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { runCommand } from "../../components/lookups/command";
import { findBuilder } from "./builder";
import type { ImageInputs } from "./imageInputs";
import type { Call } from "./resource";

const SHOWN_LINES = 30;

/** Builds an image with BuildKit and gives it its first tag. Throws the last lines of a build that failed. */
export async function buildImage(
  inputs: ImageInputs,
  tag: string,
  { docker, report, signal }: Call,
): Promise<void> {
  const builder = await findBuilder();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-build-"));
  const removeFolder = () => fs.rmSync(folder, { recursive: true, force: true });
  // Also where this process ends before the build, since its engine went away.
  process.once("exit", removeFolder);
  const last: string[] = [];
  try {
    const secrets = secretArgs(inputs.secrets, folder);
    const args = [...builder.args, ...buildArgs(inputs, tag), ...secrets, inputs.context.location];
    const result = await runCommand(builder.file, args, {
      timeout: 0,
      signal,
      env: { ...docker.env, ...builder.env },
      onLine: (line) => {
        last.push(line);
        if (last.length > SHOWN_LINES) last.shift();
        const shown = progressLine(line);
        if (shown !== undefined) report(shown);
      },
    });
    if (result.exitCode === 0) return;
    if (signal.aborted) throw new Error(`building ${tag} was stopped`);
    const shown = last.map((line) => `    ${line}`).join("\n");
    throw new Error(`building ${tag} failed. The last lines of the build:\n${shown}`);
  } finally {
    removeFolder();
    process.off("exit", removeFolder);
  }
}

/** Arguments of `docker build` for an image's inputs, but for secrets and context. */
export function buildArgs(inputs: ImageInputs, tag: string): readonly string[] {
  return [
    ...["--progress", "plain"],
    ...["--tag", tag],
    ...(inputs.dockerfile === undefined ? [] : ["--file", inputs.dockerfile.location]),
    ...Object.entries(inputs.buildArgs).flatMap(([name, value]) => [
      "--build-arg",
      `${name}=${value}`,
    ]),
  ];
}

// A file of its owner alone, since arguments and environments of processes can be read by others.
function secretArgs(secrets: Readonly<Record<string, string>>, folder: string): readonly string[] {
  return Object.entries(secrets).flatMap(([id, value]) => {
    const file = path.join(folder, id);
    fs.writeFileSync(file, value, { mode: 0o600 });
    return ["--secret", `id=${id},src=${file}`];
  });
}

/** BuildKit's line without its step number and time, cut to a terminal's width; undefined for one that tells a person nothing. */
export function progressLine(line: string): string | undefined {
  const text = line.replace(/^#\d+ (\d+\.\d+ )?/, "").trim();
  if (text === "" || /^(sha256:|DONE\b|CACHED\b|transferring |\[internal\])/.test(text))
    return undefined;
  return text.slice(0, 120);
}
