import { defineConfig } from "vitest/config";

// Real Docker, real engine, real clients. One file after the other: they share the daemon.
export default defineConfig({
  test: {
    include: ["test/engine/**/*.test.ts", "test/container/**/*.test.ts"],
    globalSetup: ["test/support/e2eSetup.ts"],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 1_800_000,
    allowOnly: false,
    reporters: ["verbose"],
  },
});
