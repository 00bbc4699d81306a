/**
 * The object in a program's place when its base image is linked, as assembly.
 *
 * It defines what the program defines for C code, and needs what the program needs of it. So the linker selects members of
 * archives, and weak or strong definitions, as it would for the program itself.
 */
import type { ProgramInterface } from "../../../../shared/src/protocol.js";
import { Unsupported } from "../support/errors.js";

/** Two symbols by which the engine finds the loaded image: one of its data, one of its thread-locals. */
export const ANCHORS = ["__cranefly_base_anchor", "__cranefly_tls_anchor"] as const;

/**
 * Every name that the program defines stands in the object under a second one, with this in front. An executable exports only what
 * its shared libraries know; the image and the base image find the rest by the second name, which no library looks for.
 */
export const PRIVATE = "__cranefly.";

/** An entry for a crate of the program in an array of constructors or destructors, where the linker puts those of that priority. */
export interface CrateEntry {
  readonly array: "init" | "fini";
  readonly priority: number;
}

/** The priority of what has no number. */
const UNNUMBERED = 65536;

/** What every crate has: any of them may have entries after an edit. */
export function crateEntries({ initPriorities, finiPriorities }: ProgramInterface): CrateEntry[] {
  const entries = (array: CrateEntry["array"], priorities: readonly number[]): CrateEntry[] =>
    [...priorities, UNNUMBERED].map((priority) => ({ array, priority }));
  return [...entries("init", initPriorities), ...entries("fini", finiPriorities)];
}

/** The assembly of the object in the place of a crate. The engine looks for the symbol, and for what points behind it. */
export function crateSource(number: number, entries: readonly CrateEntry[]): string {
  const symbol = `__cranefly_place_${number}`;
  return [
    "\t.data",
    `\t.globl ${symbol}`,
    `\t.hidden ${symbol}`,
    `${symbol}:`,
    `\t.zero ${entries.length}`,
    ...entries.flatMap(({ array, priority }, index) => {
      const suffix = priority === UNNUMBERED ? "" : `.${String(priority).padStart(5, "0")}`;
      return [`\t.section .${array}_array${suffix},"aw",@${array}_array`, `\t.quad ${symbol} + ${index}`];
    }),
    '\t.section .note.GNU-stack,"",@progbits',
    "",
  ].join("\n");
}

/** The name that stands at the place of a weak definition, whatever becomes of that. */
export function markOfWeak(index: number): string {
  return `__cranefly_weak_${index}`;
}

/** The assembly's text. Throws `Unsupported`. */
export function standInSource({ defines, weak, needs }: ProgramInterface, entries: readonly CrateEntry[]): string {
  const names = Object.entries(defines);
  const named = (kind: string): string[] => names.filter((entry) => entry[1] === kind).map(([name]) => name);
  const weakly = (kind: string, type: string, content: string): string[] =>
    Object.entries(weak).flatMap(([name, ofKind], index) => {
      if (ofKind !== kind) return [];
      const mark = markOfWeak(index);
      return [`\t.globl ${mark}`, `\t.hidden ${mark}`, `${mark}:`, ...standIn(name, type, content, "weak")];
    });
  return [
    // None of this is ever reached.
    '\t.section .text.cranefly,"ax",@progbits',
    ...named("function").flatMap((name) => standIn(name, "function", "ud2")),
    ...weakly("function", "function", "ud2"),
    "\t.data",
    ...definition(ANCHORS[0], "object", ".byte 1"),
    ...named("variable").flatMap((name) => standIn(name, "object", ".byte 1")),
    ...weakly("variable", "object", ".byte 1"),
    '\t.section .tbss,"awT",@nobits',
    ...definition(ANCHORS[1], "object", ".zero 1"),
    ...named("threadLocal").flatMap((name) => standIn(name, "object", ".zero 1")),
    ...weakly("threadLocal", "object", ".zero 1"),
    // Without an effect, but what they name is needed. (GNU ld takes such relocations only for debuggers' sections.)
    '\t.section .debug_cranefly,"",@progbits',
    "\t.byte 0",
    ...needs.flatMap((name) => reference(name, (symbol) => `\t.reloc 0, R_X86_64_NONE, ${symbol}`)),
    crateSource(0, entries),
  ].join("\n");
}

function standIn(name: string, type: string, content: string, binding?: string): string[] {
  const second = quoted(PRIVATE + name);
  return [...definition(name, type, content, binding), `\t.globl ${second}`, `\t.set ${second}, ${quoted(name)}`];
}

function definition(name: string, type: string, content: string, binding = "globl"): string[] {
  const symbol = quoted(name);
  return [
    `\t.${binding} ${symbol}`,
    `\t.type ${symbol}, @${type}`,
    `${symbol}:`,
    `\t${content}`,
    `\t.size ${symbol}, .-${symbol}`,
  ];
}

/**
 * The assembly of an object that refers to `roots`, whatever a linker drops, and defines what Rust code of the base image expects of
 * others.
 */
export function rootsSource(roots: readonly string[], expected: readonly string[]): string {
  return [
    '\t.section .data.cranefly,"awR",@progbits',
    ...roots.flatMap((name) => reference(name, (symbol) => `\t.quad ${symbol}`)),
    "\t.text",
    ...expected.flatMap((name) => definition(name, "function", "ud2")),
    '\t.section .note.GNU-stack,"",@progbits',
    "",
  ].join("\n");
}

/** A dynamic list with all that the program defines. */
export function dynamicList({ defines, weak }: ProgramInterface): string {
  const names = [...Object.keys(defines), ...Object.keys(weak)].flatMap((name) => [name, PRIVATE + name]);
  return ["{", ...[...ANCHORS, ...names].map((name) => `  ${quoted(name)};`), "};", ""].join("\n");
}

/**
 * What refers to a symbol that others define. A library's symbol may be asked for by its version, as `libc` asks for
 * `cfgetispeed@GLIBC_2.2.5`; assemblers want a name of their own for it.
 */
function reference(name: string, refer: (symbol: string) => string): string[] {
  const [plain = "", version] = name.split("@");
  if (version === undefined || `${plain}@${version}` !== name) return [refer(quoted(name))];
  if (!/^[\w.$]+$/.test(version)) throw new Unsupported(`the symbol \`${name}\` has a name that linkers do not take`);
  const alias = `__cranefly_versioned.${plain}.${version}`;
  return [`\t.symver ${quoted(alias)}, ${plain}@${version}`, refer(quoted(alias))];
}

/** Assemblers and linkers read some signs as more than a part of a name. */
function quoted(name: string): string {
  if (!/^[\w.$]+$/.test(name)) throw new Unsupported(`the symbol \`${name}\` has a name that linkers do not take`);
  return `"${name}"`;
}
