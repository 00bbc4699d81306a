/** The little of ELF64 (little endian) that the base image needs. Source: System V ABI, chapters 4 and 5. */
import * as fs from "node:fs";
import * as path from "node:path";
import { SHT_DYNSYM, SHT_SYMTAB, STT_NOTYPE, SYMBOL_SIZE } from "./elfFormat.js";

const ET_DYN = 3;
const SHT_DYNAMIC = 6;
const DT_NEEDED = 1n;
const DT_SONAME = 14n;
/** `DT_INIT_ARRAYSZ` and `DT_FINI_ARRAYSZ`. */
const ARRAY_SIZES: ReadonlySet<bigint> = new Set([27n, 28n]);
const DYNAMIC_SIZE = 16;
const SECTION_HEADER_SIZE = 64;
/** The first field of a symbol: where its name begins in the table of strings. */
const NAME_SIZE = 4;
const STB_LOCAL = 0;
const STB_GLOBAL = 1;
const STB_WEAK = 2;
const STT_GNU_IFUNC = 10;
const STV_HIDDEN = 2;

/** What becomes of a base image's dynamic symbols. */
export interface DynamicSymbols {
  /** Names of stand-ins for what the program defines. */
  readonly program: ReadonlySet<string>;
  /** What stands in front of a stand-in's second name. */
  readonly privately: string;
  /** Whether others may find a definition of the image, or of the program, by its name. */
  readonly isExported: (name: string) => boolean;
}

/** What a link may have left amiss. */
export interface Remains {
  /** Stand-ins that nothing outside of the image can take the place of. */
  readonly bound: readonly string[];
  /** What is referred to strongly, and defined by others if at all. */
  readonly undefined: readonly string[];
}

/**
 * Makes a linked base image one part of a program, in place.
 *
 * - The program's stand-ins become undefined, so that the loader takes the program's own: under their second name unless an
 *   executable would export them.
 * - What an executable would not export becomes local, so that no library finds it: those that a program opens when it runs
 *   have their own.
 * - The loader does not run its constructors and destructors: the program's image has the whole arrays.
 * - What is undefined becomes weak, so that the image can be loaded without the program, for a test. Symbols that exist are
 *   found the same way.
 */
export function finishBase(file: Buffer, symbols: DynamicSymbols): Remains {
  const bound = new Set(symbols.program);
  const undefinedNames: string[] = [];
  // Section, address and size.
  const undefine = (at: number): Buffer => file.fill(0, at + 6, at + SYMBOL_SIZE);
  const isSecond = (name: string): boolean => name.startsWith(symbols.privately);
  // Debuggers read this table.
  for (const { at, name, binding } of symbolsIn(file, SHT_SYMTAB)) {
    if (binding !== STB_LOCAL && (symbols.program.has(name) || isSecond(name))) undefine(at);
  }
  const dynamic = [...symbolsIn(file, SHT_DYNSYM)];
  const seconds = new Map(dynamic.flatMap(({ at, name }) => (isSecond(name) ? [[name, at] as const] : [])));
  for (const { at, name, binding, type, isDefined } of dynamic) {
    const info = (value: number): number => file.writeUInt8((value << 4) | type, at + 4);
    if (symbols.program.has(name)) {
      if (isDefined && binding !== STB_LOCAL) bound.delete(name);
      undefine(at);
      const second = seconds.get(symbols.privately + name);
      if (second !== undefined && !symbols.isExported(name)) file.copy(file, at, second, second + NAME_SIZE);
    } else if (!isDefined) {
      if (binding !== STB_GLOBAL) continue;
      undefinedNames.push(name);
      info(STB_WEAK);
    } else if (type !== STT_GNU_IFUNC && (isSecond(name) || !symbols.isExported(name))) {
      info(STB_LOCAL);
      file.writeUInt8(STV_HIDDEN, at + 5);
    }
  }
  forgetArrays(file);
  return { bound: [...bound], undefined: undefinedNames };
}

/** Names that an image defines at other places than the given ones, which are names as well. */
export function definedElsewhere(file: Buffer, places: ReadonlyMap<string, string>): string[] {
  const wanted = new Set([...places].flat());
  const found = new Map<string, bigint>();
  for (const { at, name, isDefined } of symbolsIn(file, SHT_SYMTAB)) {
    if (isDefined && wanted.has(name)) found.set(name, file.readBigUInt64LE(at + 8));
  }
  return [...places].flatMap(([name, place]) => (found.get(name) === found.get(place) ? [] : [name]));
}

/** Those of the names that an image defines. */
export function definedIn(file: Buffer, names: readonly string[]): string[] {
  const wanted = new Set(names);
  const found = new Set<string>();
  for (const { name, isDefined } of symbolsIn(file, SHT_SYMTAB)) if (isDefined && wanted.has(name)) found.add(name);
  return [...found];
}

function forgetArrays(file: Buffer): void {
  for (const { type, offset, size } of sections(file)) {
    if (type !== SHT_DYNAMIC) continue;
    for (let at = offset; at + DYNAMIC_SIZE <= offset + size; at += DYNAMIC_SIZE) {
      if (ARRAY_SIZES.has(file.readBigInt64LE(at))) file.writeBigUInt64LE(0n, at + 8);
    }
  }
}

/**
 * Symbols that a linker makes up for an executable when something refers to them, and that so are in a base image as well, where
 * they mean something else. (GNU ld defines a few more that nothing refers to.)
 */
export function linkerSymbols(file: Buffer): string[] {
  const isMadeUp = ({ name, type, isDefined }: ElfSymbol): boolean =>
    isDefined && type === STT_NOTYPE && LINKER_SYMBOLS.has(name);
  return [...symbolsIn(file, SHT_SYMTAB)].filter(isMadeUp).map(({ name }) => name);
}

const LINKER_SYMBOLS = new Set([
  ..."__ehdr_start __executable_start etext _etext __etext edata end".split(" "),
  ..."__preinit_array_start __preinit_array_end __init_array_start __init_array_end".split(" "),
  ..."__fini_array_start __fini_array_end __rela_iplt_start __rela_iplt_end".split(" "),
]);

/** A shared library's names for others. */
export interface LibraryNames {
  /** What it defines. */
  readonly defined: ReadonlySet<string>;
  /** With what it expects others to define. */
  readonly all: ReadonlySet<string>;
}

/** The names of a shared library; undefined if the file is none. */
export function namesOfLibrary(file: string): LibraryNames | undefined {
  if (!isLibrary(file)) return undefined;
  const defined = new Set<string>();
  const all = new Set<string>();
  for (const { name, binding, isDefined } of symbolsIn(fs.readFileSync(file), SHT_DYNSYM)) {
    if (binding === STB_LOCAL) continue;
    all.add(name);
    if (isDefined) defined.add(name);
  }
  return { defined, all };
}

/** By the first bytes: most files that a linker reads are long archives. */
function isLibrary(file: string): boolean {
  const descriptor = fs.openSync(file, "r");
  try {
    const header = Buffer.alloc(64);
    fs.readSync(descriptor, header, 0, header.length, 0);
    return isElf(header) && header.readUInt16LE(16) === ET_DYN;
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The libraries that an object needs, by name (`DT_NEEDED`). */
export function neededLibraries(file: string): string[] {
  return dynamicNames(fs.readFileSync(file), DT_NEEDED);
}

/** The name by which others need a library (`DT_SONAME`, or its file's). */
export function nameOfLibrary(file: string): string {
  return dynamicNames(fs.readFileSync(file), DT_SONAME)[0] ?? path.basename(file);
}

function dynamicNames(file: Buffer, wanted: bigint): string[] {
  const names: string[] = [];
  for (const { type, offset, size, strings } of sections(file)) {
    if (type !== SHT_DYNAMIC) continue;
    for (let at = offset; at + DYNAMIC_SIZE <= offset + size; at += DYNAMIC_SIZE) {
      if (file.readBigInt64LE(at) !== wanted) continue;
      names.push(textAt(file, strings() + Number(file.readBigUInt64LE(at + 8))));
    }
  }
  return names;
}

interface ElfSymbol {
  /** Where its entry is. */
  readonly at: number;
  readonly name: string;
  readonly binding: number;
  readonly type: number;
  readonly isDefined: boolean;
}

function* symbolsIn(file: Buffer, kind: number): Generator<ElfSymbol> {
  for (const { type, offset, size, strings } of sections(file)) {
    if (type !== kind) continue;
    // The first entry is the null symbol.
    for (let at = offset + SYMBOL_SIZE; at + SYMBOL_SIZE <= offset + size; at += SYMBOL_SIZE) {
      const name = textAt(file, strings() + file.readUInt32LE(at));
      const info = file.readUInt8(at + 4);
      yield { at, name, binding: info >> 4, type: info & 0xf, isDefined: file.readUInt16LE(at + 6) !== 0 };
    }
  }
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  /** Where the strings are that it refers to. */
  readonly strings: () => number;
}

/** Types of sections that are read here. Others may be larger than the file, as zeros are. */
const READ: ReadonlySet<number> = new Set([SHT_SYMTAB, SHT_DYNSYM, SHT_DYNAMIC]);

function sections(file: Buffer): Section[] {
  if (!isElf(file)) throw new Error("not a 64-bit little-endian ELF file");
  const start = Number(file.readBigUInt64LE(0x28));
  const headerSize = file.readUInt16LE(0x3a);
  const count = file.readUInt16LE(0x3c);
  if (count > 0 && headerSize < SECTION_HEADER_SIZE)
    throw new Error("damaged ELF file: its section headers are too small");
  within(file, start, count * headerSize);
  const offsetOf = (index: number): number => {
    if (index >= count) throw new Error(`damaged ELF file: there is no section ${index}`);
    return Number(file.readBigUInt64LE(start + index * headerSize + 0x18));
  };
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * headerSize;
    const type = file.readUInt32LE(at + 4);
    const [offset, size] = [offsetOf(index), Number(file.readBigUInt64LE(at + 0x20))];
    if (READ.has(type)) within(file, offset, size);
    return { type, offset, size, strings: () => offsetOf(file.readUInt32LE(at + 0x28)) };
  });
}

function within(file: Buffer, start: number, size: number): void {
  if (start + size > file.length) throw new Error("damaged ELF file: it ends before what it says that it holds");
}

function textAt(file: Buffer, start: number): string {
  const end = start < file.length ? file.indexOf(0, start) : -1;
  if (end < 0) throw new Error("damaged ELF file: a name has no end");
  return file.toString("utf8", start, end);
}

function isElf(file: Buffer): boolean {
  return file.length >= 64 && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;
}
