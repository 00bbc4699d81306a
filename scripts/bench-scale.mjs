// npm run bench:scale [-- options]: generated workspaces of a thousand to a million functions: times and memory by size.
import { main } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  await build();
  // Not before: the bundler is one of the packages that this installs.
  const { runBundled } = await import("./lib/bundled.mjs");
  return runBundled("scale", "bench/scale/main.ts", process.argv.slice(2));
});
