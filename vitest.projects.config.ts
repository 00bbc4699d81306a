import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.projects.ts"],
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 3_600_000,
  },
});
