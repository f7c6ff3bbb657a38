import { defineConfig } from "vitest/config";

// What needs a daemon, a Pulumi CLI or an image lives in these rooms and runs by `npm run e2e`.
const REAL_THINGS = [
  "test/engine/**",
  "test/container/**",
  "test/host/systemd.test.ts",
  "test/host/emulated.test.ts",
  "test/soak/**",
  "test/bench/**",
];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: REAL_THINGS,
    globalSetup: ["test/support/leftOut.mts"],
    testTimeout: 60_000,
  },
});
