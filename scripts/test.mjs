// npm test [-- --only NAME,…]: installs and builds what is missing, then lints and runs the tests of both languages.
// Every step runs, also behind one that failed; what failed is named at the end, with a table of the steps.
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { runInEditor } from "./lib/e2e.mjs";
import { failuresOf, reportersFor } from "./lib/failures.mjs";
import { engine } from "./lib/paths.mjs";
import { main, run, StepError } from "./lib/run.mjs";
import { build, engineEnvironment } from "./lib/steps.mjs";
import { hasCargoCommand } from "./lib/tools.mjs";

/** @type {{ name: string, what: () => Promise<number> }[]} */
const steps = [
  { name: "prettier", what: () => npx("prettier", "--check", "--log-level", "warn", ".") },
  { name: "eslint", what: () => npx("eslint", ".") },
  { name: "types", what: () => npx("tsc", "--noEmit") },
  { name: "types-pages", what: () => npx("tsc", "--noEmit", "-p", "client/src/dashboard/view") },
  { name: "types-programs", what: () => npx("tsc", "--noEmit", "-p", "test/programs") },
  { name: "types-e2e", what: () => npx("tsc", "--noEmit", "-p", "test/e2e") },
  { name: "rustfmt", what: () => cargo("fmt", "--all", "--check") },
  { name: "clippy", what: () => cargo("clippy", "--release", "--locked", "--all-targets", "--", "-D", "warnings") },
  { name: "engine", what: () => cargo(...engineTests(), "--release", "--locked") },
  { name: "vitest", what: () => npx("vitest", "run", ...reportersFor("vitest")) },
  {
    name: "programs",
    what: () => npx("vitest", "run", "--config", "test/programs/vitest.config.ts", ...reportersFor("programs")),
  },
  { name: "e2e", what: () => runInEditor("vitest.config.ts", reportersFor("e2e")) },
];

function npx(...args) {
  return run("npx", ["--no-install", ...args]);
}

function cargo(...args) {
  return run("cargo", args, { cwd: engine, env: engineEnvironment });
}

function engineTests() {
  return hasCargoCommand("nextest")
    ? ["nextest", "run", "--no-tests=pass", "--no-fail-fast"]
    : ["test", "--no-fail-fast"];
}

function selected(only) {
  if (only === undefined) return steps;
  const names = only.split(",");
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0)
    throw new StepError(`no such step: ${unknown.join(", ")} (there are ${steps.map((s) => s.name).join(", ")})`);
  return steps.filter((step) => names.includes(step.name));
}

await main(async () => {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  const chosen = selected(values.only);
  const started = performance.now();
  await build();
  const results = [{ name: "build", code: 0, seconds: (performance.now() - started) / 1000 }];
  for (const { name, what } of chosen) {
    console.log(`\n── ${name}`);
    const start = performance.now();
    const code = await what();
    results.push({ name, code, seconds: (performance.now() - start) / 1000 });
  }
  console.log();
  for (const { name, code } of results) if (code !== 0) for (const line of failuresOf(name)) console.log(line);
  for (const { name, code, seconds } of results)
    console.log(`${code === 0 ? "ok    " : "FAILED"} ${name.padEnd(16)} ${seconds.toFixed(1).padStart(7)} s`);
  return results.some(({ code }) => code !== 0) ? 1 : 0;
});
