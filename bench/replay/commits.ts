/** A git history, commit by commit, in a folder of its own: what developers really save. */
import { execFileSync } from "node:child_process";
import * as path from "node:path";

export interface Commit {
  readonly id: string;
  readonly subject: string;
}

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
    const lines = log.split("\n").filter((line) => line !== "");
    return lines.reverse().map((line) => ({ id: line.slice(0, line.indexOf(" ")), subject: line.slice(41) }));
  }

  /** Brings the folder's files to a commit's, or to the one before it (`id^`). Others, such as build products, stay. */
  checkout(id: string): void {
    this.git(`--work-tree=${this.folder}`, "read-tree", "-u", "--reset", id);
  }

  private git(...args: readonly string[]): string {
    return execFileSync("git", args, {
      cwd: this.repository,
      encoding: "utf8",
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
