import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/programs/**/*.test.ts"],
    globalSetup: ["test/support/testFolder.ts", "test/programs/support/runtime.ts"],
    // Every file builds with cargo on all cores; side by side they would only slow each other down.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 900_000,
  },
});
