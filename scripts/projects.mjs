// npm run projects [-- NAME…]: published applications as they are, natively and through Cranefly.
import { main } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  await build();
  // Not before: the bundler is one of the packages that this installs.
  const { runBundled } = await import("./lib/bundled.mjs");
  return runBundled("projects", "test/programs/projects/main.ts", process.argv.slice(2));
});
