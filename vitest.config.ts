import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longestFirst.js";

export default defineConfig({
  test: {
    include: ["test/unit/**/*.test.ts", "test/integration/**/*.test.ts"],
    globalSetup: ["test/support/testFolder.ts", "test/integration/bundle.ts"],
    // Integration tests run cargo and rustc on small projects, which keep little more than one core busy.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
