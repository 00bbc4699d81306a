/**
 * What a linker's `--strip-all` leaves of a base image. Its symbols have to stay for the engine, which links against all of them, so
 * they are in a file beside it; whoever looks into the loaded image for the names of functions, such as a backtrace, finds none.
 */
import * as fs from "node:fs";
import { SHT_DYNSYM, SHT_SYMTAB, STT_FUNC, STT_NOTYPE, STT_OBJECT, SYMBOL_SIZE } from "./elfFormat.js";

/** A type that no tool knows. */
const SHT_HIDDEN = 0x8000_0000;

/** Takes the names from a base image, in place. A copy with them is left beside the image that will be at `output`. */
export function hideNames(image: Buffer, output: string): void {
  fs.writeFileSync(output.replace(/\.so$/, ".symbols"), image);
  const sections = Number(image.readBigUInt64LE(0x28));
  const size = image.readUInt16LE(0x3a);
  for (let index = 0; index < image.readUInt16LE(0x3c); index++) {
    const at = sections + index * size;
    const type = image.readUInt32LE(at + 4);
    if (type === SHT_SYMTAB) image.writeUInt32LE(SHT_HIDDEN, at + 4);
    // What an executable has in this table is what libraries look for: only the base image has functions that nobody does.
    if (type === SHT_DYNSYM) {
      const start = Number(image.readBigUInt64LE(at + 0x18));
      forgetTypes(image.subarray(start, start + Number(image.readBigUInt64LE(at + 0x20))));
    }
  }
}

/** The loader finds symbols without a type as well. */
function forgetTypes(symbols: Buffer): void {
  for (let at = 0; at < symbols.length; at += SYMBOL_SIZE) {
    const info = symbols.readUInt8(at + 4);
    const type = info & 0xf;
    if (type === STT_OBJECT || type === STT_FUNC) symbols.writeUInt8((info & 0xf0) | STT_NOTYPE, at + 4);
  }
}
