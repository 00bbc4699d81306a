/**
 * Programs with the edits that are made to them: the package in `test/fixtures/edits`, whose sources end in lines such as
 *
 *     //~ LANE (REASON): `FROM` => `TO`
 *
 * LANE is what takes the edit: `patch`, `overlay` or `crate`; REASON is why nothing faster does. FROM must be there once. The file's
 * program (the library's is `library`) must print then what a native build of it prints. `LANE in tests` is an edit in the library's tests.
 */
import * as fs from "node:fs";
import * as path from "node:path";

export interface ProgramEdit {
  readonly lane: "patch" | "overlay" | "crate";
  readonly reason: string | undefined;
  readonly isInTests: boolean;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface EditedPrograms {
  /** By path in the package. */
  readonly files: Readonly<Record<string, string>>;
  /** By program. */
  readonly edits: ReadonlyMap<string, readonly ProgramEdit[]>;
}

const MARK = "//~ ";
const EDIT = /^(patch|overlay|crate)( in tests)?(?: \((.*?)\))?: `(.*)` => `(.*)`$/;

export function readPrograms(folder: string): EditedPrograms {
  const names = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = Object.fromEntries(
    names
      .filter((name) => /^(Cargo\.toml|src\/.*\.rs)$/.test(name))
      .map((name) => [name, fs.readFileSync(path.join(folder, name), "utf8")]),
  );
  const edits = Object.entries(files).map(([file, text]) => {
    const name = path.basename(file, ".rs");
    return [name === "lib" ? "library" : name, editsOf(file, text)] as const;
  });
  return { files, edits: new Map(edits.filter(([, own]) => own.length > 0)) };
}

function editsOf(file: string, text: string): ProgramEdit[] {
  const lines = text.split("\n");
  let source = lines.filter((line) => !line.startsWith(MARK)).join("\n");
  return lines.flatMap((line) => {
    if (!line.startsWith(MARK)) return [];
    const [, lane, isInTests, reason, from = "", to = ""] = EDIT.exec(line.slice(MARK.length)) ?? [];
    if (lane === undefined || source.split(from).length !== 2) throw new Error(`${file}: no edit: ${line}`);
    source = source.replace(from, () => to);
    return [{ lane: lane as ProgramEdit["lane"], reason, isInTests: isInTests !== undefined, file, from, to }];
  });
}
