/**
 * Programs with the edits that are made to them: each is one file in `test/edits`.
 *
 * It is the program's Rust source, which may end in a module of the package's library, and then its edits, one after the other:
 *
 *     //~ library
 *     //~ LANE (REASON): `FROM` => `TO`
 *
 * LANE is what takes the edit: `patch`, `overlay` or `crate`; REASON is why it is none that is faster. FROM must be there once.
 */
import * as fs from "node:fs";
import * as path from "node:path";

export interface EditedProgram {
  readonly name: string;
  /** By path in the package. */
  readonly files: Readonly<Record<string, string>>;
  readonly edits: readonly ProgramEdit[];
}

export interface ProgramEdit {
  readonly lane: "patch" | "overlay" | "crate";
  readonly reason: string | undefined;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const EDIT = /^\/\/~ (patch|overlay|crate)(?: \((.*?)\))?: `(.*)` => `(.*)`$/;

export function readPrograms(folder: string): EditedProgram[] {
  const names = fs.readdirSync(folder).filter((file) => file.endsWith(".rs"));
  return names
    .sort()
    .map((file) => program(path.basename(file, ".rs"), fs.readFileSync(path.join(folder, file), "utf8")));
}

function program(name: string, text: string): EditedProgram {
  const lines = text.split("\n");
  const source = lines.filter((line) => !EDIT.test(line)).join("\n");
  const [main = "", library] = source.split("//~ library\n");
  const files = {
    [`src/bin/${name}.rs`]: main,
    ...(library === undefined ? {} : { [`src/${name}.rs`]: library }),
  };
  if (Object.values(files).some((part) => part.includes("//~"))) throw new Error(`a line of ${name} that is no edit`);
  const now = new Map(Object.entries(files));
  const edits = lines.flatMap((line) => {
    const [, lane, reason, from = "", to = ""] = EDIT.exec(line) ?? [];
    if (lane === undefined) return [];
    const [file, ...others] = [...now.keys()].filter((key) => now.get(key)?.includes(from));
    if (file === undefined || others.length > 0 || now.get(file)?.split(from).length !== 2) {
      throw new Error(`${from} is not once in ${name}`);
    }
    now.set(file, now.get(file)?.replace(from, () => to) ?? "");
    return [{ lane: lane as ProgramEdit["lane"], reason, file, from, to }];
  });
  return { name, files, edits };
}
