/**
 * Where the macros come from that a file calls, as far as its crate's texts tell: that they are those of the standard library, or of
 * well-known crates for logs and errors, and not others of the same names. All of these expand to expressions and statements, from which
 * no items come that hold outside of them. What is unknown is another's.
 */
import { isItsOwn, wordsIn } from "./importedMacros.js";
import { LexError } from "./lexer.js";

const STD = [
  ..."vec println eprintln print eprint format format_args write writeln panic assert assert_eq assert_ne".split(" "),
  ..."debug_assert debug_assert_eq debug_assert_ne matches todo unimplemented unreachable dbg concat stringify".split(
    " ",
  ),
  ..."line column file module_path env option_env include_str include_bytes cfg".split(" "),
];
/** Macros of std that need an import or a path. */
const STD_BY_PATH = ["addr_of", "addr_of_mut", "offset_of", "ready", "pin"];
const LEVELS = ["trace", "debug", "info", "warn", "error"];

/** The macros, by crate. */
const KNOWN: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ...["std", "core", "alloc"].map((name) => [name, new Set([...STD, ...STD_BY_PATH])] as const),
  ["log", new Set([...LEVELS, "log"])],
  ["tracing", new Set(LEVELS)],
  ["anyhow", new Set(["anyhow", "bail", "ensure"])],
  ["eyre", new Set(["eyre", "bail", "ensure"])],
]);
const IN_PRELUDE = new Set(STD);
const STANDARD = new Set(["std", "core", "alloc"]);

/** The macro's path without what it begins with, if it may be one of them by its name. */
export function mayBeKnown(path: string): boolean {
  const { crate, name } = parsed(path);
  return crate === undefined ? [...KNOWN.values()].some((names) => names.has(name)) : hasMacro(crate, name);
}

function parsed(path: string): { readonly crate: string | undefined; readonly name: string } {
  const segments = path.replaceAll(/\s/g, "").replace(/^::/, "").split("::");
  const name = segments.at(-1) ?? "";
  return { crate: segments.length === 1 ? undefined : segments[0], name };
}

function hasMacro(crate: string, name: string): boolean {
  return KNOWN.get(crate)?.has(name) === true;
}

/** What a text says of the names of macros. */
interface Names {
  readonly imports: readonly { readonly item: readonly string[]; readonly isOutermost: boolean }[];
  /** Crates all of whose macros are imported at once. */
  readonly macroUse: readonly string[];
  /** Names of macros that it defines; `$` for one that a macro names. */
  readonly defined: ReadonlySet<string>;
  /** Names of modules, and those that imports give to something. */
  readonly others: ReadonlySet<string>;
  readonly hasModules: boolean;
}

/** The texts of a crate. */
export class MacroOrigins {
  private readonly all: readonly Names[] | undefined;

  /** `texts`: of all files that the crate reads; `foreign`: names of the crates that it uses and that are none of the workspace's. */
  constructor(
    texts: Iterable<{ readonly text: string; readonly isSource: boolean }>,
    private readonly foreign: ReadonlySet<string>,
  ) {
    const all: Names[] = [];
    let isWhole = true;
    for (const { text, isSource } of texts) {
      const names = namesOf(text);
      if (names !== undefined) all.push(names);
      // (What is no Rust is no code of the crate's, either.)
      else if (isSource) isWhole = false;
    }
    this.all = isWhole ? all : undefined;
  }

  /** Whether a macro that a file calls by a path is certainly one of the known ones. */
  isKnown(text: string, path: string): boolean {
    const own = namesOf(text);
    if (this.all === undefined || own === undefined) return false;
    const { crate, name } = parsed(path);
    if (crate !== undefined) return hasMacro(crate, name) && this.isCrate(crate);
    if (this.isElsewhere(({ defined }) => defined.has(name) || defined.has("$"))) return false;
    const macroUse = this.all.flatMap((names) => names.macroUse);
    if (!macroUse.every((used) => KNOWN.has(used) && this.isCrate(used))) return false;
    const named = own.imports.filter(({ item }) => item.includes(name));
    const isFrom = (item: readonly string[]): boolean =>
      [...KNOWN].some(([from, names]) => names.has(name) && isItsOwn(item, from, name) && this.isCrate(from));
    if (!named.every(({ item }) => isFrom(item))) return false;
    // A name that a glob import brings besides is ambiguous to rustc (E0659).
    if (IN_PRELUDE.has(name) || macroUse.some((used) => hasMacro(used, name))) return true;
    if (!named.some(({ isOutermost }) => isOutermost)) return false;
    // Modules in the file have none of its imports, but may have others.
    const isGlob = ({ item }: { item: readonly string[] }): boolean =>
      item.includes("*") && item.join("") !== "super::*";
    return !own.hasModules || !own.imports.some(isGlob);
  }

  /** Whether a name is that of the crate, and of nothing else. */
  private isCrate(name: string): boolean {
    if (!STANDARD.has(name) && !this.foreign.has(name)) return false;
    return !this.isElsewhere(
      ({ others, imports }) =>
        others.has(name) || imports.some(({ item }) => isBound(item, name) && !isItsOwn(item, name, name)),
    );
  }

  private isElsewhere(has: (names: Names) => boolean): boolean {
    return this.all?.some(has) !== false;
  }
}

function namesOf(text: string): Names | undefined {
  try {
    return read(wordsIn(text));
  } catch (error) {
    if (error instanceof LexError) return undefined;
    throw error;
  }
}

const DEPTH: Readonly<Record<string, number>> = { "(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1 };

function read(words: readonly string[]): Names {
  const imports: { readonly item: readonly string[]; readonly isOutermost: boolean }[] = [];
  const macroUse: string[] = [];
  const defined = new Set<string>();
  const others = new Set<string>();
  let [depth, hasModules, isMacroUse] = [0, false, false];
  for (let at = 0; at < words.length; at++) {
    const [word = "", next = "", third = ""] = words.slice(at, at + 3);
    depth += DEPTH[word] ?? 0;
    if (word === "macro_use") isMacroUse = true;
    else if (word === "macro_rules" && next === "!") defined.add(third);
    else if (word === "macro") defined.add(next);
    else if (word === "as") others.add(next);
    else if (word === "mod") {
      others.add(next);
      hasModules ||= third === "{";
      isMacroUse = false;
    } else if (word === "extern" && next === "crate") {
      if (isMacroUse) macroUse.push(third);
      isMacroUse = false;
    } else if (word === "use" && next !== "<") {
      const end = words.indexOf(";", at);
      const item = words.slice(at + 1, end < 0 ? words.length : end);
      imports.push({ item, isOutermost: depth === 0 });
    }
  }
  return { imports, macroUse, defined, others, hasModules };
}

/** Whether an import gives this name to something, other than the crate itself to the crate's name. */
function isBound(item: readonly string[], name: string): boolean {
  const hasSelf = item.includes("self", 1);
  return item.some((word, i) => i > 0 && word === name && (hasSelf || item[i + 1] !== ":"));
}
