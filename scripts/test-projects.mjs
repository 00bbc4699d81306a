// npm run test:projects: the slow comparisons with native builds of large published programs.
import { main, run } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  await build();
  return run("npx", ["--no-install", "vitest", "run", "--config", "test/programs/vitest.projects.config.ts"]);
});
