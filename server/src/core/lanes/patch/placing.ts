/** Where the pieces of a patch crate's file stand: at the original's lines and columns. */
import { refuse } from "../../edits/refusal.js";
import type { ModulePath } from "./privacy.js";

/** Something at a place of the original text. */
export interface Piece {
  readonly at: number;
  /** The module that it is part of. */
  readonly module: ModulePath;
  readonly text: string;
  /** It has to stand exactly there, and takes the place of the original's text up to this offset. */
  readonly end?: number;
}

/** Puts pieces at their places, on an otherwise empty text with the original's lines; tells where each begins. */
export function place(
  original: string,
  pieces: readonly Piece[],
): { readonly text: string; readonly starts: { readonly start: number; readonly module: ModulePath }[] } {
  const ordered = pieces.map((piece, order) => ({ ...piece, order })).sort((a, b) => a.at - b.at || a.order - b.order);
  let out = "";
  let at = 0;
  const starts: { start: number; module: ModulePath }[] = [];
  /** How many columns of the current line are in use. */
  let column = 0;
  for (const piece of ordered) {
    const newlines = original.slice(at, piece.at).split("\n").length - 1;
    if (newlines > 0) {
      out += "\n".repeat(newlines);
      column = 0;
    }
    const before = original.slice(original.lastIndexOf("\n", piece.at - 1) + 1, piece.at);
    if (piece.end !== undefined) {
      // In bytes and in characters, it must be the same column.
      if (Buffer.byteLength(before, "utf8") !== before.length) refuse("wideCharacters");
      if (column > before.length) refuse("sharedLine");
    }
    if (column < before.length) out += " ".repeat(before.length - column);
    starts.push({ start: out.length, module: piece.module });
    out += piece.text;
    at = Math.max(at, piece.end ?? piece.at);
    const last = piece.text.lastIndexOf("\n");
    column = last < 0 ? Math.max(column, before.length) + piece.text.length : piece.text.length - last - 1;
  }
  return { text: out, starts };
}
