import * as fs from "node:fs";
import * as path from "node:path";
import { RUN_FOLDER } from "./e2eSetup";

/** What `npm start` built on this machine, for the files that run after it. */
interface Built {
  /** `gpudev:image` of the stack file that it wrote. */
  readonly settings: unknown;
  /** The image that its container runs. */
  readonly id: string;
}

const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

function noteFile(): string {
  const folder = process.env[RUN_FOLDER];
  if (folder === undefined) throw new Error("the end-to-end tests run by `npm run e2e`");
  return path.join(folder, "image.json");
}

function built(): Built | undefined {
  const file = noteFile();
  return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, "utf8")) as Built) : undefined;
}

/** Notes what `npm start` built, so that later files share its image. */
export function noteBuilt(note: Built): void {
  fs.writeFileSync(noteFile(), JSON.stringify(note));
}

/** Image settings for a test's stack: those of `npm start`, or the ones that need no image hub. */
export function imageSettings(): unknown {
  return built()?.settings ?? { base: "bootstrap:bookworm", extraCa: CA_BUNDLE };
}

/** The image for `docker run` by hand: that of `npm start`, or the last that was built here. */
export function imageName(): string {
  return built()?.id ?? "pytorch-cuda:2.6-cuda12.4";
}
