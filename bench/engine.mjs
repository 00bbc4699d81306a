// npm run bench:engine [-- OPTIONS] [FILTER]: the engine's stages on ripgrep's bitcode, next to LLVM -O0 on the same
// functions in the same process. Prints a Markdown table; everything that it makes lies in target/bench.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { cranefly, engine, repository } from "../scripts/lib/paths.mjs";
import { StepError, main, mustRun } from "../scripts/lib/run.mjs";
import { build, engineEnvironment } from "../scripts/lib/steps.mjs";
import { readRound, table } from "./report.mjs";

const usage = `npm run bench:engine [-- OPTIONS] [FILTER]
  --debuginfo LEVEL  of the measured program: 0, line-tables-only (default), 1 or 2
  --rounds N         repeat everything N times; the table has the medians (default 1)
  --prepare          make the bitcode and print where its list is, measure nothing
FILTER is a regular expression over the benchmarks' names, such as program/open`;

const output = path.join(repository, "target/bench");
const program = "ripgrep-15.2.0";

/** The package's sources as published, unpacked by cargo into its own home, copied to where they may be built. */
async function sources() {
  const to = path.join(output, program);
  if (existsSync(path.join(to, "Cargo.toml"))) return to;
  mkdirSync(output, { recursive: true });
  // Outside of the repository, which is a package of another kind.
  await mustRun("cargo", ["info", "--quiet", program.replace(/-(?=\d)/, "@")], { cwd: tmpdir() });
  const home = process.env.CARGO_HOME ?? path.join(process.env.HOME ?? "/", ".cargo");
  const registries = path.join(home, "registry/src");
  const found = readdirSync(registries)
    .map((registry) => path.join(registries, registry, program))
    .find((folder) => existsSync(path.join(folder, "Cargo.toml")));
  if (found === undefined) throw new StepError(`cargo did not unpack ${program} below ${registries}`);
  const manifest = readFileSync(path.join(found, "Cargo.toml"), "utf8");
  cpSync(found, to, { recursive: true, filter: (file) => path.basename(file) !== "Cargo.toml" });
  // An empty workspace table: cargo must not look for a workspace in the folders above. Written last: it marks the end.
  writeFileSync(path.join(to, "Cargo.toml"), `${manifest}\n[workspace]\n`);
  return to;
}

/** Builds the program with Cranefly itself and lists its bitcode and base image; gives the list's path. */
async function corpus(debugInfo) {
  const folder = await sources();
  const target = path.join(output, `debuginfo-${debugInfo}`);
  // An engine of its own, so that no other's work disturbs the measurement and none is ended with it.
  const runtime = path.join(output, "run");
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  const env = { CARGO_TARGET_DIR: target, CARGO_PROFILE_DEV_DEBUG: debugInfo, XDG_RUNTIME_DIR: runtime };
  await mustRun(cranefly, ["build", folder, "--bin", "rg"], { env });
  await mustRun(cranefly, ["stop"], { env });
  const state = path.join(target, "cranefly/.cranefly");
  const selections = json(path.join(state, "selections"));
  const rg = selections.flatMap(({ programs }) => programs).find(({ name }) => name === "debug/rg");
  if (rg === undefined) throw new StepError(`Cranefly's build of ${program} left no program`);
  const units = rg.closure.flatMap(
    (key) => JSON.parse(readFileSync(path.join(state, "units", key, "unit.json"), "utf8")).bitcode,
  );
  const sysroot = spawnSync("rustc", ["--print", "sysroot"], { cwd: folder, encoding: "utf8" }).stdout.trim();
  const list = path.join(target, "corpus.txt");
  const lines = [`sysroot ${sysroot}`, `base ${rg.base}`, ...units.map((unit) => `unit ${unit.path}`)];
  writeFileSync(list, `${lines.join("\n")}\n`);
  return list;
}

/** Every JSON file of a folder, parsed. */
function json(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), "utf8")));
}

await main(async () => {
  const options = {
    debuginfo: { type: "string", default: "line-tables-only" },
    rounds: { type: "string", default: "1" },
    prepare: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const rounds = Number(values.rounds);
  if (values.help || !Number.isInteger(rounds) || rounds < 1 || positionals.length > 1) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  await build();
  const list = await corpus(values.debuginfo);
  if (values.prepare) {
    console.log(list);
    return 0;
  }
  const home = path.join(output, "criterion");
  const env = { ...engineEnvironment, CRITERION_HOME: home, CRANEFLY_BENCH_CORPUS: list };
  const results = [];
  for (let round = 0; round < rounds; round++) {
    rmSync(home, { recursive: true, force: true });
    await mustRun("cargo", ["bench", "--locked", "-p", "cranefly-bench", "--bench", "stages", "--", ...positionals], {
      cwd: engine,
      env,
    });
    results.push(readRound(home));
  }
  console.log(`\n${table(results)}`);
});
