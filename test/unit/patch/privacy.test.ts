/** Which names of a body have to be looked at, since they may be somebody else's. */
import { expect, it } from "vitest";
import { namesOfOthers } from "../../../server/src/core/body/patch/privacy.js";

const names = (text: string, hasGlobs = false): string[] => [...namesOfOthers(text, hasGlobs)].sort();

it("finds fields, methods and paths", () => {
  expect(names("{ let a = b.c.d(); e::f(g) }")).toEqual(["c", "d", "f"]);
  expect(names("{ T { a: 1, b, c } }")).toEqual(["a", "b", "c"]);
  expect(names("{ let T { a, b: x } = y; }")).toEqual(["a", "b"]);
});

it("leaves names of the module, and those that the body binds", () => {
  expect(names('{ let tag: u8 = helper(1); println!("{tag} {}", tag) }')).toEqual([]);
});

it("takes every argument of a macro that may make anything of it", () => {
  expect(names("{ field!(x, hidden); vec![shown(1)] }")).toEqual(["hidden", "x"]);
  expect(names("{ own::field!(x (hidden)) }")).toEqual(["field", "hidden", "x"]);
});

it("takes names alone where glob imports may have brought them", () => {
  expect(names('{ let tag = hidden(1); println!("{tag} {HIDDEN}", tag) }', true)).toEqual([
    "HIDDEN",
    "hidden",
    "let",
    "println",
  ]);
  expect(names("{ early(); let early = 1; }", true)).toEqual(["early", "let"]);
});
