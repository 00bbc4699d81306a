/**
 * Replays edits on a copy of a project: after each, the body lane's functions are compared with the crate lane's, and every
 * so often the program with a native build.
 *
 *   npm run replay -- DIR [--edits N] [--seed N] [--native-every N] [--follow-every N] [--keep-every N] [--args "…"] [--json FILE] [-p PKG] [--bin N]
 */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import type { GenerationReport } from "../../shared/src/report.js";
import { SourceCache } from "../../server/src/core/body/index.js";
import { findEngine } from "../../server/src/core/engine.js";
import { digest } from "../../server/src/core/files.js";
import type { Selection } from "../../server/src/core/selection.js";
import { Workspace } from "../../server/src/core/workspace.js";
import { EditGenerator, type Edit, randomNumbers } from "./edits.js";
import { Tally } from "./tally.js";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    edits: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    "native-every": { type: "string", default: "50" },
    "follow-every": { type: "string", default: "1" },
    "keep-every": { type: "string", default: "10" },
    args: { type: "string", default: "" },
    json: { type: "string" },
    package: { type: "string", short: "p" },
    bin: { type: "string" },
  },
});

const repository = process.env["CRANEFLY_REPOSITORY"] ?? process.cwd();
const bundles = path.join(repository, "dist");
const source = path.resolve(process.env["INIT_CWD"] ?? ".", positionals[0] ?? "test/fixtures/sample");
const place = path.join(repository, "target/tests/replay", `${path.basename(source)}-${digest(source).slice(0, 8)}`);

/** A copy, whose build products stay from run to run. */
function copy(): void {
  fs.mkdirSync(place, { recursive: true });
  for (const name of fs.readdirSync(place))
    if (name !== "target") fs.rmSync(path.join(place, name), { recursive: true });
  for (const name of fs.readdirSync(source)) {
    if (name !== "target") fs.cpSync(path.join(source, name), path.join(place, name), { recursive: true });
  }
}

function open(): Workspace {
  const targets = [
    ...(options.package === undefined ? [] : ["--package", options.package]),
    ...(options.bin === undefined ? [] : ["--bin", options.bin]),
  ];
  const selection: Selection = {
    command: "build",
    cwd: place,
    manifestPath: path.join(place, "Cargo.toml"),
    targets,
    features: [],
    profile: undefined,
    global: [],
  };
  const listener = {
    onDiagnostic: (): void => undefined,
    onProgress: (): void => undefined,
    onWait: (): void => undefined,
  };
  return new Workspace(
    selection,
    undefined,
    {
      env: process.env,
      engine: findEngine(process.env, bundles),
      shimBundle: path.join(bundles, "shim.cjs"),
      color: false,
      quiet: true,
      jobs: 2,
      bodyLane: bundles,
    },
    listener,
  );
}

function verifiedBy(report: GenerationReport): { diverged: string[]; equal: number } {
  const all = report.programs.flatMap(({ verified }) => (verified === undefined ? [] : [verified]));
  return {
    diverged: all.flatMap(({ diverged }) => diverged),
    equal: all.reduce((sum, { equal }) => sum + equal, 0),
  };
}

/** What a program does: its output and exit code, but for what names the program itself. */
function behaviour(executable: string): string {
  const { stdout, stderr, status, signal } = spawnSync(executable, options.args === "" ? [] : options.args.split(" "), {
    cwd: place,
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, RUST_BACKTRACE: "0" },
  });
  const plain = stderr.replace(/thread '([^']*)' \(\d+\)/g, "thread '$1'");
  return JSON.stringify([stdout, plain, status, signal]);
}

/** Compares every program with what cargo builds of the same sources. */
function compareWithNative(report: GenerationReport, tally: Tally): void {
  const selected = [
    ...(options.package === undefined ? [] : ["--package", options.package]),
    ...(options.bin === undefined ? [] : ["--bin", options.bin]),
  ];
  execFileSync("cargo", ["build", "--quiet", ...selected], {
    cwd: place,
    env: { ...process.env, CARGO_TARGET_DIR: path.join(place, "target/native") },
    stdio: ["ignore", "ignore", "inherit"],
  });
  for (const { program, executable } of report.programs) {
    const native = path.join(place, "target/native", program);
    const isSame = behaviour(executable) === behaviour(native);
    tally.compared(program, isSame);
  }
}

async function main(): Promise<void> {
  copy();
  const sources = await SourceCache.create(bundles);
  const generator = new EditGenerator(place, sources, randomNumbers(Number(options.seed)));
  const workspace = open();
  const tally = new Tally();
  const signal = new AbortController().signal;
  const save = async (file: string, text: string): Promise<GenerationReport> => {
    fs.writeFileSync(file, text);
    return (await workspace.update(performance.now())).report;
  };
  /** Edits that the crate lane has not followed yet. */
  let pending: Edit[] = [];
  const follow = async (): Promise<void> => {
    const update = await workspace.follow(signal);
    if (update === undefined) return;
    tally.followed(pending, verifiedBy(update.report));
    pending = [];
  };
  await workspace.update(performance.now());
  const count = Number(options.edits);
  /** Texts before the edits that are taken back together. */
  const originals = new Map<string, string>();
  for (let done = 0; done < count;) {
    const edit = generator.next();
    if (edit === undefined) continue;
    const report = await save(edit.file, edit.after);
    if (!report.ok) {
      // Not every edit is valid Rust; such a save tells something, too: that the last good program stays.
      tally.failed(edit);
      await save(edit.file, edit.before);
      await follow();
      continue;
    }
    done++;
    pending.push(edit);
    tally.took(edit, report);
    if (!originals.has(edit.file)) originals.set(edit.file, edit.before);
    if (done % Number(options["native-every"]) === 0) compareWithNative(report, tally);
    if (done % Number(options["follow-every"]) === 0) {
      await follow();
      // The sources must not grow without bound, and a save that takes edits back is an edit, too.
      if (done % Number(options["keep-every"]) !== 0) {
        for (const [file, text] of originals) {
          const back = { ...edit, file, before: edit.after, after: text };
          tally.took(back, await save(file, text));
          pending.push(back);
        }
        if (options["follow-every"] === "1") await follow();
      }
      originals.clear();
    }
    if (done % 20 === 0) process.stderr.write(`${done} of ${count} edits\n`);
  }
  await follow();
  workspace.close();
  sources.dispose();
  process.stdout.write(tally.markdown(workspace.bodyLane));
  if (options.json !== undefined) fs.writeFileSync(options.json, `${JSON.stringify(tally.toJson(), undefined, 2)}\n`);
  process.exitCode = tally.isGood ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  // The engine's connection would keep the process.
  process.exit(2);
});
