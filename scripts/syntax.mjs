// npm run syntax -- DIR…: sources that the body lane's parser does not understand although rustc does.
import { main } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  await build();
  // Not before: the bundler is one of the packages that this installs.
  const { runBundled } = await import("./lib/bundled.mjs");
  return runBundled("syntax", "bench/syntax.ts", process.argv.slice(2));
});
