// npm test [-- --only NAME,…]: installs and builds what is missing, then lints and runs the tests of both languages.
// What needs no engine runs while that is compiled, and the engine's own tests beside those in the editor, which waits most of the time. Every
// step runs, also behind one that failed; what failed is named at the end, below a table of the steps. Its last row is for processes that
// tests have left behind: there may be none.
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { runInEditor } from "./lib/e2e.mjs";
import { failuresOf, inFull, inShort, reportersFor } from "./lib/failures.mjs";
import { engine } from "./lib/paths.mjs";
import { main, run, StepError } from "./lib/run.mjs";
import { compile, engineEnvironment, install } from "./lib/steps.mjs";
import { enterTestFolder, leaveTestFolder } from "./lib/testFolder.mjs";
import { hasCargoCommand, requireTools } from "./lib/tools.mjs";

/**
 * `during`: it runs while the engine is compiled, which says nothing unless it fails, or beside the tests in the editor.
 *
 * @type {{ name: string, during?: "compilation" | "editor", what: () => Promise<number> }[]}
 */
const steps = [
  { name: "prettier", during: "compilation", what: () => npx("prettier", "--check", "--log-level", "warn", ".") },
  { name: "eslint", during: "compilation", what: () => npx("eslint", ".") },
  {
    name: "arrows",
    during: "compilation",
    what: () => npx("depcruise", "--config", ".dependency-cruiser.mjs", "client/src", "server/src", "shared/src"),
  },
  { name: "types", during: "compilation", what: () => npx("tsc", "--noEmit") },
  { name: "types-pages", during: "compilation", what: () => npx("tsc", "--noEmit", "-p", "client/src/dashboard/view") },
  { name: "types-programs", during: "compilation", what: () => npx("tsc", "--noEmit", "-p", "test/programs") },
  { name: "types-e2e", during: "compilation", what: () => npx("tsc", "--noEmit", "-p", "test/e2e") },
  { name: "rustfmt", during: "compilation", what: () => cargo("fmt", "--all", "--check") },
  {
    name: "clippy",
    during: "editor",
    what: () => cargoBehind("clippy", "--release", "--locked", "--all-targets", "--", "-D", "warnings"),
  },
  { name: "engine", during: "editor", what: () => cargoBehind(...engineTests(), "--release", "--locked") },
  { name: "e2e", what: () => runInEditor("vitest.config.ts", reportersFor("e2e")) },
  { name: "vitest", what: () => npx("vitest", "run", ...reportersFor("vitest")) },
  {
    name: "programs",
    what: () => npx("vitest", "run", "--config", "test/programs/vitest.config.ts", ...reportersFor("programs")),
  },
];

function npx(...args) {
  return run("npx", ["--no-install", ...args]);
}

function cargo(...args) {
  return run("cargo", args, { cwd: engine, env: engineEnvironment });
}

function cargoBehind(...args) {
  return run("cargo", args, { cwd: engine, env: engineEnvironment, isBackground: true });
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
  requireTools();
  await install();
  const results = [];
  const perform = async (/** @type {typeof chosen} */ of) => {
    for (const { name, what } of of) {
      console.log(`\n── ${name}`);
      const start = performance.now();
      const code = await what();
      results.push({ name, code, seconds: (performance.now() - start) / 1000 });
    }
  };
  const of = (/** @type {"compilation" | "editor" | undefined} */ during) =>
    chosen.filter((step) => step.during === during);
  enterTestFolder();
  const compiling = compile({ hasTests: true }).then(
    () => undefined,
    (error) => error,
  );
  await perform(of("compilation"));
  const error = await compiling;
  if (error !== undefined) throw error;
  results.unshift({ name: "build", code: 0, seconds: (performance.now() - started) / 1000 });
  await Promise.all([perform(of(undefined)), perform(of("editor"))]);
  const ended = performance.now();
  const left = await leaveTestFolder();
  if (left !== "") console.log(`\ntests have left processes behind (they are ended now):\n${left}`);
  results.push({ name: "processes", code: left === "" ? 0 : 1, seconds: (performance.now() - ended) / 1000 });
  console.log();
  const failures = results.flatMap(({ name, code }) => (code === 0 ? [] : failuresOf(name)));
  for (const line of failures.flatMap(inFull)) console.log(line);
  for (const { name, code, seconds } of results)
    console.log(`${code === 0 ? "ok    " : "FAILED"} ${name.padEnd(16)} ${seconds.toFixed(1).padStart(7)} s`);
  for (const failure of failures) console.log(inShort(failure));
  return results.some(({ code }) => code !== 0) ? 1 : 0;
});
