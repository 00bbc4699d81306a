import { beforeAll, describe, expect, it } from "vitest";
import { type ModuleFacts, allMacros, factsOf } from "../../../../../server/src/core/lanes/patch/moduleFacts.js";
import { patchTexts } from "../../../../../server/src/core/lanes/patch/patchText.js";
import { Refusal, Refused } from "../../../../../server/src/core/edits/refusal.js";
import { moduleTree } from "../../../../../server/src/core/lanes/patch/moduleTree.js";
import type { SourceCache } from "../../../../../server/src/core/source/sourceCache.js";
import { openSources } from "../../../../support/repository.js";

let cache: SourceCache;
beforeAll(async () => {
  cache = await openSources();
});

type Files = Readonly<Record<string, string>>;

function facts(files: Files): ReadonlyMap<string, ModuleFacts> {
  return new Map(
    Object.entries(files).map(([file, text]) => {
      const found = factsOf(text, cache.get(file, text).root ?? expect.fail("no tree"));
      if (found instanceof Refusal) throw new Error(found.text);
      return [file, found];
    }),
  );
}

/** The patch of the functions of these names, by file. */
function patch(files: Files, ...names: readonly string[]): ReadonlyMap<string, string> {
  const known = facts(files);
  const tree = moduleTree("/src/main.rs", (file) => known.get(file));
  const patched = Object.entries(files).flatMap(([file, text]) => {
    const source = cache.get(file, text);
    if (typeof source.outline === "string") throw new Error(source.outline);
    const edited = source.outline.functions.filter(({ name }) => names.includes(name));
    const functions = edited.map((fn) => ({ fn, instances: undefined }));
    return functions.length === 0 ? [] : [{ source, functions, items: [], steps: tree.get(file) ?? [] }];
  });
  const { files: texts } = patchTexts(patched, [...known.values()].flatMap(allMacros));
  return new Map([...texts].map(([file, { text }]) => [file, text]));
}

const place = (text: string, what: string): [line: number, column: number] => {
  const before = text.slice(0, text.indexOf(what)).split("\n");
  return [before.length, before.at(-1)?.length ?? 0];
};

describe("a crate's module tree", () => {
  const names = (files: Files): Record<string, string> =>
    Object.fromEntries(
      [...moduleTree("/src/main.rs", (file) => facts(files).get(file))].map(([file, steps]) => [
        file,
        steps.flatMap(({ declaration }) => declaration?.name ?? []).join("::"),
      ]),
    );

  it("finds modules where the reference says that they are", () => {
    expect(
      names({
        "/src/main.rs": 'mod a; mod b { mod c; #[path = "x.rs"] mod d; } #[path = "other/e.rs"] mod e; mod absent;',
        "/src/a.rs": "mod f;",
        "/src/a/f/mod.rs": "mod g;",
        "/src/a/f/g.rs": "",
        "/src/b/c.rs": "",
        "/src/b/x.rs": "",
        "/src/other/e.rs": "mod h;",
        "/src/other/h.rs": "",
        "/src/nobody.rs": "",
      }),
    ).toEqual({
      "/src/main.rs": "",
      "/src/a.rs": "a",
      "/src/a/f/mod.rs": "a::f",
      "/src/a/f/g.rs": "a::f::g",
      "/src/b/c.rs": "b::c",
      "/src/b/x.rs": "b::d",
      "/src/other/e.rs": "e",
      "/src/other/h.rs": "e::h",
    });
  });

  it("knows no place for a file that is two modules", () => {
    expect(names({ "/src/main.rs": '#[path = "a.rs"] mod a; #[path = "a.rs"] mod b;', "/src/a.rs": "" })).toEqual({
      "/src/main.rs": "",
    });
  });
});

describe("a patch crate's text", () => {
  it("has a function at its place, in its module, with the module's imports", () => {
    const files = {
      "/src/main.rs": "#![allow(dead_code)]\nuse std::fmt;\n#[cfg(unix)]\nmod a;\nfn main() {}\n",
      "/src/a.rs":
        "use std::{\n    io, // input\n    fs::*,\n};\nfn own() {}\n\nmod b {\n    pub(crate) fn f() {\n        own()\n    }\n}\n",
    };
    const texts = patch(files, "f");
    expect([...texts.keys()]).toEqual(["/src/main.rs", "/src/a.rs"]);
    const root = texts.get("/src/main.rs") ?? "";
    expect(root).toContain(
      "#![allow(dead_code)] extern crate __cranefly_twin; pub use ::__cranefly_twin::*; use std::fmt;",
    );
    expect(root).toContain("#[cfg(unix)] pub mod a;");
    const text = texts.get("/src/a.rs") ?? "";
    expect(text).toContain("pub use ::__cranefly_twin::a::*; use std::{ io, fs::*, };");
    expect(text).toContain("pub mod b { pub use ::__cranefly_twin::a::b::*;");
    expect(place(text, "pub(crate) fn f() {\n        own()\n    }")).toEqual(
      place(files["/src/a.rs"], "pub(crate) fn f"),
    );
    expect(text).toContain("AtomicPtr::new(f as *mut ());");
  });

  it("makes a method one of a trait that has what the original's has", () => {
    const text = `use std::ops::Add;
struct S<'a>(&'a str);
impl<'a> S<'a> {
    #[track_caller]
    pub fn get(mut self: Box<Self>, (x, _): (u8, u8), rest: &mut self::T) -> &'a str { self.0 }
}
impl Add<&u8> for S<'_> { type Output = u8;
    fn add(self, other: &u8) -> Self::Output { 1 }
}
impl Drop for S<'_> {
    fn drop(&mut self) { }
}
`;
    const [, patched = ""] = [...patch({ "/src/main.rs": text }, "get", "add", "drop")][0] ?? [];
    expect(patched).toContain("impl<'a> __cranefly_traits::__CraneflyMethods0<'a> for S<'a> {");
    expect(place(patched, "fn get(mut self")).toEqual(place(text, "fn get(mut self"));
    expect(patched).toContain(
      "pub trait __CraneflyMethods0<'a>: Sized { fn get(self: Box<Self>, _: (u8, u8), _: &mut super::T) -> &'a str; }",
    );
    expect(patched).toContain("impl<'__cranefly> __cranefly_traits::__CraneflyMethods1<'__cranefly> for S<'_> {");
    expect(patched).toContain(
      "__CraneflyMethods1<'__cranefly>: Sized + Add<&'__cranefly u8> { fn zzz(self, _: &u8) -> Self::Output; }",
    );
    expect(patched).toContain("pub trait __CraneflyMethods2: Sized { fn zzzz(&mut self); }");
    expect(patched).toContain("<S<'_> as __cranefly_traits::__CraneflyMethods0<'_>>::get as *mut ()");
  });

  it("has the macros that are in scope and needed, wherever they are defined", () => {
    const files = {
      "/src/main.rs":
        "#[macro_use]\nmod macros;\nmod a;\nmacro_rules! late { () => {} }\n#[macro_export]\nmacro_rules! open { () => {} }\nfn main() {}\n",
      "/src/macros.rs":
        "macro_rules! inner { // one\n    () => {\n        1\n    };\n}\nmacro_rules! outer { () => { inner!() } }\n",
      "/src/a.rs":
        "use crate::{b::shared, open};\nuse crate::b::unused;\nfn f() {\n    outer!(); shared!(); open!();\n}\n",
      "/src/b.rs":
        "macro_rules! shared { () => {} }\npub(crate) use shared;\nmacro_rules! unused { () => {} }\npub(crate) use unused;\n",
    };
    const text = patch(files, "f").get("/src/a.rs") ?? "";
    expect(text).toContain("macro_rules! inner { () => { 1 }; }");
    expect(text).toContain("macro_rules! outer");
    expect(text).toContain("use crate::{open};");
    expect(text).toContain("macro_rules! shared");
    expect(text).not.toContain("unused");
    expect(text).not.toContain("late");
  });

  it("prefers a module's own items to what glob imports bring", () => {
    const text = "use other::*;\nfn name() {}\nfn unmentioned() {}\nfn f() {\n    name()\n}\n";
    expect(patch({ "/src/main.rs": text }, "f").get("/src/main.rs")).toContain("pub use ::__cranefly_twin::{name};");
  });

  it("is refused where it would move something", () => {
    expect(() => patch({ "/src/main.rs": "impl A { fn f() {} }" }, "f")).toThrow(Refused);
    expect(() => patch({ "/src/main.rs": "\nimpl A { fn f() {} }" }, "f")).toThrow(Refused);
    expect(() => patch({ "/src/main.rs": "\nmod é { fn f() {} }" }, "f")).toThrow(Refused);
    expect(() => patch({ "/src/main.rs": "\nimpl A {\nfn f(#[odd] a: u8) {} }" }, "f")).toThrow(Refused);
  });
});
