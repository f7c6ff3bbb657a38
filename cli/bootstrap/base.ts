import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { bootstrapBaseImage } from "../../components/catalog/baseImage";
import { runCommand } from "../../components/lookups/command";
import { cacheDirectory, packageRoot } from "../../components/lookups/paths";
import { dockerOn } from "../docker";
import type { Progress } from "../progress";
import { lastLines } from "./apt";
import { notReady } from "./notReady";

/** Label of a bootstrapped base: the hash of the recipe that made it. */
const RECIPE_LABEL = "dev.gpudev.base-recipe";
const MINUTES = 60_000;

/** Identifies how a base is made: another recipe or suite, another hash. */
export function recipeHash(script: string, suite: string): string {
  return createHash("sha256").update(`${suite}\n${script}`).digest("hex").slice(0, 16);
}

/** Whether the daemon has an image of this name. */
export async function imagePresent(image: string, dockerHost?: string): Promise<boolean> {
  return (await dockerOn(dockerHost).try(["image", "inspect", image])).exitCode === 0;
}

/** Whether the base is on the daemon as this version's recipe makes it. */
export async function basePresent(suite: string, dockerHost?: string): Promise<boolean> {
  const label = `{{index .Config.Labels "${RECIPE_LABEL}"}}`;
  const found = await dockerOn(dockerHost).try([
    "image",
    "inspect",
    "--format",
    label,
    bootstrapBaseImage(suite),
  ]);
  return found.exitCode === 0 && found.stdout.trim() === recipeHash(readRecipe(), suite);
}

function recipeFile(): string {
  return path.join(packageRoot(), "images", "debian-base", "build.sh");
}

function readRecipe(): string {
  return fs.readFileSync(recipeFile(), "utf8");
}

/**
 * Makes the base for `image.base: bootstrap:<suite>` from the distribution's own archive, unless the
 * daemon has it already. Needs mmdebstrap on this machine; the daemon may be another's.
 * @returns the image's name on the daemon.
 * @throws CommandFailure (not ready) where mmdebstrap is missing or fails.
 */
export async function ensureBase(
  progress: Progress,
  suite: string,
  dockerHost?: string,
): Promise<string> {
  const image = bootstrapBaseImage(suite);
  if (await basePresent(suite, dockerHost)) return image;
  await progress.step(`Making the base ${image} from the distribution's archive`, (report) =>
    makeBase(image, suite, dockerHost, report),
  );
  return image;
}

async function makeBase(
  image: string,
  suite: string,
  dockerHost: string | undefined,
  report: (line: string) => void,
): Promise<void> {
  fs.mkdirSync(cacheDirectory(), { recursive: true });
  const folder = fs.mkdtempSync(path.join(cacheDirectory(), "base-"));
  try {
    const tar = path.join(folder, `${suite}.tar`);
    const made = await runCommand("sh", [recipeFile(), tar, suite], {
      timeout: 20 * MINUTES,
      onLine: report,
    });
    if (made.exitCode !== 0) {
      throw notReady(
        `The base could not be made from the distribution's archive: ${lastLines(made.stderr)}`,
        "On Debian or Ubuntu: sudo apt-get install mmdebstrap debian-archive-keyring; or name a base image that the daemon has, under gpudev:image.base.",
      );
    }
    report("importing it into Docker");
    const label = `LABEL ${RECIPE_LABEL}=${recipeHash(readRecipe(), suite)}`;
    const args = ["import", "--change", label, tar, image];
    const imported = await dockerOn(dockerHost).try(args, { timeout: 10 * MINUTES });
    if (imported.exitCode !== 0) {
      throw notReady(
        `Docker did not take the base: ${lastLines(imported.stderr)}`,
        "gpudev doctor says what the daemon lacks.",
      );
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** How long the hub may take for a first sign of life. */
const HUB_MS = 20_000;

/** Whether a line of `docker pull` shows that the hub has answered. */
export function hubAnswered(line: string): boolean {
  return /^(\S+: )?Pull(ing from|ing fs layer| complete)|^Digest: /.test(line);
}

/** The end of Docker's chain of reasons, such as `no such host`. */
export function briefReason(stderr: string): string {
  return lastLines(stderr, 1).split(": ").at(-1)?.trim() ?? "";
}

/**
 * Gets an image onto the daemon from its hub. A hub that shows no sign of life within 20 s counts
 * as unreachable, a slow one that has answered gets ten minutes.
 * @returns undefined, or why the image could not be had.
 */
export async function pullImage(
  progress: Progress,
  image: string,
  dockerHost?: string,
): Promise<string | undefined> {
  if (await imagePresent(image, dockerHost)) return undefined;
  return progress.step(`Asking the image hub for ${image}`, async (report) => {
    let alive = false;
    const docker = dockerOn(dockerHost);
    const onLine = (line: string) => {
      alive ||= hubAnswered(line);
      report(line);
    };
    const first = await docker.try(["pull", image], { timeout: HUB_MS, onLine });
    if (first.exitCode === 0) return undefined;
    if (!first.timedOut) return briefReason(first.stderr);
    if (!alive) return `no answer within ${HUB_MS / 1000} s`;
    const again = await docker.try(["pull", image], { timeout: 10 * MINUTES, onLine });
    return again.exitCode === 0 ? undefined : briefReason(again.stderr);
  });
}
