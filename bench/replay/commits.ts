/** A git history, commit by commit, in a folder of its own: what developers really save. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

export interface Commit {
  readonly id: string;
  readonly subject: string;
}

/** A file that a commit changes. */
export interface Change {
  readonly file: string;
  /** As git writes it: "100644", "100755", "120000" for a link. */
  readonly mode: string;
  /** What is in it now, for `blob`; undefined: it is gone. */
  readonly blob: string | undefined;
}

/** Lines of a text, from 1. Without any, `start` is the line in front of them, as git has it. */
export interface LineSpan {
  readonly start: number;
  readonly count: number;
}

/** One place where two texts differ. */
export interface Hunk {
  readonly before: LineSpan;
  readonly after: LineSpan;
}

const SUBMODULE = "160000";
const GONE = "000000";

export class History {
  private constructor(
    private readonly repository: string,
    private readonly folder: string,
  ) {}

  /** `repository`: a work tree, or a bare repository; undefined for a folder that is neither. `folder`: where the files go. */
  static open(repository: string, folder: string): History | undefined {
    try {
      const history = new History(repository, folder);
      history.git("rev-parse", "--verify", "--quiet", "HEAD");
      return history;
    } catch {
      return undefined;
    }
  }

  /** The last commits of the main line that change a source, the oldest first; merged branches count as one. */
  last(count: number): readonly Commit[] {
    if (count === 0) return [];
    const log = this.git("log", "--first-parent", `--max-count=${count}`, "--format=%H %s", "HEAD", "--", "*.rs");
    return commitsOf(log);
  }

  /** The last commits with no more than one parent that change a source, the oldest first; `hasBranches`: those of merged branches, too. */
  plain(count: number, hasBranches: boolean): readonly Commit[] {
    const which = hasBranches ? ["--topo-order"] : ["--first-parent"];
    const log = this.git(
      "log",
      "--no-merges",
      ...which,
      `--max-count=${count}`,
      "--format=%H %s",
      "HEAD",
      "--",
      "*.rs",
    );
    return commitsOf(log).filter(({ id }) => this.parentOf(id) !== undefined);
  }

  /** The commit before one, by its id; undefined for the first. */
  parentOf(id: string): string | undefined {
    const [, parent] = this.git("rev-list", "--max-count=1", "--parents", id).trim().split(" ");
    return parent;
  }

  /** The files that differ between a commit and the one before it, in git's order. Submodules are left out. */
  changes(id: string): readonly Change[] {
    const raw = this.git("diff-tree", "-r", "--no-renames", "-z", `${id}^`, id).split("\0");
    const changes: Change[] = [];
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const [, mode = "", , blob = ""] = (raw[at] ?? "").split(" ");
      if (mode !== SUBMODULE) changes.push({ file: raw[at + 1] ?? "", mode, blob: mode === GONE ? undefined : blob });
    }
    return changes;
  }

  /** The contents of a file in a commit; undefined if it is not in it. */
  contents(id: string, file: string): Buffer | undefined {
    const entry = this.git("ls-tree", id, "--", file);
    const [, , blob] = /^(\d+) blob ([0-9a-f]+)\t/.exec(entry) ?? [];
    return blob === undefined ? undefined : this.blob(blob);
  }

  /** What is stored under a name that `changes` gave. */
  blob(name: string): Buffer {
    return this.run(["cat-file", "blob", name]);
  }

  /** Where a file's lines differ between a commit and the one before it, from the first to the last. */
  hunks(id: string, file: string): readonly Hunk[] {
    const diff = this.git("diff", "--no-color", "--no-ext-diff", "--no-renames", "-U0", `${id}^`, id, "--", file);
    const heads = [...diff.matchAll(/^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/gm)];
    const span = (start: string | undefined, count = "1"): LineSpan => ({ start: Number(start), count: Number(count) });
    return heads.map(([, from, fromCount, to, toCount]) => ({
      before: span(from, fromCount),
      after: span(to, toCount),
    }));
  }

  /** Brings the folder's files to a commit's, or to the one before it (`id^`). Others, such as build products, stay. */
  checkout(id: string): void {
    this.git(`--work-tree=${this.folder}`, "read-tree", "-u", "--reset", id);
  }

  /** Gives files that somebody else has written since the last `checkout` the contents that it is to have. */
  refresh(): void {
    this.git(`--work-tree=${this.folder}`, "checkout-index", "--force", "--all");
    for (const file of this.git(`--work-tree=${this.folder}`, "ls-files", "--others", "-z").split("\0"))
      if (file !== "") fs.rmSync(path.join(this.folder, file), { force: true });
  }

  private git(...args: readonly string[]): string {
    return this.run(args).toString("utf8");
  }

  private run(args: readonly string[]): Buffer {
    return execFileSync("git", args, {
      cwd: this.repository,
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 1 << 28,
      env: {
        ...process.env,
        // The index says what is in the folder, and the repository that it belongs to must not change.
        GIT_INDEX_FILE: `${this.folder}.index`,
        GIT_CEILING_DIRECTORIES: path.dirname(this.repository),
      },
    });
  }
}

/** Of lines "ID SUBJECT", the newest first. */
function commitsOf(log: string): readonly Commit[] {
  const lines = log.split("\n").filter((line) => line !== "");
  return lines.reverse().map((line) => ({ id: line.slice(0, line.indexOf(" ")), subject: line.slice(41) }));
}
