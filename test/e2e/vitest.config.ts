import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/e2e/**/*.test.ts"],
    globalSetup: ["test/support/testFolder.ts", "test/e2e/support/setup.ts"],
    // One editor at a time: each takes about 1 GB of memory and both cores while it starts.
    fileParallelism: false,
    // A test waits for conditions, each with a limit of its own; this one is for what hangs otherwise.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // The tests of a file share one editor and its state: what follows a failure would only tell of the failure again.
    bail: 0,
    sequence: { shuffle: false },
  },
});
