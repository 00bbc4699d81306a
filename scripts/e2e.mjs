// npm run e2e [-- VITEST ARGS]: the tests in a real editor, alone. `npm test` runs them, too.
import { runInEditor } from "./lib/e2e.mjs";
import { main } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  await build();
  return runInEditor("vitest.config.ts", process.argv.slice(2));
});
