// npm run replay -- DIR [options]: edits of function bodies, one after the other, both lanes compared after each.
import { main } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  await build();
  // Not before: the bundler is one of the packages that this installs.
  const { runBundled } = await import("./lib/bundled.mjs");
  return runBundled("replay", "bench/replay/main.ts", process.argv.slice(2));
});
