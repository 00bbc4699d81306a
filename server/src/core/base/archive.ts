/**
 * Static libraries: what is in them, without reading more than their directories. Source: ar(5), GNU variant.
 *
 * rustc and every `ar` begin an archive with an index of the symbols that its members define; the linker takes members by
 * that index as well.
 */
import * as fs from "node:fs";

const MAGIC = "!<arch>\n";
const THIN_MAGIC = "!<thin>\n";
const HEADER_SIZE = 60;

/** The member of a Rust library that is no object of any code. */
export const METADATA = "lib.rmeta";

export interface Member {
  readonly name: string;
  /** Where its content is in the archive. */
  readonly offset: number;
  readonly size: number;
}

export interface Archive {
  readonly members: readonly Member[];
  /** What the index says that members define. */
  readonly symbols: readonly { readonly name: string; readonly member: Member }[];
}

/** Reads an archive's directory; undefined if the file is none. */
export function readArchive(file: string): Archive | undefined {
  const descriptor = fs.openSync(file, "r");
  try {
    const damaged = new Error(`${file}: damaged archive`);
    const { size: end } = fs.fstatSync(descriptor);
    // A size in the file is no reason to make room for more than there is.
    const read = (offset: number, size: number): Buffer => {
      if (offset + size > end) throw damaged;
      const buffer = Buffer.alloc(size);
      return buffer.subarray(0, fs.readSync(descriptor, buffer, 0, size, offset));
    };
    if (end < MAGIC.length) return undefined;
    const magic = read(0, MAGIC.length).toString("latin1");
    if (magic !== MAGIC && magic !== THIN_MAGIC) return undefined;
    const byHeader = new Map<number, Member>();
    let index: { readonly content: Buffer; readonly width: 4 | 8 } | undefined;
    let names: Buffer = Buffer.alloc(0);
    for (let at = MAGIC.length; at + HEADER_SIZE <= end;) {
      const header = read(at, HEADER_SIZE).toString("latin1");
      const label = header.slice(0, 16).trimEnd();
      const digits = header.slice(48, 58).trimEnd();
      const size = Number(digits);
      if (!header.endsWith("`\n") || !/^\d+$/.test(digits)) throw damaged;
      const offset = at + HEADER_SIZE;
      const isDirectory = label === "/" || label === "/SYM64/" || label === "//";
      if (label === "/") index = { content: read(offset, size), width: 4 };
      else if (label === "/SYM64/") index = { content: read(offset, size), width: 8 };
      else if (label === "//") names = read(offset, size);
      else byHeader.set(at, { name: memberName(label, names), offset, size });
      // A thin archive has its directories in it, and members elsewhere.
      const isElsewhere = magic === THIN_MAGIC && !isDirectory;
      if (!isElsewhere && offset + size > end) throw damaged;
      at = offset + (isElsewhere ? 0 : size + (size % 2));
    }
    const symbols = index === undefined ? [] : readIndex(index, byHeader);
    if (symbols === undefined) throw damaged;
    return { members: [...byHeader.values()], symbols };
  } finally {
    fs.closeSync(descriptor);
  }
}

/** An archive of members with short names, without an index: nothing in it is linked. */
export function archive(members: readonly { readonly name: string; readonly content: Buffer }[]): Buffer {
  return Buffer.concat([Buffer.from(MAGIC), ...members.flatMap(({ name, content }) => memberParts(name, content))]);
}

/** The content of a Rust library, with another crate's metadata in the place of its own. Everything else stays where it is. */
export function withMetadata(library: string, metadata: Buffer): Buffer {
  const content = fs.readFileSync(library);
  for (const { name, offset } of readArchive(library)?.members ?? []) {
    if (name === METADATA) content.write(padded("cranefly/", 16), offset - HEADER_SIZE, "latin1");
  }
  const padding = Buffer.alloc(content.length % 2, "\n");
  return Buffer.concat([content, padding, ...memberParts(METADATA, metadata)]);
}

function memberParts(name: string, content: Buffer): Buffer[] {
  const [date, owner, group, mode] = ["0", "0", "0", "644"];
  const header = [`${name}/`, date, owner, group, mode, String(content.length)];
  const widths = [16, 12, 6, 6, 8, 10];
  const text = `${header.map((field, index) => padded(field, widths[index] ?? 0)).join("")}\`\n`;
  return [Buffer.from(text, "latin1"), content, Buffer.alloc(content.length % 2, "\n")];
}

function padded(field: string, width: number): string {
  return field.padEnd(width);
}

/** Writes a member's content into a file. */
export function extractMember(archive: string, member: Member, file: string): void {
  const descriptor = fs.openSync(archive, "r");
  try {
    const content = Buffer.alloc(member.size);
    fs.readSync(descriptor, content, 0, member.size, member.offset);
    fs.writeFileSync(file, content);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Short names stand in the header, long ones in a member of their own. */
function memberName(label: string, names: Buffer): string {
  if (!/^\/\d+$/.test(label)) return label.replace(/\/$/, "");
  const start = Number(label.slice(1));
  const end = names.indexOf("\n", start);
  return names
    .toString("utf8", start, end < 0 ? names.length : end)
    .replace(/\0.*$/s, "")
    .replace(/\/$/, "");
}

/** A count, the places of the members' headers, all big endian, and as many names; undefined if it has no room for them. */
function readIndex(
  { content, width }: { readonly content: Buffer; readonly width: 4 | 8 },
  byHeader: ReadonlyMap<number, Member>,
): Archive["symbols"] | undefined {
  const number = (at: number): number => (width === 4 ? content.readUInt32BE(at) : Number(content.readBigUInt64BE(at)));
  const count = content.length < width ? 0 : number(0);
  const symbols: { name: string; member: Member }[] = [];
  let at = width * (count + 1);
  if (at > content.length) return undefined;
  for (let i = 0; i < count; i++) {
    const end = content.indexOf(0, at);
    if (end < 0) return undefined;
    const member = byHeader.get(number(width * (i + 1)));
    if (member !== undefined) symbols.push({ name: content.toString("utf8", at, end), member });
    at = end + 1;
  }
  return symbols;
}
