// npm run saves -- REPOSITORY [options]: a git history as saves: which lane takes each, why, and how long that takes.
import { main } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  await build();
  // Not before: the bundler is one of the packages that this installs.
  const { runBundled } = await import("./lib/bundled.mjs");
  return runBundled("history", "bench/history/main.ts", process.argv.slice(2));
});
