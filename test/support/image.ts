import * as fs from "node:fs";
import * as path from "node:path";
import { RUN_FOLDER } from "./e2eSetup";

const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

function noteFile(): string | undefined {
  const folder = process.env[RUN_FOLDER];
  return folder === undefined ? undefined : path.join(folder, "image.json");
}

/** Notes the image settings that `npm start` chose on this machine, so that later files share its image. */
export function noteImageSettings(settings: unknown): void {
  const file = noteFile();
  if (file !== undefined) fs.writeFileSync(file, JSON.stringify(settings));
}

/** Image settings for a test's stack: those of `npm start`, or the ones that need no image hub. */
export function imageSettings(): unknown {
  const file = noteFile();
  if (file !== undefined && fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, "utf8"));
  return { base: "bootstrap:bookworm", extraCa: CA_BUNDLE };
}
