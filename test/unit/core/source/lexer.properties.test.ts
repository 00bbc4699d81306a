/** Whatever a text is: tokens in their order and in it, or a `LexError`; and the same again for a piece of it. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { LexError, type Token, tokensOf } from "../../../../server/src/core/source/lexer.js";

// The same texts each time: what fails has failed because of the sources.
fc.configureGlobal({ seed: 1 });

const PIECES = [
  ...["fn ", "r#", '"', "'", "'a", "b'", 'c"', 'br##"', '"##', "#", "/*", "*/", "//", "///", "/*!", "\n", "\r\n", "\\"],
  ...[
    "0x",
    "1.5e",
    "+",
    "1..2",
    "{",
    "}",
    "é",
    "🦀",
    "\u2028",
    "\ufeff",
    "\u{10ffff}",
    "\ud800",
    "---",
    "#!",
    "_",
    "x",
  ],
];
const text = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 3 })), { maxLength: 24 })
  .map((it) => it.join(""));

function lexed(of: string, start?: number): Token[] | undefined {
  try {
    return [...tokensOf(of, start)];
  } catch (error) {
    expect(error).toBeInstanceOf(LexError);
    return undefined;
  }
}

it("gives tokens that follow each other, or says why not", () => {
  fc.assert(
    fc.property(text, (of) => {
      const tokens = lexed(of);
      let at = 0;
      for (const { start, end } of tokens ?? []) {
        expect(start).toBeGreaterThanOrEqual(at);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(of.length);
        at = end;
      }
    }),
    { numRuns: 2000 },
  );
});

it("reads the rest of a text as it read it within the whole", () => {
  fc.assert(
    fc.property(text, fc.nat(), (of, which) => {
      const tokens = lexed(of);
      if (tokens === undefined || tokens.length === 0) return;
      const from = which % tokens.length;
      expect(lexed(of, tokens[from]?.start)).toEqual(tokens.slice(from));
    }),
    { numRuns: 2000 },
  );
});
