/** The build id of an executable: the engine gives another one to every program that is not the same. */
import * as fs from "node:fs";

/** From elf(5), for 64 bits. */
const HEADER_SIZE = 64;
const PT_NOTE = 4;
const NT_GNU_BUILD_ID = 3;
/** Of a note, before its name: three numbers of four bytes. */
const NOTE_HEADER_SIZE = 12;
/** An executable's notes are a few dozen bytes. */
const MOST_BYTES = 64 * 1024;

/** Hexadecimal; undefined for what is no ELF file of this machine's, or has none. */
export function buildIdOf(file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, "r");
  } catch {
    return undefined;
  }
  try {
    return readBuildId((position, length) => readAt(descriptor, position, length));
  } finally {
    fs.closeSync(descriptor);
  }
}

function readBuildId(read: (position: number, length: number) => Buffer | undefined): string | undefined {
  const header = read(0, HEADER_SIZE);
  // Class 2: 64 bits; data 1: little endian.
  if (header?.toString("latin1", 0, 6) !== "\x7fELF\x02\x01") return undefined;
  const size = header.readUInt16LE(54);
  const table = read(Number(header.readBigUInt64LE(32)), size * header.readUInt16LE(56));
  if (table === undefined || size < 56) return undefined;
  for (let at = 0; at < table.length; at += size) {
    if (table.readUInt32LE(at) !== PT_NOTE) continue;
    const notes = read(Number(table.readBigUInt64LE(at + 8)), Number(table.readBigUInt64LE(at + 32)));
    const found = notes === undefined ? undefined : buildIdAmong(notes);
    if (found !== undefined) return found;
  }
  return undefined;
}

function buildIdAmong(notes: Buffer): string | undefined {
  const aligned = (length: number): number => Math.ceil(length / 4) * 4;
  for (let at = 0; at + NOTE_HEADER_SIZE <= notes.length;) {
    const [nameSize, size, type] = [0, 4, 8].map((offset) => notes.readUInt32LE(at + offset));
    if (nameSize === undefined || size === undefined) return undefined;
    const name = at + NOTE_HEADER_SIZE;
    const content = name + aligned(nameSize);
    if (type === NT_GNU_BUILD_ID && notes.toString("latin1", name, name + nameSize) === "GNU\0") {
      return notes.toString("hex", content, content + size);
    }
    at = content + aligned(size);
  }
  return undefined;
}

function readAt(descriptor: number, position: number, length: number): Buffer | undefined {
  if (length > MOST_BYTES) return undefined;
  const buffer = Buffer.alloc(length);
  return fs.readSync(descriptor, buffer, 0, length, position) === length ? buffer : undefined;
}
