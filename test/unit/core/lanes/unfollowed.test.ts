import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  forgetUnfollowed,
  hasFailed,
  keepFailed,
  keepUnfollowed,
  readUnfollowed,
} from "../../../../server/src/core/lanes/unfollowed.js";
import { Layout } from "../../../../server/src/core/support/layout.js";

/** Of two selections of a target directory: what they have in common is a library. */
const ONE = ["lib", "one"];
const TWO = ["lib", "two"];

let layout: Layout;
beforeEach(() => {
  layout = new Layout(fs.mkdtempSync(path.join(os.tmpdir(), "cranefly unfollowed ")));
});
afterEach(() => fs.rmSync(layout.root, { recursive: true }));

const texts = (...units: readonly string[]): Map<string, Map<string, string>> =>
  new Map(units.map((key) => [key, new Map([[`${key}.rs`, `text of ${key}`]])]));

it("is not forgotten when another selection is compiled", () => {
  keepUnfollowed(layout, ONE, texts("lib", "one"));
  forgetUnfollowed(layout, TWO);
  expect([...readUnfollowed(layout, ONE)]).toEqual([["one.rs", "text of one"]]);
  forgetUnfollowed(layout, ONE);
  expect(fs.existsSync(layout.unfollowed)).toBe(false);
});

it("is what a selection has now, and what others had", () => {
  keepUnfollowed(layout, ONE, texts("one"));
  keepUnfollowed(layout, TWO, texts("two"));
  keepUnfollowed(layout, ONE, texts("lib"));
  expect([...readUnfollowed(layout, ONE).keys()]).toEqual(["lib.rs"]);
  expect([...readUnfollowed(layout, TWO).keys()]).toEqual(["lib.rs", "two.rs"]);
});

it("has failed for those who have the unit", () => {
  keepUnfollowed(layout, ONE, texts("one"));
  keepFailed(layout, ONE);
  forgetUnfollowed(layout, TWO);
  expect([hasFailed(layout, ONE), hasFailed(layout, TWO)]).toEqual([true, false]);
  // Nobody knows which one it is.
  keepFailed(layout, TWO);
  expect([hasFailed(layout, ONE), hasFailed(layout, TWO)]).toEqual([true, true]);
  forgetUnfollowed(layout, ONE);
  expect(hasFailed(layout, ["two"])).toBe(true);
});
