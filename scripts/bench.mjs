// npm run bench [-- options]: an edit of one function's body, from the save to the program's output, next to cargo.
import { main } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  await build();
  // Not before: the bundler is one of the packages that this installs.
  const { runBundled } = await import("./lib/bundled.mjs");
  return runBundled("bench", "bench/saves/main.ts", process.argv.slice(2));
});
