// Tests in a real editor, and pictures of it: both on the extension as it is packaged.
import { makePackage } from "../package.mjs";
import { run } from "./run.mjs";

/**
 * Packages what is built, unless `CRANEFLY_EXTENSION_UNDER_TEST` names another package, and runs files of test/e2e on it.
 *
 * @param {string} config the configuration, by its name in test/e2e
 * @param {string[]} args for vitest
 * @returns {Promise<number>} vitest's exit code
 */
export async function runInEditor(config, args = []) {
  const extension = process.env["CRANEFLY_EXTENSION_UNDER_TEST"] ?? (await makePackage());
  const command = ["--no-install", "vitest", "run", "--config", `test/e2e/${config}`, ...args];
  return run("npx", command, { env: { CRANEFLY_EXTENSION_UNDER_TEST: extension } });
}
