/** Which sections with bounds the objects in a static library add to. Source: System V ABI, chapter 4. */
import * as fs from "node:fs";
import { type Member, readArchive } from "./archive.js";

const HEADER_SIZE = 64;
const SECTION_SIZE = 64;
const SHF_ALLOC = 2;
/** An object with more sections has them elsewhere, which no object of rustc's does; far more names than that are no object. */
const MAX_SECTIONS = 0xff00;
const MAX_NAMES = 1 << 28;

/** By file, with its size and time. */
const known = new Map<string, { readonly stamp: string; readonly names: ReadonlySet<string> }>();

/** The sections of those members that `counts`: of names for which a linker defines `__start_NAME` and `__stop_NAME`. */
export function sectionsOf(file: string, counts: (member: string) => boolean): ReadonlySet<string> {
  const { size, mtimeMs, ino } = fs.statSync(file);
  const stamp = `${size} ${mtimeMs} ${ino}`;
  const before = known.get(file);
  if (before?.stamp === stamp) return before.names;
  const names = new Set<string>();
  const descriptor = fs.openSync(file, "r");
  try {
    for (const member of readArchive(file)?.members ?? []) {
      if (counts(member.name)) for (const name of sectionNames(descriptor, member)) names.add(name);
    }
  } finally {
    fs.closeSync(descriptor);
  }
  known.set(file, { stamp, names });
  return names;
}

function* sectionNames(descriptor: number, { offset, size }: Member): Generator<string> {
  const read = (at: number, length: number): Buffer | undefined => {
    if (at < 0 || length < 0 || at + length > size) return undefined;
    const buffer = Buffer.alloc(length);
    return fs.readSync(descriptor, buffer, 0, length, offset + at) === length ? buffer : undefined;
  };
  const header = read(0, HEADER_SIZE);
  if (header?.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1) return;
  const count = header.readUInt16LE(0x3c);
  if (header.readUInt16LE(0x3a) !== SECTION_SIZE || count > MAX_SECTIONS) return;
  const table = read(Number(header.readBigUInt64LE(0x28)), count * SECTION_SIZE);
  const namesAt = header.readUInt16LE(0x3e) * SECTION_SIZE;
  if (table === undefined || namesAt + SECTION_SIZE > table.length) return;
  const length = Number(table.readBigUInt64LE(namesAt + 0x20));
  const names = length > MAX_NAMES ? undefined : read(Number(table.readBigUInt64LE(namesAt + 0x18)), length);
  if (names === undefined) return;
  for (let at = 0; at < table.length; at += SECTION_SIZE) {
    const start = table.readUInt32LE(at);
    const end = names.indexOf(0, start);
    const name = end < 0 ? "" : names.toString("latin1", start, end);
    if ((table.readUInt32LE(at + 8) & SHF_ALLOC) !== 0 && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) yield name;
  }
}
