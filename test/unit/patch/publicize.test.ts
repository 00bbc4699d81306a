import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { replaced } from "../../../server/src/core/body/blank.js";
import { publicized } from "../../../server/src/core/body/patch/publicize.js";
import { SourceCache } from "../../../server/src/core/body/source.js";

let cache: SourceCache;
beforeAll(async () => {
  cache = await SourceCache.create(path.resolve(import.meta.dirname, "../../../dist"));
});

/** `isWhole`: all functions keep their bodies. */
function publicize(text: string, isWhole = false, macros: readonly string[] = []): string {
  const { root } = cache.get("file.rs", text);
  return replaced(text, publicized(text, root, { isWhole: () => isWhole, macros: new Set(macros) }).replacements);
}

describe("making everything public", () => {
  it("reaches items, fields, methods and what is in modules and extern blocks", () => {
    expect(publicize("struct A { x: u8, pub(crate) y: u8, pub z: u8 }")).toBe(
      "pub struct A { pub x: u8, pub        y: u8, pub z: u8 }",
    );
    expect(publicize("pub struct B(u8, pub(super) u8, pub u8);")).toBe("pub struct B(pub u8, pub        u8, pub u8);");
    expect(publicize("union C { a: u8 }\nenum D { E { f: u8 } }\nconst _: () = ();\nstatic mut S: u8 = 1;")).toBe(
      "pub union C { pub a: u8 }\npub enum D { E { f: u8 } }\nconst _: () = ();\npub static mut S: u8 = 1;",
    );
    expect(publicize("impl A {\n    const B: u8 = 1;\n    async fn c() {}\n}\nimpl T for A {\n    fn d() {}\n}")).toBe(
      "impl A {\npub const B: u8 = 1;\npub async fn c() {}\n}\nimpl T for A {\n    fn d() {}\n}",
    );
    expect(publicize('mod m {\n    type T = u8;\n    extern "C" { fn f(); }\n}\ntrait T { fn g(); }')).toBe(
      'pub mod m {\npub type T = u8;\n    extern "C" { pub fn f(); }\n}\npub trait T { fn g(); }',
    );
  });

  it("lets private imports be, and imports of macros", () => {
    expect(publicize("use a::B;\npub(crate) use c::D;\npub(crate) use e;", false, ["e"])).toBe(
      "use a::B;\npub        use c::D;\npub(crate) use e;",
    );
  });

  it("tells what was not for all of the crate", () => {
    const text =
      "struct A { x: u8, pub(crate) y: u8 }\npub fn f() {}\nmod m { pub(super) fn g() {} pub(super) use h::i; pub use j; }\nimpl A { fn k() {} pub fn l() {} }";
    const { restricted } = publicized(text, cache.get("file.rs", text).root, {
      isWhole: () => false,
      macros: new Set(),
    });
    expect([...restricted].filter((name) => /\w$/.test(name)).sort()).toEqual(
      [
        "associated k",
        "field x",
        ...["A", "g", "h", "i", "m", "pub", "super", "use"].map((name) => `item ${name}`),
      ].sort(),
    );
  });

  it("moves no code of a body that stays", () => {
    // There is room in front of it, its code is on other lines, or it stays private.
    expect(publicize("    fn a() { b() }", true)).toBe("pub fn a() { b() }");
    expect(publicize("fn a() {\n    b()\n}", true)).toBe("pub fn a() {\n    b()\n}");
    expect(publicize("fn a() { b() }", true)).toBe("fn a() { b() }");
    expect(publicize("use c::d;\n\nfn a() { b() }", true)).toBe("use c::d; pub\n\nfn a() { b() }");
    expect(publicize("/// One.\n/// Two.\nfn a() { b() }", true)).toBe("/// One.\npub\nfn a() { b() }");
    expect(publicize("#[inline] // Why.\nfn a() { b() }", true)).toBe("#[inline] pub\nfn a() { b() }");
    expect(publicize("struct S; fn a() { b() }", true)).toBe("pub struct S; fn a() { b() }");
    expect(publicize("fn a() { b() }")).toBe("pub fn a() { b() }");
  });

  it("takes away what keeps other crates out, and tests' attributes", () => {
    expect(publicize("#[non_exhaustive]\npub enum A {}\n#[test]\nfn b() {}")).toBe(
      `${" ".repeat(17)}\npub enum A {}\n${" ".repeat(7)}\npub fn b() {}`,
    );
  });

  it("knows the statics of std's macro", () => {
    expect(publicize("thread_local! { static A: u8 = { static B: u8 = 1; B }; pub static C: u8 = 2; }")).toBe(
      "thread_local! { pub static A: u8 = { static B: u8 = 1; B }; pub static C: u8 = 2; }",
    );
  });
});
