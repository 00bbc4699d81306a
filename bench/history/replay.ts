/** Replays the saves of a history in a copy that Cranefly watches, and some of them in a second one that cargo builds. */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { Cancelled } from "../../server/src/core/support/errors.js";
import { SourceCache } from "../../server/src/core/source/sourceCache.js";
import type { Commit, History } from "../replay/commits.js";
import { bundles } from "../workspace.js";
import { hardest, kindOf } from "./kinds.js";
import type { CommitResult, Row } from "./results.js";
import { type Mode, type Write, savesOf, write } from "./saves.js";
import { type Outcome, Watched } from "./watched.js";

export interface HistoryOptions {
  readonly history: History;
  /** Where everything that is made of it lies. */
  readonly home: string;
  readonly targets: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly mode: Mode;
  /** Every so many saves cargo builds the same. */
  readonly cargoEvery: number;
  /** Bytes that both target directories together may take. */
  readonly room: number;
  readonly stop: AbortSignal;
  readonly onRow: (row: Row) => void;
}

/** The commit before one cannot be built. */
export class NotBuilt extends Error {}

/** `cargo build` of a large application for the first time, on two busy cores. */
const LONGEST_BUILD_MS = 7_200_000;

export class HistoryReplay {
  private readonly watched: Watched;
  /** The commit whose files the copy has; undefined: those of none. */
  private at: string | undefined;
  /** Saves since the crate compiled last, for cargo's copy and for the kind of an edit. */
  private readonly sinceGood = new Map<string, Write>();
  /** Texts when it did. */
  private readonly good = new Map<string, string | undefined>();
  /** What cargo's copy does not have yet, of what compiled. */
  private readonly forCargo = new Map<string, Write>();
  private isCargoReady = false;
  private brokenSaves = 0;
  private untilCargo = 1;

  private constructor(
    private readonly options: HistoryOptions,
    private readonly sources: SourceCache,
  ) {
    const { home, targets, env, stop } = options;
    this.watched = new Watched(
      { folder: this.folder, targets, env: { ...env, CARGO_TARGET_DIR: path.join(home, "cranefly") } },
      stop,
    );
  }

  static async open(options: HistoryOptions): Promise<HistoryReplay> {
    for (const name of ["source", "native"]) fs.rmSync(path.join(options.home, name), { recursive: true, force: true });
    fs.rmSync(path.join(options.home, "source.index"), { force: true });
    fs.mkdirSync(path.join(options.home, "source"), { recursive: true });
    // (Cargo makes its own one with its first build, which may be many commits later.)
    for (const name of ["cranefly", "cargo"]) fs.mkdirSync(path.join(options.home, name), { recursive: true });
    return new HistoryReplay(options, await SourceCache.create(bundles));
  }

  async close(): Promise<void> {
    await this.watched.close();
    this.sources.dispose();
  }

  private get folder(): string {
    return path.join(this.options.home, "source");
  }

  private get native(): string {
    return path.join(this.options.home, "native");
  }

  /** Rejects with `Cancelled` when it is stopped, and with `NotBuilt` if the commit before does not compile. */
  async commit({ id, subject }: Commit): Promise<CommitResult> {
    await this.begin(id);
    const { history, mode, onRow } = this.options;
    const { others, saves } = savesOf(history, id, mode);
    const result = { id, subject, rows: [] as Row[], broken: 0, unseen: 0, diverged: [] as string[], isLeftOut: false };
    if (others.length > 0) {
      for (const each of others) this.note(each);
      const outcome = await this.watched.update();
      if (outcome.kind !== "broken") this.compiled();
      await this.settle(result);
    }
    for (const each of saves) {
      const outcome = await this.watched.save(() => this.note(each));
      if (outcome.kind === "unseen") result.unseen++;
      else if (outcome.kind === "broken") {
        result.broken++;
        this.brokenSaves++;
      } else {
        const row = this.rowOf(each, outcome);
        await this.settle(result);
        const cargoMs = --this.untilCargo <= 0 ? await this.cargo() : null;
        result.rows.push({ ...row, cargoMs });
        onRow({ ...row, cargoMs });
        this.compiled();
        continue;
      }
      await this.settle(result);
    }
    this.at = id;
    this.limitRoom();
    return result;
  }

  /** Brings the copy to the commit in front of one, and builds it. */
  private async begin(id: string): Promise<void> {
    const { history } = this.options;
    const parent = history.parentOf(id) ?? "";
    if (this.at === parent && this.sinceGood.size === 0) return;
    history.checkout(parent);
    history.refresh();
    this.at = parent;
    this.sinceGood.clear();
    this.good.clear();
    this.brokenSaves = 0;
    this.forCargo.clear();
    this.isCargoReady = false;
    const outcome = await this.watched.update();
    if (outcome.kind === "built") await this.watched.settle();
    else {
      this.at = undefined;
      throw new NotBuilt(outcome.reason);
    }
  }

  /** Saves a file. */
  private note(each: Write): void {
    const place = path.join(this.folder, each.file);
    if (each.file.endsWith(".rs") && !this.good.has(each.file)) this.good.set(each.file, textOf(place));
    this.sinceGood.set(each.file, each);
    write(this.folder, each);
  }

  /** Everything that was saved until now compiles. */
  private compiled(): void {
    for (const [file, each] of this.sinceGood) this.forCargo.set(file, each);
    this.sinceGood.clear();
    this.good.clear();
    this.brokenSaves = 0;
  }

  private rowOf({ file }: Write, outcome: Extract<Outcome, { kind: "built" | "fallback" }>): Row {
    const kinds = [...this.good].map(([name, before]) =>
      kindOf(this.sources, name, before, textOf(path.join(this.folder, name))),
    );
    const row = {
      kind: hardest(kinds),
      ms: outcome.ms,
      package: packageOf(this.folder, file),
      file,
      behind: this.brokenSaves,
      cargoMs: null,
    };
    if (outcome.kind === "fallback") return { ...row, lane: "fallback", reason: outcome.reason };
    const { lane, units, refused, refusedBy, reason } = outcome.report;
    if (lane !== "cargo" && units.length === 0) return { ...row, lane: "nothing", reason: null };
    const why = (refusedBy ?? refused ?? reason).replaceAll(`${this.folder}${path.sep}`, "");
    return { ...row, lane, reason: lane === "body" ? null : why };
  }

  private async settle(result: { readonly diverged: string[] }): Promise<void> {
    const divergence = await this.watched.settle();
    if (divergence !== undefined) result.diverged.push(divergence);
  }

  /** Milliseconds of `cargo build` for what was saved since it compiled last. */
  private async cargo(): Promise<number | null> {
    this.untilCargo = this.options.cargoEvery;
    if (!this.isCargoReady) {
      fs.rmSync(this.native, { recursive: true, force: true });
      fs.cpSync(this.folder, this.native, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
      for (const [file, { mode }] of this.sinceGood) {
        const before = this.good.get(file);
        // What is no source stays as it is now.
        if (file.endsWith(".rs"))
          write(this.native, { file, mode, contents: before === undefined ? undefined : Buffer.from(before) });
      }
      this.isCargoReady = true;
    } else for (const each of this.forCargo.values()) write(this.native, each);
    this.forCargo.clear();
    if (!(await this.cargoBuild())) return null;
    for (const each of this.sinceGood.values()) write(this.native, each);
    const started = performance.now();
    return (await this.cargoBuild()) ? performance.now() - started : null;
  }

  /** Whether it succeeded. */
  private async cargoBuild(): Promise<boolean> {
    const { env, targets, home, stop } = this.options;
    try {
      await promisify(execFile)("cargo", ["build", "--quiet", ...targets], {
        cwd: this.native,
        env: { ...env, CARGO_TARGET_DIR: path.join(home, "cargo") },
        signal: stop,
        timeout: LONGEST_BUILD_MS,
        maxBuffer: 1 << 26,
      });
      return true;
    } catch {
      if (stop.aborted) throw new Cancelled();
      return false;
    }
  }

  /** Takes away what was built when it has grown too large; it is built anew. */
  private limitRoom(): void {
    const { home, room } = this.options;
    const folders = ["cranefly", "cargo"].map((name) => path.join(home, name));
    if (folders.reduce((sum, folder) => sum + sizeOf(folder), 0) <= room) return;
    for (const folder of folders) {
      fs.rmSync(folder, { recursive: true, force: true });
      fs.mkdirSync(folder, { recursive: true });
    }
    // The next commit begins with a build.
    this.at = undefined;
  }
}

function textOf(file: string): string | undefined {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
}

/** The folder of the package that a file belongs to, relative to the repository. */
function packageOf(folder: string, file: string): string {
  for (let place = path.dirname(file); ; place = path.dirname(place)) {
    if (place === "." || fs.existsSync(path.join(folder, place, "Cargo.toml"))) return place;
  }
}

/** Bytes on the disk, a file with several names counted once. */
function sizeOf(folder: string): number {
  const seen = new Set<number>();
  let size = 0;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const stat = fs.statSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false });
    if (stat === undefined || seen.has(stat.ino)) continue;
    seen.add(stat.ino);
    size += stat.blocks * 512;
  }
  return size;
}
