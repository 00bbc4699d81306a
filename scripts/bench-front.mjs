// npm run bench:front -- PROJECT [options]: what rustc takes for a save, by what it is given to compile.
import { main } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  await build();
  // Not before: the bundler is one of the packages that this installs.
  const { runBundled } = await import("./lib/bundled.mjs");
  return runBundled("front", "bench/front/main.ts", process.argv.slice(2));
});
