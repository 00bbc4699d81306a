import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Edit, classify } from "../../../../server/src/core/edits/classify.js";
import { SourceCache } from "../../../../server/src/core/source/sourceCache.js";
import type { Refusal } from "../../../../server/src/core/edits/refusal.js";

let cache: SourceCache;
beforeAll(async () => {
  cache = await SourceCache.create(path.resolve(import.meta.dirname, "../../../../dist"));
});

/** Classifies the replacement of one piece of a text. */
function edit(text: string, from: string, to: string): Edit {
  expect(text.split(from)).toHaveLength(2);
  return classify(
    cache,
    "file.rs",
    text,
    text.replace(from, () => to),
  );
}

/** The kind of a refusal, and what it is about. */
function refusalOf({ kind, detail }: Refusal): string {
  return `items: ${kind}${detail === undefined ? "" : ` ${detail}`}`;
}

/** Paths of the functions that an edit is confined to, or its kind. */
function outcome(text: string, from: string, to: string): string[] | string {
  const result = edit(text, from, to);
  if (result.kind === "bodies") return result.functions.map((fn) => fn.path);
  return result.kind === "items" ? refusalOf(result.refusal) : result.kind;
}

const SAMPLE = `//! A module.
use std::fmt;

/// Doc of one.
pub fn one(x: u32) -> u32 {
    // a comment
    let add = |y: u32| y + 1;
    add(x)
}

struct Pair<T>(T, T);

impl<T: Copy + fmt::Debug> Pair<T> where T: Send {
    #[inline(always)]
    fn first(&self) -> T { self.0 }
    fn describe(&self) -> String {
        format!("{:?} { x }", self.1)
    }
}

impl<'a> From<&'a str> for Pair<u8> {
    fn from(text: &'a str) -> Self { let b = text.len() as u8; Pair(b, b) }
}

pub trait Shape {
    const SIDES: u32 = 3;
    fn area(&self) -> f64;
    fn twice(&self) -> f64 { self.area() * 2.0 }
}

mod inner {
    pub(crate) mod deep {
        pub unsafe extern "C" fn call(n: i32) -> i32 { n + 100 }
        #[cfg(test)]
        fn only_in_tests() { assert_eq!(1, 1000); }
    }
}

#[path = "elsewhere.rs"]
mod elsewhere;

fn outer() -> usize {
    const LIMIT: usize = 77;
    fn nested(n: usize) -> usize { n + 5 }
    struct Local;
    impl Local { fn method(&self) -> usize { 66 } }
    macro_rules! local { () => { 88 } }
    nested(LIMIT) + Local.method() + local!() + 99
}
`;

describe("classify: one function", () => {
  it("finds functions, methods, default methods and functions of inline modules", () => {
    expect(outcome(SAMPLE, "add(x)", "add(x) + 2")).toEqual(["one"]);
    expect(outcome(SAMPLE, "y + 1", "y + 2")).toEqual(["one"]);
    expect(outcome(SAMPLE, "{ self.0 }", "{ self.1 }")).toEqual(["impl<T: Copy + fmt::Debug> Pair<T>::first"]);
    expect(outcome(SAMPLE, "let b = text.len()", "let b = 1 + text.len()")).toEqual([
      "impl<'a> From<&'a str> for Pair<u8>::from",
    ]);
    expect(outcome(SAMPLE, "2.0", "3.0")).toEqual(["trait Shape::twice"]);
    expect(outcome(SAMPLE, "n + 100", "n + 101")).toEqual(["mod inner::mod deep::call"]);
    expect(outcome(SAMPLE, "1000", "1")).toEqual(["mod inner::mod deep::only_in_tests"]);
  });

  it("names several functions of one save", () => {
    const after = SAMPLE.replace("add(x)", "add(x + 1)").replace("n + 100", "n").replace("n + 5", "n + 6");
    const result = classify(cache, "file.rs", SAMPLE, after);
    expect(result.kind === "bodies" && result.functions.map((fn) => fn.path)).toEqual([
      "one",
      "mod inner::mod deep::call",
      "outer::nested",
    ]);
  });

  it("tells nested functions from the one around them", () => {
    expect(outcome(SAMPLE, "n + 5", "n + 6")).toEqual(["outer::nested"]);
    expect(outcome(SAMPLE, "{ 66 }", "{ 67 }")).toEqual(["outer::impl Local::method"]);
    expect(outcome(SAMPLE, "+ 99", "+ 98")).toEqual(["outer"]);
    expect(outcome(SAMPLE, "= 77", "= 78")).toBe("items: constant LIMIT");
    expect(outcome(SAMPLE, "{ 88 }", "{ 89 }")).toBe("items: macro local");
    expect(outcome(SAMPLE, "struct Local;", "struct Local; struct Other;")).toBe("items: innerItem outer");
  });

  it("reports what the caller decides by", () => {
    const result = edit(SAMPLE, "{ self.0 }", "{ self.1 }");
    const fn = result.kind === "bodies" ? result.functions[0] : undefined;
    expect(fn).toMatchObject({
      name: "first",
      isGeneric: true,
      inline: "always",
      isTraitImpl: false,
      line: 15,
      endLine: 15,
      attributes: ["inline"],
      exposed: undefined,
    });
    expect(SAMPLE.slice(fn?.body.start, fn?.body.end)).toBe("{ self.0 }");
    const method = edit(SAMPLE, "let b = text.len()", "let b = 1 + text.len()");
    expect(method.kind === "bodies" && method.functions[0]).toMatchObject({ isGeneric: false, isTraitImpl: true });
    const provided = edit(SAMPLE, "2.0", "3.0");
    expect(provided.kind === "bodies" && provided.functions[0]).toMatchObject({
      isTraitDefault: true,
      isGeneric: true,
    });
    const external = edit(SAMPLE, "n + 100", "n + 101");
    expect(external.kind === "bodies" && external.functions[0]).toMatchObject({ isUnsafe: true, isExtern: true });
  });
});

describe("classify: no function", () => {
  it("takes equal texts for unchanged", () => {
    expect(classify(cache, "file.rs", SAMPLE, SAMPLE)).toEqual({ kind: "unchanged" });
  });

  it("takes comments, white space and inert doc comments for moved positions", () => {
    expect(outcome(SAMPLE, "// a comment", "/* another\n */")).toBe("positions");
    expect(outcome(SAMPLE, "// a comment", '// "')).toBe("positions");
    expect(outcome(SAMPLE, "struct Pair", "\n// more\n\nstruct Pair")).toBe("positions");
    expect(outcome(SAMPLE, "{ self.0 }", "{\n        self.0\n    }")).toBe("positions");
    expect(outcome(SAMPLE, "/// Doc of one.", "/// Doc of it.\n/// More.")).toBe("positions");
    expect(outcome(SAMPLE, "//! A module.", "//! The module.")).toBe("positions");
    expect(classify(cache, "file.rs", SAMPLE, SAMPLE.replaceAll("\n", "\r\n"))).toEqual({ kind: "positions" });
  });

  it("counts white space that a macro can see", () => {
    expect(outcome("fn a() -> &'static str { stringify!(a + b) }", "a + b", "a+b")).toEqual(["a"]);
    expect(outcome("fn a(x: &&u8) -> u8 { **x & & 3 }", "& & 3", "&& 3")).toEqual(["a"]);
  });

  it("knows an attribute macro that makes another body of a body", () => {
    for (const head of [
      "#[tracing::instrument] fn",
      '#[cfg_attr(feature = "x", inline, tracing::instrument(skip_all))] fn',
      "use tracing::instrument;\n#[instrument] fn",
      "use tracing::{self, debug, instrument};\n#[instrument(err)] fn",
      "use tracing::instrument;\n/// To use.\n#[instrument] fn other() {}\n#[instrument] fn",
      "use ::tracing::{instrument, info};\n#[instrument] async fn",
    ]) {
      expect(outcome(`${head} a() { b(1) }`, "b(1)", "b(2)"), head).toEqual(["a"]);
    }
  });

  it("sends what other code may see to the crate lane", () => {
    const cases: [string, string, string, string][] = [
      ["fn a(x: u8) -> u8 { x }", "x: u8", "x: u16", "signature a"],
      ["#[inline] fn a() { b() }", "#[inline]", "#[cold]", "attribute"],
      ["struct A { x: u8 }", "u8", "u16", "struct A"],
      ["fn a() { b() }\n", "\n", "\nfn c() { d() }\n", "functionSet"],
      ["const fn a() -> u8 { 1 + 1 }", "1 + 1", "1 + 2", "constFn"],
      ["fn a() { async fn b() -> u8 { 1 + 1 } }", "1 + 1", "1 + 2", "nestedAsync"],
      ["fn a() -> impl Iterator<Item = u8> { b(1) }", "b(1)", "b(2)", "implTrait"],
      ["fn a() -> Option<Box<impl Fn() -> u8>> { b(1) }", "b(1)", "b(2)", "implTrait"],
      ["fn a() -> hidden!() { b(1) }", "b(1)", "b(2)", "implTrait"],
      ["#[tokio::main] async fn main() { b(1) }", "b(1)", "b(2)", "attributeMacro #[tokio::main]"],
      ["#[instrument(skip(x))] fn a(x: u8) { b(1) }", "b(1)", "b(2)", "attributeMacro #[instrument]"],
      ["use tracing::instrument as i;\n#[i] fn a() { b(1) }", "b(1)", "b(2)", "attributeMacro #[i]"],
      [
        "use tracing::instrument;\nmod m { use other::instrument; }\n#[instrument] fn a() { b(1) }",
        "b(1)",
        "b(2)",
        "attributeMacro #[instrument]",
      ],
      [
        '#[cfg_attr(feature = "x", inline, other::instrument)] fn a() { b(1) }',
        "b(1)",
        "b(2)",
        "attributeMacro #[other::instrument]",
      ],
      ["#[async_trait] impl A for B { fn a(&self) { b(1) } }", "b(1)", "b(2)", "attributeMacro #[async_trait]"],
      ["use test_log::test;\n#[test] fn a() { b(1) }", "b(1)", "b(2)", "attributeMacro #[test]"],
      ["#[macro_use]\nextern crate tokio;\n#[test] fn a() { b(1) }", "b(1)", "b(2)", "attributeMacro #[test]"],
      [
        "#[macro_use] // let a;\n#[cfg(x)]\n/// Doc.\npub extern crate tokio;\n#[test] fn a() { b(1) }",
        "b(1)",
        "b(2)",
        "attributeMacro #[test]",
      ],
      ["use a::{b::c, d as r#test};\n#[test] fn a() { b(1) }", "b(1)", "b(2)", "attributeMacro #[test]"],
      ["macro_rules! m { () => { fn a() { b(1) } } }", "b(1)", "b(2)", "macro m"],
      ["m! { fn a() { b(1) } }", "b(1)", "b(2)", "macroCall m"],
      ["static S: F = || { b(1) };", "b(1)", "b(2)", "static S"],
      ["#[derive(Parser)]\nstruct A {\n/// Help.\nx: u8 }", "Help", "Use", "struct A"],
      ["#[derive(Parser)]\n/// Help.\nstruct A;", "Help", "Use", "otherText 2"],
      ["fn a() { #![allow(unused)] b(1) }", "unused", "dead_code", "innerAttribute a"],
      ["fn a() { lazy_static! { static ref X: u8 = 1; } b(1) }", "= 1", "= 2", "macroCall lazy_static"],
      ["fn a() { make_items! { X = 1 } b(1) }", "= 1", "= 2", "macroCall make_items"],
      ["fn a() { use x::y; fn b() { y() } }", "x::y", "z::y", "import"],
      ["impl const A for B { fn a(&self) -> u8 { 1 + 1 } }", "1 + 1", "1 + 2", "unknownSyntax 1"],
    ];
    for (const [text, from, to, kind] of cases) {
      expect(outcome(text, from, to), text).toBe(`items: ${kind}`);
    }
  });

  it("sends syntax errors to the crate lane", () => {
    expect(outcome("fn a() { b(1) }", "b(1)", "b(1")).toMatch(/^items/);
    expect(outcome("fn a() { b(1) }", "b(1)", "b(1) }")).toMatch(/^items/);
    expect(outcome("fn a() { b(1) }", "b(1)", 'b("1)')).toMatch(/^items/);
    expect(outcome("fn a() { b(1) }", "b(1)", "b(1 2) let = ;")).toBe("items: syntaxError a");
    expect(outcome("fn a() { b(1) }\nfn c() { d(2) }", "b(1)", "/* b(1)")).toMatch(/^items/);
  });
});

describe("classify: odd texts", () => {
  it("takes no words in comments and strings for imports", () => {
    for (const head of [
      "// #[macro_use] extern crate tokio;\n",
      'const A: &str = "use test_log::test;";\n',
      "#[macro_use] mod m;\nextern crate tokio;\n",
      "use test::black_box;\n",
      "fn z() -> impl Sized + use<> {}\n",
    ]) {
      expect(outcome(`${head}#[test] fn a() { b(1) }`, "b(1)", "b(2)"), head).toEqual(["a"]);
    }
  });

  it("reads any number of lines behind an attribute in no time", () => {
    const lines = ["// let a = 1; // one\n", "#[cfg(a)] // b\n", "use a\n", "#[macro_use]\n", 'doc = r#"#\n'];
    for (const line of lines) {
      const text = `fn a() { b(1) }\n#[macro_use]\n${line.repeat(200)}#[test]\nmod tests;\n`;
      const started = performance.now();
      outcome(text, "b(1)", "b(2)");
      expect(performance.now() - started, line).toBeLessThan(1000);
    }
  });

  it("reads strings of every kind", () => {
    const bodies = [
      '"{ \\" } \\\\"',
      'r"\\"',
      'r#"} " {"#',
      'br##"}"# {"##',
      'c"}\\0"',
      "'}'",
      "'\\''",
      "b'\\''",
      "'\\u{7d}'",
      "'a: loop { break 'a '{' }",
      '/* { /* } */ " */ 1',
      "r#fn + 1",
      '"\\\n   }"',
      "1.0e-3 as u8..0x7d",
    ];
    for (const body of bodies) {
      const text = `fn a() { ${body}; b(1) }\nfn c() { d(2) }`;
      expect(outcome(text, "b(1)", "b(2)"), body).toEqual(["a"]);
      expect(outcome(text, "d(2)", "d(3)"), body).toEqual(["c"]);
    }
  });

  it("reads byte order marks, shebangs, line ends and characters of any width", () => {
    const text = '\uFEFF#!/usr/bin/env cargo\r\n// Größe 🦀\r\nfn größe() -> &\'static str {\r\n  "🦀 é"\r\n}\r\n';
    const result = edit(text, "🦀 é", "🦀🦀 ü");
    const fn = result.kind === "bodies" ? result.functions[0] : undefined;
    expect(fn).toMatchObject({ path: "größe", line: 3, bodyLine: 3, endLine: 5 });
    const bytes = Buffer.from(text.replace("🦀 é", "🦀🦀 ü"));
    expect(bytes.subarray(fn?.bytes.body.start, fn?.bytes.body.end).toString()).toBe('{\r\n  "🦀🦀 ü"\r\n}');
    expect(outcome("---\n[dependencies]\n---\nfn a() { b(1) }", "b(1)", "b(2)")).toMatch(/^items/);
  });
});

describe("tests, in a build without them", () => {
  const text = `fn used(x: u32) -> u32 { x + 1 }
/// Helps.
#[cfg(test)]
fn helper() -> u32 { 20 }
#[cfg(all(test, unix))]
fn perhaps() -> u32 { 30 }
#[cfg(test)]
mod tests {
    use super::*;
    const EXPECTED: u32 = 2;
    #[test]
    fn adds() { assert_eq!(used(1), EXPECTED); }
}
#[test]
fn alone() { assert_eq!(used(40), 41); }
fn last() -> u32 { used(50) }
`;

  const outcomes = (from: string, to: string): (string | string[])[] =>
    [false, true].map((hasTests) => {
      expect(text.split(from)).toHaveLength(2);
      const after = text.replace(from, () => to);
      const result = classify(cache, "file.rs", text, after, hasTests);
      if (result.kind === "bodies") return result.functions.map((fn) => fn.path);
      return result.kind === "items" ? refusalOf(result.refusal) : result.kind;
    });

  it.each([
    ["a body in a module of tests", "used(1), ", "used(0) + 1, ", ["mod tests::adds"]],
    ["a test alone", "used(40)", "used(20) + 20", ["alone"]],
    ["a function for tests", "{ 20 }", "{ 21 }", ["helper"]],
    ["anything else among tests", "u32 = 2", "u64 = 2", "items: constant EXPECTED"],
    ["another test", "#[test]\nfn alone", "#[test]\nfn new() {}\n#[test]\nfn alone", "items: functionSet"],
  ])("%s is nothing", (_, from, to, inTests) => {
    expect(outcomes(from, to)).toEqual(["positions", inTests]);
  });

  it("what follows the tests is an edit of its own", () => {
    expect(outcomes("used(50)", "used(51)")).toEqual([["last"], ["last"]]);
    expect(
      outcomes(
        "#[test]\nfn alone() { assert_eq!(used(40), 41); }\nfn last() -> u32 { used(50) }",
        "fn last() -> u32 { used(51) }",
      )[0],
    ).toEqual(["last"]);
  });

  it("other conditions may hold in any build", () => {
    expect(outcomes("{ 30 }", "{ 31 }")).toEqual([["perhaps"], ["perhaps"]]);
  });

  it("what makes something a test, or ends that, is more than nothing", () => {
    expect(outcomes("#[cfg(test)]\nfn helper", "fn helper")[0]).toMatch(/^items/);
    expect(outcomes("fn used", "#[cfg(test)]\nfn used")[0]).toMatch(/^items/);
    expect(outcomes("used(40), 41);", "used(40), 41;")[0]).toMatch(/^items/);
  });
});
