// npm run inputs -- --seed N [--steps N]: changes of what cargo builds from, at random, and cargo's word after each.
import { parseArgs } from "node:util";
import { main, run } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  const { values } = parseArgs({
    options: { seed: { type: "string", default: "1" }, steps: { type: "string", default: "40" } },
  });
  for (const [name, value] of Object.entries(values)) {
    if (!/^[1-9][0-9]*$/.test(value)) throw new Error(`--${name} takes a number from 1 on, not ${value}`);
  }
  await build();
  const env = { ...process.env, CRANEFLY_INPUTS_SEED: values.seed, CRANEFLY_INPUTS_STEPS: values.steps };
  return run("npx", ["--no-install", "vitest", "run", "test/integration/inputs.test.ts"], { env });
});
