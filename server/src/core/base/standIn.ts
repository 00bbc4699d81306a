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

/** The assembly's text. Throws `Unsupported`. */
export function standInSource({ defines, needs }: ProgramInterface, entries: readonly CrateEntry[]): string {
  const names = Object.entries(defines);
  const named = (kind: string): string[] => names.filter((entry) => entry[1] === kind).map(([name]) => name);
  return [
    // None of this is ever reached.
    '\t.section .text.cranefly,"ax",@progbits',
    ...named("function").flatMap((name) => standIn(name, "function", "ud2")),
    "\t.data",
    ...definition(ANCHORS[0], "object", ".byte 1"),
    ...named("variable").flatMap((name) => standIn(name, "object", ".byte 1")),
    // Without an effect, but what they name is needed.
    ...needs.map((name) => `\t.reloc 0, R_X86_64_NONE, ${quoted(name)}`),
    '\t.section .tbss,"awT",@nobits',
    ...definition(ANCHORS[1], "object", ".zero 1"),
    ...named("threadLocal").flatMap((name) => standIn(name, "object", ".zero 1")),
    crateSource(0, entries),
  ].join("\n");
}

function standIn(name: string, type: string, content: string): string[] {
  const second = quoted(PRIVATE + name);
  return [...definition(name, type, content), `\t.globl ${second}`, `\t.set ${second}, ${quoted(name)}`];
}

function definition(name: string, type: string, content: string): string[] {
  const symbol = quoted(name);
  return [
    `\t.globl ${symbol}`,
    `\t.type ${symbol}, @${type}`,
    `${symbol}:`,
    `\t${content}`,
    `\t.size ${symbol}, .-${symbol}`,
  ];
}

/** A dynamic list with all that the program defines. */
export function dynamicList({ defines }: ProgramInterface): string {
  const names = Object.keys(defines).flatMap((name) => [name, PRIVATE + name]);
  return ["{", ...[...ANCHORS, ...names].map((name) => `  ${quoted(name)};`), "};", ""].join("\n");
}

/** Assemblers and linkers read some signs as more than a part of a name. */
function quoted(name: string): string {
  if (!/^[\w.$]+$/.test(name)) throw new Unsupported(`the symbol \`${name}\` has a name that linkers do not take`);
  return `"${name}"`;
}
