/** Real histories as saves: which lane each takes, why, and how long until it is runnable. `--help` says the options. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { Cancelled } from "../../server/src/core/support/errors.js";
import { digest, digestFile } from "../../server/src/core/support/files.js";
import { cleanEnvironment } from "../../test/programs/support/process.js";
import { cache } from "../../test/programs/support/repository.js";
import { History } from "../replay/commits.js";
import { replaceSection } from "../saves/document.js";
import { describeMachine, loadAverage } from "../saves/machine.js";
import { bundles, repository } from "../workspace.js";
import { sectionOf } from "./document.js";
import { HistoryReplay, NotBuilt } from "./replay.js";
import { type Results, type Row, keepResults, readResults } from "./results.js";

const USAGE = `npm run saves -- REPOSITORY [OPTIONS]
  REPOSITORY         a folder with a git history, or a bare repository; it stays as it is
  --commits N        the last N commits with one parent that change a source (default 40)
  --branches         those of merged branches as well, not only the main line's
  --hunks            a save for each changed place in a file, not for each changed file
  --package P        what is built of it, as for cargo
  --bin NAME
  --cargo-every N    every so many saves \`cargo build\` does the same in a second copy (default 10)
  --debuginfo LEVEL  of both (default 1, the most that Cranefly compiles with)
  --room GB          how much both target directories may take before they are made anew (default 12)
  --again            do not go on with what an earlier run has left
  --write            put the tables of all repositories that were replayed into docs/benchmarks.md
Results are kept after each commit: what was interrupted goes on where it was.
`;

const { values: options, positionals } = parsed();

/** Ctrl-C, which may be told more than once: what was replayed until then is kept and told. */
const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupt.abort());

async function main(): Promise<void> {
  const [given] = positionals;
  if (options.help || given === undefined) {
    (options.help ? process.stdout : process.stderr).write(USAGE);
    process.exitCode = options.help ? 0 : 2;
    return;
  }
  const source = path.resolve(process.env["INIT_CWD"] ?? ".", given);
  const mode = options.hunks ? "hunks" : "files";
  const name = nameOf(source);
  const targets = [
    ...(options.package === undefined ? [] : ["--package", options.package]),
    ...(options.bin === undefined ? [] : ["--bin", options.bin]),
  ];
  const id = `${name}-${digest(JSON.stringify([source, mode, targets])).slice(0, 8)}`;
  const home = path.join(cache, "history", id);
  fs.mkdirSync(home, { recursive: true });
  const history = History.open(source, path.join(home, "source"));
  if (history === undefined) throw new Error(`${source} has no git history`);
  const commits = history.plain(Number(options.commits), options.branches);
  const head = commits.at(-1)?.id;
  if (head === undefined) throw new Error(`${source} has no commit that changes a source`);

  const file = path.join(repository, "target/bench/history", `${id}.json`);
  const key = digest(JSON.stringify([head, options.branches, options.debuginfo, bundleDigest()]));
  const kept = options.again ? undefined : readResults(file);
  const before = loadAverage();
  const results: Results & { commits: Results["commits"] } = {
    ...{ key, name, mode, head, targets, machine: machine(before) },
    commits: kept?.key === key ? kept.commits : [],
  };
  // A daemon of its own: no other's work is in it, and none is ended with it.
  const runtime = fs.mkdtempSync(path.join(fs.existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir(), "cranefly-saves-"));
  const replay = await HistoryReplay.open({
    ...{ history, home, targets, mode, stop: interrupt.signal },
    env: cleanEnvironment({ XDG_RUNTIME_DIR: runtime, CARGO_PROFILE_DEV_DEBUG: options.debuginfo }),
    cargoEvery: Number(options["cargo-every"]),
    room: Number(options.room) * 2 ** 30,
    onRow: tell,
  });
  try {
    for (const [i, commit] of commits.entries()) {
      if (results.commits.some((done) => done.id === commit.id)) continue;
      process.stderr.write(`${i + 1}/${commits.length} ${commit.id.slice(0, 8)} ${commit.subject}\n`);
      const result = await replay.commit(commit).catch((error: unknown) => {
        if (!(error instanceof NotBuilt)) throw error;
        process.stderr.write(`    left out, since the commit before it does not build: ${error.message}\n`);
        return { ...commit, rows: [], broken: 0, unseen: 0, diverged: [], isLeftOut: true };
      });
      results.commits.push(result);
      results.machine = machine(before);
      keepResults(file, results);
    }
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
  } finally {
    await replay.close();
    fs.rmSync(runtime, { recursive: true, force: true });
  }
  if (results.commits.length > 0 && results.commits.every(({ isLeftOut }) => isLeftOut)) {
    process.exitCode = 1;
    process.stderr.write(
      `${name} cannot be built with this toolchain as it was then. A smaller --commits begins later.\n`,
    );
  }
  process.stdout.write(`${sectionOf([results])}\n`);
  if (options.write) replaceSection(path.join(repository, "docs/benchmarks.md"), "npm run saves", sectionOf(allKept()));
}

/** All that was replayed, the newest of each. */
function allKept(): Results[] {
  const folder = path.join(repository, "target/bench/history");
  const names = fs.readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.sort().flatMap((name) => readResults(path.join(folder, name)) ?? []);
}

/** A repository's name; a bare one may be called `repo`, or `.git`. */
function nameOf(source: string): string {
  const name = path.basename(source, ".git");
  const isPlain = !["", "repo"].includes(name);
  return isPlain ? name : path.basename(path.dirname(source)).replace(/^.*\+/, "");
}

/** Which Cranefly it is. */
function bundleDigest(): string {
  const engine = path.join(repository, "engine/target/release/cranefly-engine");
  return [path.join(bundles, "cli.cjs"), engine].map(digestFile).join(" ");
}

function machine(before: string): string {
  const load: [string, string] = [before, loadAverage()];
  const { cpu, cores, memory, rustc, commit } = describeMachine({
    mold: undefined,
    debugInfo: options.debuginfo,
    load,
  });
  return `${cpu}, ${cores} cores, ${memory}; ${rustc}; Cranefly ${commit}; \`debuginfo=${options.debuginfo}\`. Load average ${load[0]} before, ${load[1]} behind.`;
}

function tell({ kind, lane, reason, ms, cargoMs, file }: Row): void {
  const cargo = cargoMs === null ? "" : `, cargo ${Math.round(cargoMs)} ms`;
  const why = reason === null ? "" : `: ${reason}`;
  process.stderr.write(`    ${lane}  ${Math.round(ms)} ms${cargo}  ${file} (${kind})${why}\n`);
}

/** The user's options; ends the process when they are none. */
function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        commits: { type: "string", default: "40" },
        branches: { type: "boolean", default: false },
        hunks: { type: "boolean", default: false },
        package: { type: "string" },
        bin: { type: "string" },
        "cargo-every": { type: "string", default: "10" },
        debuginfo: { type: "string", default: "1" },
        room: { type: "string", default: "12" },
        again: { type: "boolean", default: false },
        write: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
});
