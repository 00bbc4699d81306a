import { beforeAll, describe, expect, it } from "vitest";
import { replaced } from "../../../../../server/src/core/source/blank.js";
import { type Publicized, publicized } from "../../../../../server/src/core/lanes/patch/publicize.js";
import type { SourceCache } from "../../../../../server/src/core/source/sourceCache.js";
import { openSources } from "../../../../support/repository.js";

let cache: SourceCache;
beforeAll(async () => {
  cache = await openSources();
});

function publicity(
  text: string,
  module: string | undefined,
  isWhole = false,
  macros: readonly string[] = [],
  hasTests = false,
  isLibrary = false,
): Publicized {
  return publicized(text, cache.get("file.rs", text).root ?? expect.fail("no tree"), {
    isWhole: () => isWhole,
    macros: new Set(macros),
    ownMacros: new Set(["m", "nameless"]),
    ...{ unit: "u-1", isLibrary, module, hasTests },
  });
}

/** The text of a crate's root. `isWhole`: all functions keep their bodies. */
function publicize(text: string, isWhole = false, macros: readonly string[] = []): string {
  return replaced(text, publicity(text, "", isWhole, macros).replacements);
}

const MARK = '#[deprecated(note = "cranefly: of item u-1 m")]';

/** The text of the module `m`, with marks in few words. */
function marked(text: string, isWhole = false, isLibrary = false): string {
  return replaced(text, publicity(text, "m", isWhole, [], false, isLibrary).replacements).replaceAll(
    /#\[deprecated\(note = "cranefly: of (\w+) u-1 (.*?)"\)\]/g,
    (_, kind: string, scope: string) => `#[${kind} ${scope}]`,
  );
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
      `pub mod m {\n    ${MARK} pub type T = u8;\n    extern "C" { ${MARK} pub fn f(); }\n}\npub trait T { fn g(); }`,
    );
  });

  it("lets private imports be, and imports of macros", () => {
    expect(publicize("use a::B;\npub(crate) use c::D;\npub(crate) use e;", false, ["e"])).toBe(
      "use a::B;\npub        use c::D;\npub(crate) use e;",
    );
  });

  it("marks what is not for all of the crate", () => {
    expect(marked("fn a() {}\npub(crate) fn b() {}\npub(super) fn c() {}\npub(in crate::m) fn d() {}")).toBe(
      "#[item m] pub fn a() {}\npub        fn b() {}\npub        fn c() {}\n#[item m] pub              fn d() {}",
    );
    expect(marked("pub struct A { x: u8, pub(crate) y: u8 }\nstruct B(u8, pub u8);")).toBe(
      "pub struct A { #[field m] pub x: u8, pub        y: u8 }\n#[item m] pub struct B(#[field m] pub u8, pub u8);",
    );
    expect(marked("impl A { fn a() {} pub fn b() {} }\nmod n { fn c() {} pub(super) trait D { fn d(); } }")).toBe(
      "impl A { #[item m] pub fn a() {} pub fn b() {} }\npub mod n { #[item m::n] pub fn c() {} #[item m] pub        trait D { fn d(); } }",
    );
    expect(marked("use x::y;\nfn a() { b() }", true)).toBe("use x::y; #[item m] pub\nfn a() { b() }");
  });

  it("names what cannot be marked", () => {
    const names = (text: string): string[] =>
      publicity(text, "m").restricted.map(({ kind, name, scope }) => `${kind} ${name} ${scope}`);
    expect(names("mod n { mod o {} }\npub mod p {}")).toEqual(["module n m", "module o m::n"]);
    expect(names("struct A(u8); struct B { pub x: u8 }")).toEqual(["constructor A m"]);
    expect(names("pub(super) use x::{y, z as w}; pub(self) use x::{a, b as c}; pub(self) use d::*;")).toEqual([
      "name a m",
      "name c m",
    ]);
    expect(names("#[seen] struct A { x: u8 }\n#[deprecated] fn b() {}")).toEqual([
      "name A m",
      "field x m",
      "constructor A m",
      "name b m",
    ]);
    expect(names("#[seen] trait T { fn a(); const B: u8; }")).toEqual(["name T m", "name a m", "name B m"]);
    expect(names("thread_local! { static A: u8 = 1; pub(crate) static B: u8 = 2; }")).toEqual(["name A m"]);
  });

  it("knows names of what stays private", () => {
    const names = (text: string, isWhole = false): string[] =>
      publicity(text, "m", isWhole).restricted.flatMap(({ kind, name }) => (kind === "hidden" ? name : []));
    expect(names("struct S; fn a() { b() }", true)).toEqual(["a"]);
    expect(names("macro_rules! m { ($n:ident) => { fn made() {} fn $n() {} } }\nm!(given, u8);")).toEqual([
      "made",
      "m",
      "given",
    ]);
    // By such a name, a call may mean another crate's macro, unless it is defined above.
    const nameless = "macro_rules! nameless { ($n:ident) => { const $n: u8 = 1; }; }";
    const other = nameless.replace("const", "fn");
    expect(names(`${nameless}\nnameless!(given); mod n { nameless! { given } }`)).toEqual([]);
    const others = [
      "nameless!(given);",
      `mod n { ${nameless} }\nnameless!(given);`,
      `${nameless} x::nameless!(given);`,
      `${nameless} ${other} nameless!(given);`,
    ];
    for (const text of [...others, `#[cfg(unix)]\n${nameless}\nnameless!(given);`])
      expect(names(text)).toContain("given");
    const made =
      'pub fn a() {} pub const unsafe extern "C" fn b() {} pub(crate) fn c() {} $v fn d() {} pub mod n { fn e() {} }';
    expect(names(`macro_rules! m { ($v:vis) => { ${made} } }`)).toEqual(["c", "d", "e"]);
    // All that diesel makes of the names of columns is public.
    expect(
      names("diesel::table! { users (id) { id -> Integer, } }\n::diesel::joinable!(users -> posts (id));"),
    ).toEqual([]);
    expect(names("table! { users (id) { id -> Integer, } }")).toContain("id");
    // Fields, with names and without.
    const fields = "pub struct $n { a: u8, pub b: u8, pub(crate) c: x::y }";
    expect(names(`macro_rules! m { ($n:ident) => { ${fields} } }`)).toEqual(["a", "c"]);
    const places = ["pub struct $n($t);", "struct $n<T>(pub T, Vec<(u8, T)>);", "struct A(pub(crate) u8);"];
    for (const text of places) {
      expect(names(`macro_rules! m { ($n:ident, $t:ty) => { ${text} } }`)).toEqual(["0"]);
      expect(names(`call! { ${text} }`)).toContain("0");
    }
    expect(names("macro_rules! m { ($n:ident) => { struct $n(pub u8, pub Vec<(u8, u8)>); struct A; } }")).toEqual([]);
    expect(publicity("struct A { x: u8 } fn b() {}", undefined).restricted.map(({ name }) => name)).toEqual([
      "A",
      "x",
      "b",
    ]);
  });

  it("leaves out what is only there in builds with tests", () => {
    const text = "#[cfg(test)]\nmod tests { check! { name: a } #[test] fn b() {} struct C { x: u8 } }\nfn d() {}";
    const { replacements, restricted } = publicity(text, "m");
    expect(restricted).toEqual([]);
    expect(replaced(text, replacements)).toBe(text.replace("\nfn d", `\n${MARK} pub fn d`));
    const names = (of: string, hasTests: boolean): string[] =>
      publicity(of, "m", false, [], hasTests).restricted.map(({ kind, name }) => `${kind} ${name}`);
    expect(names(text, true)).toContain("hidden a");
    // The tests may be something else to a macro, and other conditions may hold.
    expect(names("#[seen]\n#[cfg(test)]\nmod tests { check! { name: a } }", false)).toContain("hidden a");
    expect(names("#[cfg(any(test, unix))]\nmod tests { check! { name: a } }", false)).toContain("hidden a");
    expect(names("#[cfg_attr(unix, cfg(test))]\nmod tests { check! { name: a } }", false)).toContain("hidden a");
  });

  it("leaves what is private in a module that is not known", () => {
    const text = "struct A { x: u8, pub(crate) y: u8 }\nmod n { fn a() {} pub fn b() {} }\npub(super) use c::d;";
    const { replacements, restricted } = publicity(text, undefined);
    expect(replaced(text, replacements)).toBe(text.replace("pub(crate)", "pub       "));
    expect(restricted.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
      ["A", "x", "n", "a"].map((name) => `hidden ${name}`),
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
    const text = "#[non_exhaustive]\npub enum A {}\n#[test]\nfn b() {}";
    const outcome = (hasTests: boolean): string =>
      replaced(text, publicity(text, "", false, [], hasTests).replacements);
    expect(outcome(true)).toBe(`${" ".repeat(17)}\npub enum A {}\n${" ".repeat(7)}\npub fn b() {}`);
    // There is no test in it, nor what macros on it would need.
    expect(outcome(false)).toBe(`${" ".repeat(17)}\npub enum A {}\n#[test]\nfn b() {}`);
    const serial = "#[test]\n#[serial]\n#[ignore]\nfn b() {}";
    expect(replaced(serial, publicity(serial, "").replacements)).toContain("#[test]\n#[serial]\n#[ignore]\n");
  });

  it("knows the statics of std's macro", () => {
    expect(publicize("thread_local! { static A: u8 = { static B: u8 = 1; B }; pub static C: u8 = 2; }")).toBe(
      "thread_local! { pub static A: u8 = { static B: u8 = 1; B }; pub static C: u8 = 2; }",
    );
  });
});

describe("what other crates may not use of a library", () => {
  it("is marked as well", () => {
    expect(
      marked("pub(crate) fn a() {}\npub fn b() {}\npub struct C { pub(crate) d: u8, pub e: u8 }", false, true),
    ).toBe(
      "#[item crate] pub        fn a() {}\npub fn b() {}\npub struct C { #[field crate] pub        d: u8, pub e: u8 }",
    );
  });

  it("goes by its name where there can be no mark, and by what others may not know all of", () => {
    const text = "pub(crate) use x::y;\n#[non_exhaustive]\npub enum E { A, B(u8) }\npub(crate) mod n {}";
    const { restricted } = publicity(text, "", false, [], false, true);
    expect(restricted.map(({ kind, name, scope }) => `${kind} ${name} ${scope}`)).toEqual([
      "name y crate",
      "open E crate",
      "open A crate",
      "open B crate",
      "module n crate",
    ]);
  });
});
