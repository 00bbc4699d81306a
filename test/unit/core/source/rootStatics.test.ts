import { beforeAll, describe, expect, it } from "vitest";
import { addRoots, originalOffset } from "../../../../server/src/core/source/rootStatics.js";
import type { BodyRef } from "../../../../server/src/core/source/functions.js";
import type { SourceCache } from "../../../../server/src/core/source/sourceCache.js";
import { openSources } from "../../../support/repository.js";

let cache: SourceCache;
beforeAll(async () => {
  cache = await openSources();
});

function functions(text: string): readonly BodyRef[] {
  const { outline } = cache.get("file.rs", text);
  if (typeof outline === "string") throw new Error(outline);
  return outline.functions;
}

const roots = (text: string): (string | undefined)[] => functions(text).map((fn) => fn.root?.path);

describe("roots", () => {
  it("name functions from their module", () => {
    expect(roots("fn a() {}\nunsafe extern fn r#b<'a>(x: &'a u8) {}")).toEqual(["a", "r#b"]);
    expect(roots("impl<'a> A<'a, 'static> { fn b(&self) {} }")).toEqual(["<A<'_, 'static>>::b"]);
    expect(roots("impl<'a, 'b: 'a> From<&'a str> for x::A<'b> { fn from(s: &'a str) -> Self {} }")).toEqual([
      "<x::A<'_> as From<&'_ str>>::from",
    ]);
  });

  it("exist for no function that needs instantiation", () => {
    expect(roots("fn a<T>() {}\nfn b(x: impl Fn()) {}\nfn c<const N: usize>() {}")).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(roots("impl<T> A<T> { fn b() {} }\ntrait C { fn d() {} }")).toEqual([undefined, undefined]);
  });

  it("are added at the end of the file or of the inline module, and mapped back", () => {
    const text = "// é\nmod a {\n  fn b() {}\n}\nfn c() {} // last";
    const rooted = addRoots(text, functions(text), false);
    const lines = rooted.text.split("\n");
    expect(lines[3]).toMatch(/^ static __CRANEFLY_ROOT_0: [^;]*::new\(b as \*mut \(\)\);}$/);
    expect(lines[4]).toBe("fn c() {} // last");
    expect(lines[5]).toMatch(/^static __CRANEFLY_ROOT_1: .*\(c as \*mut \(\)\);$/);
    const original = Buffer.from(text);
    const overlay = Buffer.from(rooted.text);
    for (const piece of ["// é", "fn b() {}", "}\nfn c()", "// last"]) {
      expect(originalOffset(overlay.indexOf(piece), rooted.insertions)).toBe(original.indexOf(piece));
    }
    for (const piece of ["__CRANEFLY_ROOT_0", "__CRANEFLY_ROOT_1"]) {
      expect(originalOffset(overlay.indexOf(piece), rooted.insertions)).toBeUndefined();
    }
  });

  it("have what polls and what drops the future of an async function, too", () => {
    const text = "impl A { async unsafe fn b(&self, (c, d): (u8, u8)) {} }";
    const { text: rooted } = addRoots(text, functions(text), false);
    expect(rooted).toContain("(f: unsafe fn(P0, P1) -> R)");
    expect(rooted).toContain("<R as ::core::future::Future>::poll as *mut ()");
    expect(rooted).toMatch(/of\(<A>::b\) };$/);
  });

  it("are not added where they would move something", () => {
    expect(roots("mod a { fn b() {} } fn c() {}")).toEqual([undefined, "c"]);
  });
});
