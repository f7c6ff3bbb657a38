import * as path from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What others build on: `npm start` on a fresh machine prepares it. */
const FIRST = ["start.test.ts", "image.test.ts"];

/** The same order in every run: first what others build on, then by name. */
class FixedOrder extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const key = (file: TestSpecification) => {
      const place = FIRST.indexOf(path.basename(file.moduleId));
      return `${place === -1 ? FIRST.length : place} ${file.moduleId}`;
    };
    return Promise.resolve([...files].sort((a, b) => (key(a) < key(b) ? -1 : 1)));
  }
}

// Real Docker, real engine, real clients. One file after the other: they share the daemon.
export default defineConfig({
  test: {
    include: [
      "test/engine/**/*.test.ts",
      "test/container/**/*.test.ts",
      "test/host/systemd.test.ts",
      "test/host/emulated.test.ts",
    ],
    globalSetup: ["test/support/e2eSetup.ts"],
    fileParallelism: false,
    sequence: { sequencer: FixedOrder },
    testTimeout: 300_000,
    hookTimeout: 1_800_000,
    allowOnly: false,
    reporters: ["verbose"],
  },
});
