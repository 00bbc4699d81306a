// Programs in TypeScript that are no part of the product: bundled into the cache folder and run.
import { build as bundle } from "esbuild";
import path from "node:path";
import { cache, repository } from "./paths.mjs";
import { run } from "./run.mjs";

/**
 * Runs the program whose main file is `entry` (relative to the repository) with these arguments. It finds the repository in
 * `CRANEFLY_REPOSITORY`.
 *
 * @param {string} name the bundle's
 * @param {string} entry
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
export async function runBundled(name, entry, args) {
  const outfile = path.join(cache, `${name}.cjs`);
  await bundle({
    entryPoints: [path.join(repository, entry)],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // Its other form looks for itself through import.meta, which a CommonJS bundle has not.
    alias: { "web-tree-sitter": path.join(repository, "node_modules/web-tree-sitter/web-tree-sitter.cjs") },
    // Only used where CRANEFLY_REPOSITORY is not set.
    logOverride: { "empty-import-meta": "silent" },
    logLevel: "warning",
  });
  return run(process.execPath, [outfile, ...args], {
    env: { CRANEFLY_REPOSITORY: repository },
    ignoreInterrupt: true,
  });
}
