// npm run replay -- DIR [options]: edits of function bodies, one after the other, both lanes compared after each.
import path from "node:path";
import { cache, repository } from "./lib/paths.mjs";
import { main, run } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  await build();
  const { build: bundle } = await import("esbuild");
  const outfile = path.join(cache, "replay.cjs");
  await bundle({
    entryPoints: [path.join(repository, "bench/replay/main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // Its other form looks for itself through import.meta, which a CommonJS bundle has not.
    alias: { "web-tree-sitter": path.join(repository, "node_modules/web-tree-sitter/web-tree-sitter.cjs") },
    logLevel: "warning",
  });
  return run(process.execPath, [outfile, ...process.argv.slice(2)], {
    cwd: repository,
    env: { CRANEFLY_REPOSITORY: repository },
    ignoreInterrupt: true,
  });
});
