/** The little of ELF64 (little endian) that the base image needs. Source: System V ABI, chapters 4 and 5. */

const SHT_DYNSYM = 11;
const SYMBOL_SIZE = 24;
const STB_GLOBAL = 1;
const STB_WEAK = 2;

/**
 * Makes every undefined dynamic symbol of a shared object weak, in place, and returns their names.
 *
 * Whole archives contain functions that nobody calls and that call what nobody defines; a native link drops them. As a
 * strong reference each would keep the object from being loaded; a weak one is null unless some image defines it.
 * Symbols that exist are found the same way whether weak or not.
 */
export function weakenUndefined(file: Buffer): string[] {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) {
    throw new Error("not a 64-bit little-endian ELF file");
  }
  const sectionOffset = Number(file.readBigUInt64LE(0x28));
  const sectionSize = file.readUInt16LE(0x3a);
  const sectionCount = file.readUInt16LE(0x3c);
  const section = (index: number): { type: number; offset: number; size: number; link: number } => {
    const at = sectionOffset + index * sectionSize;
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 0x18)),
      size: Number(file.readBigUInt64LE(at + 0x20)),
      link: file.readUInt32LE(at + 0x28),
    };
  };
  const names: string[] = [];
  for (let index = 0; index < sectionCount; index++) {
    const table = section(index);
    if (table.type !== SHT_DYNSYM) continue;
    const strings = section(table.link);
    // The first entry is the null symbol.
    for (let at = table.offset + SYMBOL_SIZE; at < table.offset + table.size; at += SYMBOL_SIZE) {
      const info = file.readUInt8(at + 4);
      const sectionIndex = file.readUInt16LE(at + 6);
      if (sectionIndex !== 0 || info >> 4 !== STB_GLOBAL) continue;
      file.writeUInt8((STB_WEAK << 4) | (info & 0xf), at + 4);
      const start = strings.offset + file.readUInt32LE(at);
      names.push(file.toString("utf8", start, file.indexOf(0, start)));
    }
  }
  return names;
}
