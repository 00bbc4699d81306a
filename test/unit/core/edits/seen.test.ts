/** What the users of a library see of an edit: the same file before and after, and the word on it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Refusal } from "../../../../server/src/core/edits/refusal.js";
import { unseenEdit } from "../../../../server/src/core/edits/seen.js";
import type { SourceCache } from "../../../../server/src/core/source/sourceCache.js";
import { openSources } from "../../../support/repository.js";

let sources: SourceCache;
beforeAll(async () => {
  sources = await openSources();
});
afterAll(() => sources.dispose());

/** "unseen", "moved" for lines that they have, or the kind of the refusal. */
function word(before: string, after: string): string {
  const edit = unseenEdit(sources, "lib.rs", [before, after], false);
  if (edit instanceof Refusal) return edit.kind;
  return edit.moved ? "moved" : "unseen";
}

/** An edit of a body. */
const body = (function_: string): string =>
  word(function_.replace("{}", "{ one(); }"), function_.replace("{}", "{ two(); }"));

describe("users of a library see nothing of", () => {
  it.each([
    "fn f() {}",
    "pub fn f(a: u8) -> Box<dyn Fn()> {}",
    "pub fn f<'a>(a: &'a str) -> &'a str {}",
    "#[inline(never)] pub fn f() {}",
    "impl Kind { pub fn f(&self) {} }",
    "impl Trait for Kind { fn f(&self) {} }",
    "mod inner { pub(crate) fn f() {} }",
    'pub extern "C" fn f() {}',
    "pub fn f<T>() { fn inner() {} inner() }",
  ])("a body: %s", (text) => {
    expect(body(text)).toBe("unseen");
  });

  it("macros that make no items, whatever they say", () => {
    expect(word('fn f() { println!("a") }', 'fn f() { println!("b"); todo!() }')).toBe("unseen");
    expect(word("fn f() { mine!(a); 1 }", "fn f() { mine!(a); 2 }")).toBe("unseen");
  });

  it("lines that move, where there is nothing of theirs", () => {
    const moved = (rest: string): string =>
      word(`fn f() {\n    one();\n}\n${rest}`, `fn f() {\n    one();\n    two();\n}\n${rest}`);
    expect(moved("fn g() {}\nuse a::B;\npub struct C(u8);\n/// Text.\nimpl C { fn h(&self) {} }\n")).toBe("unseen");
    expect(moved("#[cfg(test)]\nmod tests {\n    fn g<T>() {}\n}\n")).toBe("unseen");
    expect(moved("pub fn g<T>() {}\n")).toBe("moved");
    expect(moved("#[inline]\nfn g() {}\n")).toBe("moved");
    expect(moved("pub const fn g() {}\n")).toBe("moved");
    expect(moved("impl<T> C<T> { fn g(&self) {} }\n")).toBe("moved");
    expect(moved("trait T { fn g(&self) {} }\n")).toBe("moved");
    expect(moved("#[derive(Debug)]\npub struct C(u8);\n")).toBe("moved");
    expect(moved("items!();\n")).toBe("moved");
    expect(moved("pub const LINE: u32 = line!();\n")).toBe("moved");
    expect(word("fn f() { one() } pub fn g<T>() {}", "fn f() { eleven() } pub fn g<T>() {}")).toBe("moved");
    expect(word("// a\nfn f() {}\nfn g<T>() {}", "// a\n\nfn f() {}\nfn g<T>() {}")).toBe("moved");
  });
});

describe("users of a library see", () => {
  it.each([
    "pub fn f<T>(a: T) {}",
    "pub fn f(a: impl Trait) {}",
    "#[inline] fn f() {}",
    "#[cfg_attr(all(), inline(always))] pub fn f() {}",
    "async fn f() {}",
    "impl<T> Kind<T> { fn f(&self) {} }",
    "trait Trait { fn f(&self) {} }",
    "impl<const N: usize> Kind<N> { fn f() {} }",
  ])("a body that they have: %s", (text) => {
    expect(body(text)).toBe("seenBody");
  });

  it.each([
    ["pub const fn f() -> u8 {}", "constFn"],
    ["pub fn f() -> impl Fn() {}", "implTrait"],
    ["#[unknown] fn f() {}", "attributeMacro"],
  ])("what others look into: %s", (text, kind) => {
    expect(body(text)).toBe(kind);
  });

  it("what is more than a body", () => {
    expect(word("pub struct A(u8);", "pub struct A(u16);")).toBe("struct");
    expect(word("", "pub fn f() {}")).toBe("functionSet");
    expect(word("", "pub fn f() {}\nfn g() {}")).toBe("functionSet");
    expect(word("impl A for B {}", "impl A for B { fn f() {} }")).toBe("impl");
    expect(word("trait A {}", "trait A { fn f() {} }")).toBe("trait");
    expect(word("fn f() {}", "pub fn f() {}")).toBe("signature");
    expect(word("", "#[unknown] fn f() {}")).toBe("functionSet");
    expect(word("", "#[unsafe(no_mangle)] fn f() {}")).toBe("functionSet");
    expect(word("", "use a::b;")).toBe("import");
    expect(word("struct A;", "struct A;\nimpl A {}")).toBe("impl");
    expect(word("pub const A: u8 = 1;", "pub const A: u8 = 2;")).toBe("constant");
    expect(
      word("#[macro_export] macro_rules! a { () => { 1 } }", "#[macro_export] macro_rules! a { () => { 2 } }"),
    ).toBe("macro");
  });

  it("private items: what macros of other crates make may name them", () => {
    expect(word("fn f() { 1 }", "fn f() { g() }\nfn g() {}")).toBe("functionSet");
    expect(word("fn f() {}\nfn g() {}", "fn f() {}\nfn g(a: u8) {}")).toBe("signature");
    expect(word("fn f() {}\nconst G: u8 = 1;", "fn f() {}\nconst G: u8 = 2;")).toBe("constant");
    expect(word("impl A { fn f() {} }", "impl A { fn f() {}\nfn g(&self) {} }")).toBe("functionSet");
  });

  it("impls that come of a body", () => {
    expect(word("fn f() { mine!(A) }", "fn f() { mine!(B) }")).toBe("bodyMacros");
    expect(word("fn f() { let a = mine!(A); }", "fn f() { let a = mine!(A); mine!(A); }")).toBe("bodyMacros");
    expect(word("fn f() { use a::B; mine!(B) }", "fn f() { use a::C as B; mine!(B) }")).toBe("bodyMacros");
    const derives = 'fn f() { println!("{:?}", { #[derive(Mine)] struct A; A }) }';
    expect(word("fn f() { one() }", derives)).toBe("bodyMacros");
    expect(word("fn f() { own::info!(a) }", "fn f() { own::info!(b) }")).toBe("bodyMacros");
    expect(word("fn f() { one() }", 'fn f() { println!("{}", { impl A for B {} 1 }) }')).toBe("bodyItems");
  });
});
