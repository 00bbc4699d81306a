/** Which names of a body have to be looked at, since they may be somebody else's. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as path from "node:path";
import { SourceCache } from "../../../server/src/core/body/index.js";
import { factsOf } from "../../../server/src/core/body/patch/facts.js";
import { mayBeOwn, namesOfOthers } from "../../../server/src/core/body/patch/privacy.js";

const names = (text: string, hasGlobs = false): string[] =>
  [...namesOfOthers(text, { hasGlobs, isCrate: (name) => name === "std" })].sort();

it("finds fields, methods and paths, and tells them apart", () => {
  expect(names("{ let a = b.c.d(); e::f(g) }")).toEqual(["associated d", "associated f", "field c", "item f"]);
  expect(names("{ a.b::<u8>(); (a.c)(1); a.d?.e }")).toEqual(["associated b", "field c", "field d", "field e"]);
  expect(names("{ T { a: 1, b, c } }")).toEqual(["field a", "field b", "field c"]);
  expect(names("{ let T { a, b: x } = y; }")).toEqual(["field a", "field b"]);
});

it("leaves names of the module, and those that the body binds", () => {
  expect(names('{ let tag: u8 = helper(1); println!("{tag} {}", tag) }')).toEqual([]);
});

it("leaves paths into other crates to rustc", () => {
  expect(names("{ std::hint::black_box(::std::mem::size_of::<u8>()); }")).toEqual([]);
  expect(names("{ own::std::x(); Vec::<u8>::new(); <T as std::Tr>::g() }")).toEqual(
    ["g", "new", "std", "x"].flatMap((name) => [`associated ${name}`, `item ${name}`]).sort(),
  );
});

it("takes every argument of a macro that may make anything of it", () => {
  const all = (...words: readonly string[]): string[] =>
    words.flatMap((word) => ["associated", "field", "item"].map((kind) => `${kind} ${word}`)).sort();
  expect(names("{ field!(x, hidden); vec![shown(1)] }")).toEqual(all("hidden", "x"));
  expect(names("{ own::field!(x (hidden)) }")).toEqual(
    [...all("hidden", "x"), "associated field", "item field"].sort(),
  );
});

it("takes names alone where glob imports may have brought them", () => {
  expect(names('{ let tag = hidden(1); println!("{tag} {HIDDEN}", tag) }', true)).toEqual([
    "item HIDDEN",
    "item hidden",
    "item let",
    "item println",
  ]);
  expect(names("{ early(); let early = 1; }", true)).toEqual(["item early", "item let"]);
});

describe("a name that a path begins with", () => {
  let sources: SourceCache;
  beforeAll(async () => {
    sources = await SourceCache.create(path.resolve(import.meta.dirname, "../../../dist"));
  });
  afterAll(() => sources.dispose());
  const isOwn = (text: string): boolean => {
    const facts = factsOf(text, sources.get("file.rs", text).root);
    if (typeof facts === "string") throw new Error(facts);
    return mayBeOwn("std", facts);
  };

  it("is the crate's own where something of that name is declared or imported", () => {
    expect(isOwn("mod a { mod std; }")).toBe(true);
    expect(isOwn("use crate::mocks::{other, std};")).toBe(true);
    expect(isOwn("use crate::mocks::std;")).toBe(true);
    expect(isOwn("use mocks as std;")).toBe(true);
    expect(isOwn("struct std;")).toBe(true);
  });

  it("is a crate's anywhere else", () => {
    expect(isOwn("use std::fmt; pub use ::other::{a, stdx}; mod a { use std::io as x; } fn f() {}")).toBe(false);
  });
});
