/** The parser reads what stable Rust accepts, also where its grammar lags behind. */
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SourceCache } from "../../../../server/src/core/source/sourceCache.js";
import { readable } from "../../../../server/src/core/source/readable.js";
import { ROOT, openSources } from "../../../support/repository.js";

let sources: SourceCache;
beforeAll(async () => {
  sources = await openSources();
});
afterAll(() => sources.dispose());

/** What stable Rust 1.95 accepts. Each of these is followed by a function that has to be found. */
const SYNTAX: Readonly<Record<string, string>> = {
  "unsafe extern blocks":
    'unsafe extern "C" { safe fn a(); pub safe fn b(x: u8) -> u8; unsafe fn c(); fn d(); safe static E: u8; pub unsafe static mut F: u8; }',
  "unsafe extern blocks without an ABI, in bodies": "fn f() { unsafe extern { safe fn a(); } a(); unsafe { b() } }",
  "attributes and extern blocks": '#[link(name = "m")]\nunsafe extern "system" { pub safe fn a(); }',
  "safe as a name": "fn safe(safe: u8) -> u8 { let x = safe; safe + x } mod safe {} static SAFE: u8 = 1;",
  "other ABIs": 'extern "C-unwind" fn f() {} unsafe extern "C-unwind" fn g(x: u8) {} extern "C" { fn h(x: u8, ...); }',
  "unsafe attributes": '#[unsafe(no_mangle)] pub extern fn f() {} #[unsafe(link_section = "x")] static X: u8 = 1;',
  "naked functions": '#[unsafe(naked)] pub extern "C" fn f() { core::arch::naked_asm!("ret") }',
  "raw borrows": "fn f(mut x: [u8; 2]) { let a = &raw const x; let b = &raw mut x[1]; unsafe { &raw const (*a)[0] }; }",
  "raw as a name": "fn f(raw: &u8) { g(&raw, & raw, &raw.len(), &mut raw, &&raw); let raw = &raw; }",
  "let else": "fn f(x: Option<u8>) -> u8 { let Some(y) = x else { return 1 }; y }",
  "let chains": "fn f(x: Option<u8>) -> u8 { if let Some(y) = x && y > 1 && let Some(z) = x { z } else { 0 } }",
  "async closures": "fn f() { let c = async |x: u8| x; let d = async move || c(1).await; }",
  "bounds of async closures": "fn f(x: impl AsyncFn(u8) -> u8, y: &dyn Fn()) {}",
  "precise capturing": "fn f<'a, T>(x: &'a T) -> impl Sized + use<'a, T> { x } fn g() -> impl Sized + use<> { 1 }",
  "C strings": 'fn f() { let a = c"a\\x00"; let b = cr#"b"#; }',
  "constants among generic arguments":
    "struct S<const N: i32 = 3, const B: bool = true>; type X = S<-1>; fn f() -> S<{ 1 + 2 }> { S::<-3, false>::new(-1, - 2) }",
  "empty generic arguments": "fn f() { let x: Vec<u8> = Vec::<>::new(); Y::<u8>::z(a < b, c > d) }",
  "associated types with bounds": "fn f(x: impl Iterator<Item: Clone>) {} trait T { type A<'a>: B where Self: 'a; }",
  "impl Trait in traits": "trait T { fn f() -> impl Sized; async fn g(&self) -> u8; }",
  "inline constants": "fn f() { let x = [const { Vec::new() }; 3]; thread_local! { static Y: u8 = const { 1 }; } }",
  "destructuring assignments": "fn f() { (a, .., b) = (b, 1, a); [x, ..] = y; S { x, .. } = s; _ = 1; }",
  "structs without fields":
    "struct A where u8: Copy; struct B<T> where T: Copy + 'static, [T; 2]: Copy; struct C<T>(T) where T: Copy;",
  "conditions on any type":
    "fn f<T>() where (): Sized, (u8, u8): Sized, [u8; 3]: Sized, &'static u8: Sized, for<'a> &'a T: Sized {}",
  "lifetimes first": "fn f(x: Box<dyn 'static + Send>, y: &(dyn Send + 'static)) {}",
  "macros with names of types": 'fn f() { let x = str!["a"]; let y = u8!(1); let z = f32::<u8>(1); x != (y) }',
  "the try macro": "fn f() { try!(g()); r#try!(h()) }",
  "tokens that only macros see":
    "macro_rules! m { (~ $x:expr) => { n!([$] $ $x) }; ($ y:ty) => { ~ }; ($($z:tt)*) => { $crate::m!($($z)*) }; }",
  "blanks in macro definitions": "macro_rules ! m { () => {} }",
  "attributes of fields in patterns":
    'fn f(s: S) { let S { #[cfg(a)] a, #[cfg(feature = "b")] b: _, .. } = s; match s { #[cfg(a)] S { #[cfg(b)] ref x, .. } => 1, _ => 2 } }',
  "attributes of arguments": "fn f() { g(#[allow(a)] 1, [#[cfg(a)] 2, 3], (#[allow(a)] x, 1)); }",
  "long escapes": "fn f() { '\\u{1_F600}'; \"\\u{0_0_0}\"; '\\u{0}'; }",
  "characters of two units": "fn f() { let x = ['🦀', '𐲝']; let y = \"🦀\"; /* 🦀 */ r#\"🦀\"#; }",
  "never, or": "fn f(x: Result<u8, std::convert::Infallible>) -> ! { let Ok(_) = x; loop {} }",
  "half-open ranges": "fn f(x: u8) { match x { ..=1 => 1, 2..4 => 2, 5.. => 3, _ => 4 }; }",
  "front of a file": "#![allow(dead_code)]",
};

describe("syntax of stable Rust", () => {
  it.each(Object.entries(SYNTAX))("%s", (name, code) => {
    const text = `${code}\nfn found() { let x = 1; }\n`;
    const { outline, root } = sources.get(name, text);
    if (typeof outline === "string") throw new Error(outline);
    expect(root?.toString()).not.toMatch(/ERROR|MISSING/);
    expect(outline.damage).toBeUndefined();
    expect(outline.functions.filter((fn) => fn.isDamaged)).toEqual([]);
    expect(outline.functions.at(-1)?.name).toBe("found");
  });
});

describe("what the parser is given", () => {
  const places = (text: string, what: RegExp): number[] => [...text.matchAll(what)].map(({ index }) => index);

  it.each(Object.entries(SYNTAX))("has everything in its place: %s", (_, code) => {
    const given = readable(code);
    expect(given).toHaveLength(code.length);
    expect(places(given, /[\n{}]|\bfn\b/g)).toEqual(places(code, /[\n{}]|\bfn\b/g));
  });

  it("is the text where there is nothing to help with", () => {
    const sample = path.join(ROOT, "test/fixtures/sample/crates/app/src/traits.rs");
    const text = fs.readFileSync(sample, "utf8");
    expect(readable(text)).toBe(text);
  });

  it("reads emoji wherever they lie", () => {
    // The parser takes a text in parts of some thousand units.
    const text = `fn f() {\n${"// 🦀🦀🦀🦀\n".repeat(4000)}}\nfn found() { '🦀' }\n`;
    for (const shift of ["", " "]) {
      const { outline } = sources.get("emoji", shift + text);
      expect(outline).toMatchObject({ damage: undefined, functions: [{ isDamaged: false }, { name: "found" }] });
    }
  });
});
