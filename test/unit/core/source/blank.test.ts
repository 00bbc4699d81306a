import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { blank } from "../../../../server/src/core/source/blank.js";
import { tokensOf } from "../../../../server/src/core/source/lexer.js";
import type { BodyRef, Outline } from "../../../../server/src/core/source/functions.js";
import type { SourceCache } from "../../../../server/src/core/source/sourceCache.js";
import { walk } from "../../../../server/src/core/support/stamps.js";
import { ROOT, openSources } from "../../../support/repository.js";

let cache: SourceCache;
beforeAll(async () => {
  cache = await openSources();
});

function outline(text: string): Outline {
  const found = cache.get("file.rs", text).outline;
  if (typeof found === "string") throw new Error(found);
  return found;
}

function blanked(text: string, keep: (fn: BodyRef) => boolean = () => false): string {
  return blank(text, outline(text), keep).text;
}

/** Where every token of a text lies: byte, line and column in characters. */
function positions(text: string): Set<string> {
  const found = new Set<string>();
  let [line, lineStart, bytes, at] = [1, 0, 0, 0];
  for (const token of tokensOf(text)) {
    for (
      let newline = text.indexOf("\n", at);
      newline >= 0 && newline < token.start;
      newline = text.indexOf("\n", newline + 1)
    ) {
      line++;
      lineStart = newline + 1;
    }
    bytes += Buffer.byteLength(text.slice(at, token.start));
    at = token.start;
    const column = Array.from(text.slice(lineStart, token.start)).length;
    found.add(`${bytes}:${line}:${column} ${text.slice(token.start, token.end)}`);
  }
  return found;
}

describe("blank", () => {
  it("keeps braces, lines and widths", () => {
    expect(blanked("fn a() { b(1234567) } fn c() {}")).toBe("fn a() {loop{}      } fn c() {}");
    expect(blanked("fn a() {\n  b();\r\n    c(d);\r\n}\n")).toBe("fn a() {\nloop{}\r\n         \r\n}\n");
    // Two bytes for é, four for the crab.
    expect(blanked('fn a() {\n  "é🦀xx"\n}')).toBe("fn a() {\nloop{}      \n}");
  });

  it("keeps what must stay", () => {
    const kept = [
      "const fn a() -> u8 { 1 + 1 + 1 }",
      "async fn a() -> u8 { 1 + 1 + 1 }",
      "fn a() -> impl Fn() { || do_something() }",
      "fn a() { struct X; do_something() }",
      "fn a() { fn inner() {} inner() }",
      "fn a() { thread_local!(static X: u8 = 1); }",
      "fn a() { cfg_if! { if #[cfg(x)] { b() } } }",
      "#[instrument] fn a() { do_something() }",
      "#[async_trait] impl A for B { fn a() { do_something() } }",
      '#[unsafe(naked)] extern "C" fn a() { naked_asm!("ret") }',
      "macro_rules! m { () => { fn a() { do_something() } } }",
      "m! { fn a() { do_something() } }",
      'fn a() -> &\'static str { "éééééé" } fn b() {}',
      "fn a() { #![allow(unused)] do_something() }",
      "fn a() { ok }",
    ];
    for (const text of kept) expect(blanked(text), text).toBe(text);
    const text = "fn a() { do_something() }\nfn b() { do_something() }";
    expect(blanked(text, (fn) => fn.name === "b")).toBe("fn a() {loop{}          }\nfn b() { do_something() }");
  });

  it("blanks what is safe to blank", () => {
    const gone = [
      "fn a(f: fn(u8) -> u8) { do_something(f as fn(u8) -> u8) }",
      "fn a(p: *const u8) { do_something(p as *const u8); const { 1 } }",
      "fn a() { use x::y; do_something(y) }",
      "impl<T> A<T> { fn a(&self, f: impl Fn()) -> ! { do_something() } }",
      '#[test] #[should_panic(expected = "x")] fn a() { do_something() }',
      "trait A { fn a(&self) { do_something() } }",
    ];
    for (const text of gone) {
      expect(blanked(text), text).toContain("{loop{}");
      expect(blanked(text), text).not.toContain("do_something");
    }
  });

  it("leaves a text with errors between its functions alone", () => {
    const text = "fn a() { do_something() }\nstruct {\nfn b() { do_something() }";
    expect(blanked(text)).toBe(text);
  });

  it("moves no token of real sources", () => {
    const files = [path.join(ROOT, "engine/crates"), path.join(ROOT, "test/fixtures")]
      .flatMap((folder) => walk(folder, { nestedPackages: true }))
      .filter((file) => file.endsWith(".rs"));
    let functions = 0;
    for (const file of files) {
      const text = fs.readFileSync(file, "utf8");
      const found = outline(text);
      const result = blank(text, found, (fn) => fn.line % 7 === 0);
      functions += result.blanked.length;
      expect(Buffer.byteLength(result.text), file).toBe(Buffer.byteLength(text));
      const before = positions(text);
      const added = [...positions(result.text)].filter((token) => !before.has(token));
      // Only the replacements are new.
      expect(added.length, file).toBe(result.blanked.length * 3);
      expect(
        added.every((token) => /(?:loop|\{|\})$/.test(token)),
        file,
      ).toBe(true);
    }
    expect(functions).toBeGreaterThan(500);
  });
});
