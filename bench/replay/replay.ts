/**
 * Replays edits on a copy of a project: after each, the body lane's functions are compared with the crate lane's, and every
 * so often the program with a native build.
 */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import type { BodyLaneStatistics, GenerationReport } from "../../shared/src/report.js";
import { SourceCache } from "../../server/src/core/source/sourceCache.js";
import type { Workspace } from "../../server/src/core/workspace.js";
import { bundles, openWorkspace } from "../workspace.js";
import { type Edit, EditGenerator, type EditKind, randomNumbers } from "./edits.js";
import { type Commit, History } from "./commits.js";
import { Tally, type Told } from "./tally.js";

export interface ReplayOptions {
  /** The project, which stays as it is, and where its copy goes. Build products in the copy are kept. */
  readonly source: string;
  readonly place: string;
  /** What is built of it, as for cargo, and the arguments that its programs are started with. */
  readonly targets: readonly string[];
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly edits: number;
  readonly seed: number;
  /** What kinds of edits are made; all of them if that is not said. */
  readonly kinds?: readonly EditKind[];
  /** How many commits of the project's history come before the edits, if it has one. */
  readonly commits: number;
  /** How many edits there are from one comparison with a native build to the next. */
  readonly nativeEvery: number;
  /** How many edits there are until the crate lane follows, and its functions are compared with the body lane's. */
  readonly followEvery: number;
  /** Every so many edits one stays; the others are taken back, which is an edit, too. */
  readonly keepEvery: number;
  readonly onProgress: (done: number) => void;
  /** What became of a save. */
  readonly onSave?: (save: Told, report: GenerationReport) => void;
  /** Ends it early, with what there is to be told. */
  readonly stop?: AbortSignal;
}

export interface Replayed {
  readonly tally: Tally;
  readonly statistics: BodyLaneStatistics | undefined;
}

export async function replay(options: ReplayOptions): Promise<Replayed> {
  const sources = await SourceCache.create(bundles);
  const { place, targets, env } = options;
  fs.mkdirSync(place, { recursive: true });
  const history = History.open(options.source, place);
  const commits = history?.last(options.commits) ?? [];
  if (history === undefined) copy(options);
  else history.checkout(commits[0] === undefined ? "HEAD" : `${commits[0].id}^`);
  const workspace = openWorkspace({ folder: place, targets, env, hasBodyLane: true });
  try {
    const replay = new Replay(options, workspace);
    await workspace.update(performance.now());
    if (history !== undefined) await replay.commits(history, commits);
    const generator = new EditGenerator(place, sources, randomNumbers(options.seed), options.kinds);
    await replay.edits(generator);
    return { tally: replay.tally, statistics: workspace.bodyLane };
  } finally {
    workspace.close();
    sources.dispose();
  }
}

function copy({ source, place }: ReplayOptions): void {
  for (const name of fs.readdirSync(place))
    if (name !== "target") fs.rmSync(path.join(place, name), { recursive: true });
  for (const name of fs.readdirSync(source)) {
    if (name !== "target") fs.cpSync(path.join(source, name), path.join(place, name), { recursive: true });
  }
}

class Replay {
  readonly tally = new Tally();
  private readonly signal = new AbortController().signal;
  /** Edits that the crate lane has not followed yet. */
  private pending: Told[] = [];
  /** Texts before the edits that are taken back together. */
  private readonly originals = new Map<string, string>();

  constructor(
    private readonly options: ReplayOptions,
    private readonly workspace: Workspace,
  ) {}

  /** Commits as they were made. */
  async commits(history: History, commits: readonly Commit[]): Promise<void> {
    const { nativeEvery, onProgress } = this.options;
    for (const [i, { id, subject }] of commits.entries()) {
      if (this.options.stop?.aborted === true) return;
      const commit: Told = { kind: "commit", where: `${id.slice(0, 12)} ${subject}` };
      history.checkout(id);
      const { report } = await this.workspace.update(performance.now());
      this.options.onSave?.(commit, report);
      if (!report.ok) {
        this.tally.failed(commit);
        continue;
      }
      this.tally.took(commit, report);
      this.pending.push(commit);
      if ((i + 1) % nativeEvery === 0) this.compareWithNative(report);
      await this.follow();
      onProgress(i + 1);
    }
  }

  /** Generated edits. */
  async edits(generator: EditGenerator): Promise<void> {
    const { edits, onProgress } = this.options;
    for (let done = 0; done < edits && this.options.stop?.aborted !== true;) {
      const edit = generator.next();
      if (edit === undefined || !(await this.apply(edit, done + 1))) continue;
      onProgress(++done);
    }
    await this.follow();
  }

  /** Whether the edit was valid Rust. */
  private async apply(edit: Edit, number: number): Promise<boolean> {
    const { tally, options } = this;
    const report = await this.save(edit, edit.file, edit.after);
    if (!report.ok) {
      // Such a save tells something, too: that the last good program stays.
      tally.failed(edit);
      await this.save(edit, edit.file, edit.before);
      await this.follow();
      return false;
    }
    tally.took(edit, report);
    this.pending.push(edit);
    if (!this.originals.has(edit.file)) this.originals.set(edit.file, edit.before);
    if (number % options.nativeEvery === 0) this.compareWithNative(report);
    // What the crate lane did prepares the body lane, as in an editor.
    if (report.lane !== "body" || number % options.followEvery === 0) await this.follow();
    if (number % options.followEvery !== 0) return true;
    // The sources must not grow without bound.
    if (number % options.keepEvery !== 0) {
      for (const [file, text] of this.originals) {
        const back: Edit = { ...edit, file, before: edit.after, after: text };
        const report = await this.save(back, file, text);
        tally.took(back, report);
        this.pending.push(back);
        if (report.lane !== "body") await this.follow();
      }
      if (options.followEvery === 1) await this.follow();
    }
    this.originals.clear();
    return true;
  }

  private async save(what: Told, file: string, text: string): Promise<GenerationReport> {
    fs.writeFileSync(file, text);
    const { report } = await this.workspace.update(performance.now());
    this.options.onSave?.(what, report);
    return report;
  }

  private async follow(): Promise<void> {
    const update = await this.workspace.follow(this.signal);
    if (update === undefined) return;
    this.tally.followed(this.pending, verifiedBy(update.report));
    this.pending = [];
  }

  /** Compares every program with what cargo builds of the same sources. */
  private compareWithNative(report: GenerationReport): void {
    const { place, env, targets } = this.options;
    execFileSync("cargo", ["build", "--quiet", ...targets], {
      cwd: place,
      env: { ...env, CARGO_TARGET_DIR: path.join(place, "target/native") },
      stdio: ["ignore", "ignore", "inherit"],
    });
    for (const { program, executable } of report.programs) {
      const native = path.join(place, "target/native", program);
      this.tally.compared(program, this.behaviour(executable) === this.behaviour(native));
    }
  }

  /** What a program does: its output and exit code, but for what names the program itself. */
  private behaviour(executable: string): string {
    const { place, env, args } = this.options;
    const { stdout, stderr, status, signal } = spawnSync(executable, args, {
      cwd: place,
      encoding: "utf8",
      timeout: 60_000,
      env: { ...env, RUST_BACKTRACE: "0" },
    });
    const plain = stderr.replace(/thread '([^']*)' \(\d+\)/g, "thread '$1'");
    return JSON.stringify([stdout, plain, status, signal]);
  }
}

function verifiedBy(report: GenerationReport): { diverged: string[]; equal: number; unmatched: number } {
  const all = report.programs.flatMap(({ verified }) => (verified === undefined ? [] : [verified]));
  return {
    diverged: all.flatMap(({ diverged }) => diverged),
    equal: all.reduce((sum, { equal }) => sum + equal, 0),
    unmatched: all.reduce((sum, { unmatched }) => sum + unmatched, 0),
  };
}
