/** A commit as the saves that make it: one for each changed source, or one for each place in a source. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Change, History, Hunk } from "../replay/commits.js";

/** A file's contents; undefined: there is none. */
export interface Write {
  /** Relative to the repository. */
  readonly file: string;
  readonly mode: string;
  readonly contents: Buffer | undefined;
}

export type Mode = "files" | "hunks";

/** What a commit changes besides sources, which is there before anything is saved; and the saves. */
export interface Saves {
  readonly others: readonly Write[];
  readonly saves: readonly Write[];
}

/** Git's mode of a link, whose contents are the path that it leads to. */
const LINK = "120000";

export function savesOf(history: History, id: string, mode: Mode): Saves {
  const writes = history.changes(id).map((change) => writeOf(history, change));
  const isSource = ({ file, mode }: Write): boolean => file.endsWith(".rs") && mode !== LINK;
  const saves = writes.filter(isSource).flatMap((write) => (mode === "files" ? write : byHunks(history, id, write)));
  return { others: writes.filter((write) => !isSource(write)), saves };
}

function writeOf(history: History, { file, mode, blob }: Change): Write {
  return { file, mode, contents: blob === undefined ? undefined : history.blob(blob) };
}

/** A source's places saved from the first to the last. What comes or goes as a whole is one save. */
function byHunks(history: History, id: string, write: Write): Write[] {
  const before = history.contents(`${id}^`, write.file);
  if (before === undefined || write.contents === undefined) return [write];
  const texts = inSteps(before.toString("utf8"), write.contents.toString("utf8"), history.hunks(id, write.file));
  // The last one is the commit's, to the byte.
  return [...texts.slice(0, -1).map((text) => ({ ...write, contents: Buffer.from(text) })), write];
}

/** The texts on the way from one to the other, with one hunk more each. */
export function inSteps(before: string, after: string, hunks: readonly Hunk[]): string[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  return hunks.map((_, done) => {
    const lines: string[] = [];
    let at = 0;
    for (const hunk of hunks.slice(0, done + 1)) {
      // Where there are none, the line in front of them is told.
      const start = hunk.before.count === 0 ? hunk.before.start : hunk.before.start - 1;
      const from = hunk.after.count === 0 ? hunk.after.start : hunk.after.start - 1;
      lines.push(...old.slice(at, start), ...now.slice(from, from + hunk.after.count));
      at = start + hunk.before.count;
    }
    return [...lines, ...old.slice(at)].join("");
  });
}

/** Lines with their ends. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Writes a file in a folder, as git would. */
export function write(folder: string, { file, mode, contents }: Write): void {
  const place = path.join(folder, file);
  if (contents === undefined) {
    fs.rmSync(place, { force: true });
    return;
  }
  fs.mkdirSync(path.dirname(place), { recursive: true });
  if (mode === LINK) {
    fs.rmSync(place, { force: true });
    fs.symlinkSync(contents.toString("utf8"), place);
    return;
  }
  if (fs.lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true) fs.rmSync(place);
  fs.writeFileSync(place, contents);
  fs.chmodSync(place, mode === "100755" ? 0o755 : 0o644);
}
