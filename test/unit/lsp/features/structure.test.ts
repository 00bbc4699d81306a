/** The structure of Rust sources, by the real grammar on real files. */
import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { RustParser } from "../../../../server/src/core/source/grammar.js";
import { RustDocument, editBetween, structureOf } from "../../../../server/src/lsp/features/syntax/document.js";
import { type Structure, functionAt, isFree } from "../../../../server/src/lsp/features/syntax/structure.js";
import { ROOT } from "../../../support/repository.js";

const SAMPLE = path.join(ROOT, "test", "fixtures", "sample", "crates");
const sample = (file: string): string => fs.readFileSync(path.join(SAMPLE, file), "utf8");

describe("the structure of a source file", () => {
  let parser: RustParser;
  beforeAll(async () => {
    parser = await RustParser.load(path.join(ROOT, "dist"));
  });
  const structure = (text: string): Structure => structureOf(parser, text) ?? expect.fail("too large");
  const keys = (text: string): string[] => structure(text).functions.map((item) => item.key);

  it("names functions by modules, impls, traits and the functions around them", () => {
    const text = [
      "fn free() { fn inner() {} }",
      "mod a { mod b { pub(crate) async unsafe fn deep() {} } }",
      "impl<T: Clone> Vector<T, 3> { fn dot(&self) {} }",
      "impl<T> std::ops::Add for crate::Vector<T> { fn add(self) {} }",
      "trait Shape { fn name(&self) -> u32 { 1 } fn area(&self); }",
      "static TABLE: [fn(); 1] = [{ fn entry() {} entry }];",
      "fn r#type() { struct S; impl S { fn method() { fn innermost() {} } } }",
      "mod elsewhere;",
      'extern "C" { fn foreign(); }',
    ].join("\n");
    expect(keys(text)).toEqual([
      "free",
      "free::inner",
      "a::b::deep",
      "<Vector<T, 3>>::dot",
      "<crate::Vector<T> as std::ops::Add>::add",
      "Shape::name",
      "entry",
      "type",
      "type::<S>::method",
      "type::<S>::method::innermost",
    ]);
    expect(structure(text).modules.map(({ name, path: around }) => [...around, name].join("::"))).toEqual([
      "a",
      "a::b",
    ]);
  });

  it("tells functions of the same path apart", () => {
    expect(keys("#[cfg(a)] fn f() {}\n#[cfg(not(a))] fn f() {}")).toEqual(["f", "f#2"]);
  });

  it("knows where a function's parts are", () => {
    const text = [
      "",
      "/// Says.",
      "#[inline]",
      "// why",
      "#[cold] pub fn say(",
      "    what: u32,",
      ") -> u32 {",
      "    what",
      "}",
    ].join("\n");
    const [say] = structure(text).functions;
    expect(say).toMatchObject({
      startLine: 1,
      headLine: 4,
      nameRange: { line: 4, start: 15, end: 18 },
      headEnd: { line: 6, character: 10 },
      endLine: 8,
      endCharacter: 1,
      attributes: ["inline", "cold"],
    });
  });

  it("counts columns as the editor does, and takes both line endings", () => {
    const [first, second] = structure('/* 🦀ö */ fn one() { "🦀" ; }\r\nfn two() {\r\n}\r\n').functions;
    expect(first?.nameRange).toEqual({ line: 0, start: 13, end: 16 });
    expect(second?.headEnd).toEqual({ line: 1, character: 10 });
  });

  it("sees tests by their attributes", () => {
    const text = [
      "#[test] fn a() {}",
      '#[tokio::test(flavor = "multi_thread")] async fn b() {}',
      "#[rstest]\n#[case(1)]\nfn c(#[case] n: u32) {}",
      "#[bench] fn d(b: &mut Bencher) {}",
      "#[cfg(test)] fn e() {}",
      '#[test]\n#[ignore = "slow"]\nfn f() {}',
    ].join("\n");
    expect(structure(text).functions.map((item) => item.test)).toEqual([
      "test",
      "test",
      "test",
      "bench",
      undefined,
      "test",
    ]);
  });

  it("reads the sample's files without an error", () => {
    const traits = structure(sample("app/src/traits.rs"));
    expect(traits.functions.map((item) => item.key)).toEqual(
      expect.arrayContaining([
        "recursion::hanoi",
        "<Grid<T> as Index<(usize, usize)>>::index",
        "<Vector<T, 3>>::dot",
        "dispatch",
      ]),
    );
    const shapes = structure(sample("shapes/src/lib.rs"));
    expect(shapes.modules.map((item) => item.name)).toEqual(["tests"]);
    const tests = shapes.functions.filter((item) => item.test !== undefined);
    expect(tests.length).toBeGreaterThan(0);
    expect(tests.map((item) => item.key).filter((key) => !key.startsWith("tests::"))).toEqual([]);
    expect(tests.every(isFree)).toBe(true);
  });

  it("finds the innermost function of a line", () => {
    const text = "fn a() {\n    fn b() {\n    }\n    1;\n}\n\nfn c() {}\n";
    const at = (line: number): string | undefined => functionAt(structure(text), line)?.key;
    expect([0, 1, 2, 3, 4, 5, 6].map(at)).toEqual(["a", "a::b", "a::b", "a", "a", undefined, "c"]);
  });

  it("gives after any sequence of edits what a fresh parse gives", () => {
    const document = new RustDocument(parser);
    let text = sample("app/src/traits.rs");
    const inserts = ["\n", "fn added() {}\n", "}", "{", '"', "// 🦀 ", "mod m {", "é"];
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let step = 0; step < 60; step += 1) {
      document.update(text);
      expect(document.structure, `after ${step} edits`).toEqual(structure(text));
      const at = random(text.length);
      text = text.slice(0, at) + (inserts[random(inserts.length)] ?? "") + text.slice(at + random(40));
    }
    document.dispose();
  });

  it("does without a file that is too large", () => {
    const document = new RustDocument(parser);
    expect(document.update("fn a() {}")).toBe(undefined);
    expect(document.update(`fn a() {}\n${"// long\n".repeat(600_000)}`)).toContain("longer than");
    expect(document.structure.functions).toEqual([]);
    expect(document.update("fn b() {}")).toBe(undefined);
    expect(document.structure.functions[0]?.key).toBe("b");
    document.dispose();
  });
});

describe("the edit between two texts", () => {
  it("is the part that differs", () => {
    expect(editBetween("a\nbcd\ne", "a\nbxyd\ne")).toMatchObject({
      startIndex: 3,
      oldEndIndex: 4,
      newEndIndex: 5,
      startPosition: { row: 1, column: 1 },
      oldEndPosition: { row: 1, column: 2 },
      newEndPosition: { row: 1, column: 3 },
    });
  });

  it("does not count the same text to both ends", () => {
    expect(editBetween("aa", "aaa")).toMatchObject({ startIndex: 2, oldEndIndex: 2, newEndIndex: 3 });
    expect(editBetween("x\n\n\ny", "x\n\ny")).toMatchObject({ startIndex: 3, oldEndIndex: 4, newEndIndex: 3 });
  });
});
