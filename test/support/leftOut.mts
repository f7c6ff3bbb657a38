import * as fs from "node:fs";
import type { TestProject } from "vitest/node";

/** What runs the rooms that `npm run e2e` does not. */
const COMMANDS: Readonly<Record<string, string>> = {
  "test/soak": "npm run soak",
  "test/bench": "npm run bench",
};

/** Says at the end of `npm test` what it left out. */
export default function setup({ config }: TestProject): () => void {
  return () => {
    const rooms = config.exclude
      .map((pattern) => pattern.replace(/\/\*\*$/, ""))
      .filter((room) => fs.existsSync(room))
      .map((room) => `  ${room}: ${COMMANDS[room] ?? "npm run e2e"}`);
    process.stdout.write(
      `Left out, since they need Docker, a Pulumi CLI or an image:\n${rooms.join("\n")}\n`,
    );
  };
}
