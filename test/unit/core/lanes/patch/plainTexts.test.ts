/** Which files beside the sources are no more than texts. */
import { describe, expect, it } from "vitest";
import { plainTexts } from "../../../../../server/src/core/lanes/patch/plainTexts.js";

/** Sources that read `a/README.md`, or another file, and macros of the workspace; and what of that is a text. */
const CASES: Readonly<Record<string, readonly [sources: readonly string[], isPlain: boolean, upstream?: string]>> = {
  "a crate's documentation": [['#![doc = include_str!("../README.md")]'], true],
  "documentation under a condition": [['#![cfg_attr(doctest, doc = include_str!("../README.md"))]'], true],
  "a constant, and a macro of std": [
    ['const A: &str = include_str!("README.md");', 'fn f() { print!("{}", include_str!("README.md")) }'],
    true,
  ],
  "bytes, and a comment with its name": [
    ['/// See "README.md".\nconst A: &[u8] = include_bytes!("README.md"); // "README.md"'],
    true,
  ],
  "a name that nothing reads": [["fn f() {}"], false],
  "a source that is included": [['include!("README.md");', 'const A: &str = include_str!("README.md");'], false],
  "a module's path": [['#[path = "README.md"] mod m;', 'const A: &str = include_str!("README.md");'], false],
  "a macro that is not known": [['made!("README.md");', 'const A: &str = include_str!("README.md");'], false],
  "the input of a macro that is not known": [['made!(include_str!("README.md"));'], false],
  "an attribute that is not known": [['#[made(include_str!("README.md"))] struct S;'], false],
  "a derive's attribute": [['#[grammar = "README.md"] struct S;', 'const A: &str = include_str!("README.md");'], false],
  "a definition of a macro": [['macro_rules! m { () => { include_str!("README.md") } }'], false],
  "an include whose path is not known": [["include!($path);", 'const A: &str = include_str!("README.md");'], false],
  "an include of what a build script makes": [
    ['include!(concat!(env!("OUT_DIR"), "/made.rs"));', 'const A: &str = include_str!("README.md");'],
    true,
  ],
  "a macro by another name": [["use std::include_str as text;", 'const A: &str = include_str!("README.md");'], false],
  "a macro of the workspace that includes": [
    ['const A: &str = include_str!("README.md");'],
    false,
    "macro_rules! m { ($p:literal) => { include!($p); } }",
  ],
};

describe("a file that rustc has read", () => {
  it.each(Object.entries(CASES))("%s", (_, [sources, isPlain, upstream]) => {
    const found = plainTexts(["a/README.md"], sources, () => (upstream === undefined ? [] : [upstream]));
    expect([...found]).toEqual(isPlain ? ["a/README.md"] : []);
  });

  it("of a kind that is made into code", () => {
    expect(plainTexts(["a/b.pest"], ['const A: &str = include_str!("b.pest");'], () => [])).toEqual(new Set());
  });
});
