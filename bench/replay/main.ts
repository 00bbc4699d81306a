/**
 * Replays edits on a copy of a project: after each, the body lane's functions are compared with the crate lane's, and every
 * so often the program with a native build.
 *
 *   npm run replay -- DIR [--edits N] [--seed N] [--native-every N] [--keep-every N] [--args "…"] [--json FILE] [-p PKG] [--bin N]
 */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import type { GenerationReport } from "../../shared/src/report.js";
import { SourceCache } from "../../server/src/core/body/index.js";
import { digest } from "../../server/src/core/files.js";
import { bundles, openWorkspace, repository } from "../workspace.js";
import { EditGenerator, type Edit, randomNumbers } from "./edits.js";
import { Tally } from "./tally.js";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    edits: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    "native-every": { type: "string", default: "50" },
    "keep-every": { type: "string", default: "10" },
    args: { type: "string", default: "" },
    json: { type: "string" },
    package: { type: "string", short: "p" },
    bin: { type: "string" },
  },
});

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

function targets(): string[] {
  return [
    ...(options.package === undefined ? [] : ["--package", options.package]),
    ...(options.bin === undefined ? [] : ["--bin", options.bin]),
  ];
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
  execFileSync("cargo", ["build", "--quiet", ...targets()], {
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
  const workspace = openWorkspace({ folder: place, targets: targets(), env: process.env, hasBodyLane: true });
  const tally = new Tally();
  const signal = new AbortController().signal;
  const save = async (file: string, text: string): Promise<GenerationReport> => {
    fs.writeFileSync(file, text);
    return (await workspace.update(performance.now())).report;
  };
  const follow = async (edit: Edit | undefined): Promise<GenerationReport | undefined> => {
    const update = await workspace.follow(signal);
    if (update !== undefined) tally.followed(edit, verifiedBy(update.report));
    return update?.report;
  };
  await workspace.update(performance.now());
  const count = Number(options.edits);
  for (let done = 0; done < count;) {
    const edit = generator.next();
    if (edit === undefined) continue;
    const report = await save(edit.file, edit.after);
    if (!report.ok) {
      // Not every edit is valid Rust; such a save tells something, too: that the last good program stays.
      tally.failed(edit);
      await save(edit.file, edit.before);
      await follow(undefined);
      continue;
    }
    done++;
    tally.took(edit, report);
    if (done % Number(options["native-every"]) === 0) compareWithNative(report, tally);
    await follow(edit);
    // The sources must not grow without bound, and a save that takes an edit back is an edit, too.
    if (done % Number(options["keep-every"]) !== 0) {
      const back = await save(edit.file, edit.before);
      tally.took({ ...edit, before: edit.after, after: edit.before }, back);
      await follow(edit);
    }
    if (done % 20 === 0) process.stderr.write(`${done} of ${count} edits\n`);
  }
  workspace.close();
  sources.dispose();
  process.stdout.write(tally.markdown(workspace.bodyLane));
  if (options.json !== undefined) fs.writeFileSync(options.json, `${JSON.stringify(tally.toJson(), undefined, 2)}\n`);
  process.exitCode = tally.isGood ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
});
