// npm run test:projects: what takes long with large published programs: comparisons with native builds, the language server.
import { main, run } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  await build();
  return run("npx", ["--no-install", "vitest", "run", "--config", "vitest.projects.config.ts"]);
});
