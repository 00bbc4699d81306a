// npm run conformance [-- NAME…]: other people's tests, natively and through Cranefly, compared by name.
import path from "node:path";
import { cache, repository } from "./lib/paths.mjs";
import { main, run } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  await build();
  const { build: bundle } = await import("esbuild");
  const outfile = path.join(cache, "conformance.mjs");
  await bundle({
    entryPoints: [path.join(repository, "test/programs/conformance/main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    logLevel: "warning",
  });
  return run(process.execPath, [outfile, ...process.argv.slice(2)], {
    env: { CRANEFLY_REPOSITORY: repository },
    ignoreInterrupt: true,
  });
});
