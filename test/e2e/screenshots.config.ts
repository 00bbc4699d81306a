import { defineConfig, mergeConfig } from "vitest/config";
import tests from "./vitest.config.js";

/** The same editor, other files: those that take the pictures in docs/images. */
export default mergeConfig(
  { ...tests, test: { ...tests.test, include: [] } },
  defineConfig({ test: { include: ["test/e2e/**/*.pictures.ts"] } }),
);
