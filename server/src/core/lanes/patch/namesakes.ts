/**
 * Whether a path in debug info may be that of several types. Debug info has a crate's name and no more of it, which a package's program and
 * library often share; and to it a type in a function's body lies in a module of the function's name.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { CompiledText } from "../../edits/baseline.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { readText } from "../../support/files.js";
import { parseDepInfo } from "../../units/depInfo.js";
import type { LoadedPrograms } from "../../units/program.js";
import type { UnitRecord } from "../../units/record.js";

/** What the programs are made of. */
export interface ProgramUnits {
  /** All units, of whatever programs. */
  readonly units: () => readonly UnitRecord[];
  /** A source as the crate lane compiled it. */
  readonly textOf: (file: string) => CompiledText | undefined;
}

/** Whether a program may have several types of a path. `record`: of the crate that would name the type. */
export function isAmbiguous(
  declared: readonly string[],
  record: UnitRecord,
  cache: SourceCache,
  { units, textOf }: ProgramUnits,
): boolean {
  const [crate = "", ...rest] = declared;
  const textsOf = ({ inputs }: UnitRecord): readonly (CompiledText | undefined)[] =>
    inputs.filter((input) => input.path.endsWith(".rs")).map((input) => textOf(input.path));
  const all = units();
  const key = record.crate === crate ? record.invocation.key : record.externs.find(({ name }) => name === crate)?.unit;
  const own = all.find(({ invocation }) => invocation.key === key);
  const texts = own === undefined ? [] : textsOf(own);
  const others = all.filter((unit) => unit.crate === crate && unit !== own);
  if (own !== undefined && isAnotherLibrary(crate, record, all)) return true;
  if (others.length > 0) {
    const isDeclared = declarationOf("struct|enum|union|trait", rest.at(-1) ?? "");
    // What a macro has declared may be declared anywhere.
    if (!texts.some((it) => it !== undefined && isDeclared.test(it.text))) return true;
    if (others.flatMap(textsOf).some((it) => it === undefined || isDeclared.test(it.text))) return true;
  }
  return rest.slice(0, -1).some((module) => texts.some((text) => mayHoldTypes(module, text, cache)));
}

/**
 * The names of types that a crate alone declares, of all crates of a program that have its name; undefined where it is the only one.
 * `own`: the types that its modules declare.
 */
export function distinctTypes(
  record: UnitRecord,
  own: () => ReadonlySet<string>,
  { programs, units, records }: LoadedPrograms,
  textOf: ProgramUnits["textOf"],
): readonly string[] | undefined {
  // A library's twin has the library's symbols: nobody asks.
  if (record.metadata !== null) return [];
  const { key } = record.invocation;
  const all = records.some(units);
  if (isAnotherLibrary(record.crate, record, all)) return [];
  const beside = new Set(programs.flatMap(({ closure }) => (closure.includes(key) ? closure : [])));
  const others = all.filter(({ crate, invocation }) => {
    return crate === record.crate && invocation.key !== key && beside.has(invocation.key);
  });
  if (others.length === 0) return undefined;
  const words = new Set<string>();
  for (const { path: file } of others.flatMap(({ inputs }) => inputs)) {
    const text = file.endsWith(".rs") ? textOf(file)?.text : readText(file);
    if (text === undefined) return [];
    for (const [word] of text.matchAll(/[\p{XID_Start}_]\p{XID_Continue}*/gu)) words.add(word);
  }
  return [...own()].filter((name) => !words.has(name));
}

function declarationOf(keywords: string, name: string): RegExp {
  return new RegExp(`\\b(?:${keywords})\\s+(?:r#)?${name}(?![\\p{XID_Continue}])`, "u");
}

/** Whether the text may have a function, constant or static of a module's name with a type in it. */
function mayHoldTypes(module: string, text: CompiledText | undefined, cache: SourceCache): boolean {
  if (text === undefined || declarationOf("const|static|mut", module).test(text.text)) return true;
  if (!declarationOf("fn", module).test(text.text)) return false;
  const { outline } = cache.get(text.file, text.text);
  if (typeof outline === "string") return true;
  const functions = outline.functions.filter(({ name }) => name === module);
  return functions.length === 0 || functions.some(({ hasItems }) => hasItems);
}

/** Whether a library of the name of one of the workspace's crates lies beside those that it uses, and is none of the workspace's. */
function isAnotherLibrary(
  crate: string,
  { externs, metadata, invocation }: UnitRecord,
  units: readonly UnitRecord[],
): boolean {
  const { cwd } = invocation;
  const used = [...externs.map((it) => it.path), metadata?.path ?? ""].filter((file) => file !== "");
  const folders = new Set(used.map((file) => path.dirname(path.resolve(cwd, file))));
  const sources = new Set(units.flatMap(({ inputs }) => inputs.map((input) => input.path)));
  return [...folders].some((folder) => {
    const files = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
    return files.some((file) => {
      if (!file.startsWith(`lib${crate}-`)) return false;
      const depInfo = path.join(folder, file.replace(/^lib(.*)\.\w+$/, "$1.d"));
      if (!fs.existsSync(depInfo)) return !units.some(({ invocation: { key } }) => path.parse(depInfo).name === key);
      const [source] = parseDepInfo(fs.readFileSync(depInfo, "utf8")).files;
      return source === undefined || !sources.has(path.resolve(cwd, source));
    });
  });
}
