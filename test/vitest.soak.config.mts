import { defineConfig } from "vitest/config";

// Hours rather than minutes: runs killed at random moments.
export default defineConfig({
  test: {
    include: ["test/soak/**/*.test.ts"],
    globalSetup: ["test/support/e2eSetup.ts"],
    fileParallelism: false,
    testTimeout: 7_200_000,
    hookTimeout: 1_800_000,
    allowOnly: false,
    reporters: ["verbose"],
  },
});
