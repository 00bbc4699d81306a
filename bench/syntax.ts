/**
 * Which sources the body lane's parser does not understand, and where: an edit of them is the crate lane's.
 *
 *   npm run syntax -- DIR…
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { SourceCache } from "../server/src/core/source/sourceCache.js";
import { walk } from "../server/src/core/support/stamps.js";
import { bundles } from "./workspace.js";

/** The editions that a file may be of: nobody tells without its manifest. */
const EDITIONS = ["2024", "2021", "2018", "2015"];

interface Problem {
  readonly file: string;
  /** Where it begins, as far as that is known. */
  readonly line: number | undefined;
  readonly text: string;
}

/** Whether rustc's own parser reads a file. */
function isRust(file: string): boolean {
  return EDITIONS.some((edition) => {
    const { status } = spawnSync("rustc", ["-Zparse-crate-root-only", `--edition=${edition}`, file], {
      env: { ...process.env, RUSTC_BOOTSTRAP: "1" },
      stdio: "ignore",
    });
    return status === 0;
  });
}

/** What stands in the way of edits in a file: of all of them, or of those of one function. */
function problemsOf(sources: SourceCache, file: string): readonly Problem[] {
  const text = fs.readFileSync(file, "utf8");
  const { outline } = sources.get(file, text);
  sources.forget(file);
  if (typeof outline === "string") return [{ file, line: undefined, text: outline }];
  const at = (offset: number, what: string): Problem => {
    const line = text.slice(0, offset).split("\n").length;
    return { file, line, text: `${what}: ${(text.split("\n")[line - 1] ?? "").trim()}` };
  };
  if (outline.damage !== undefined) return [at(outline.damage, "outside of bodies")];
  return outline.functions.filter((fn) => fn.isDamaged).map((fn) => at(fn.span.start, `in \`${fn.path}\``));
}

async function main(directories: readonly string[]): Promise<void> {
  const sources = await SourceCache.create(bundles);
  const place = process.env["INIT_CWD"] ?? ".";
  let count = 0;
  let damaged = 0;
  for (const directory of directories.map((item) => path.resolve(place, item))) {
    for (const file of walk(directory, { nestedPackages: true }).filter((item) => item.endsWith(".rs"))) {
      count++;
      const problems = problemsOf(sources, file);
      if (problems.length === 0 || !isRust(file)) continue;
      damaged++;
      for (const { line, text } of problems)
        process.stdout.write(`${file}${line === undefined ? "" : `:${line}`} ${text}\n`);
    }
  }
  sources.dispose();
  process.stdout.write(`${count} files, ${damaged} that rustc reads and this does not read as a whole\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
});
