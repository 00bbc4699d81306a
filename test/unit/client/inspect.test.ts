/** Virtual documents: their addresses, and the lines that belong together. */
import { expect, test } from "vitest";
import { fromQuery, toUriParts, type Address } from "../../../client/src/inspect/address.js";
import { asRanges, referenceAt, shiftLine, sourceLinesOf, textLinesOf } from "../../../client/src/inspect/mapping.js";

const address: Address = {
  what: "clif",
  name: "app::<impl Shape for Circle>::area",
  uri: "file:///w/src/main.rs",
  line: 4,
  symbol: "_ZN3app4areaE",
};

test("an address survives its URI", () => {
  for (const variant of [address, { ...address, previous: true }, { ...address, what: "asm" as const }]) {
    expect(fromQuery(toUriParts(variant).query)).toEqual(variant);
  }
});

test("a document's path has a readable name and the extension of its language", () => {
  expect(toUriParts(address).path).toBe("/app::<impl_Shape_for_Circle>::area.clif");
  expect(toUriParts({ ...address, what: "llvm", name: "a/b?c#d", previous: true }).path).toBe("/a_b_c_d (previous).ll");
  expect(toUriParts({ ...address, name: "x".repeat(500) }).path.length).toBeLessThan(100);
});

test("other queries are not addresses", () => {
  for (const query of ["", "{", "null", '{"what":"clif"}', JSON.stringify({ ...address, what: "__proto__" })]) {
    expect(fromQuery(query), query).toBeUndefined();
  }
});

const lines = [
  { line: 3, file: "/w/src/main.rs", sourceLine: 10 },
  { line: 4, file: "/w/src/main.rs", sourceLine: 10 },
  { line: 6, file: "/w/src/main.rs", sourceLine: 12 },
  { line: 7, file: "/rust/core/mod.rs", sourceLine: 10 },
  { line: 9, file: "src/main.rs", sourceLine: 11 },
];

test("source lines lead to the text's lines", () => {
  expect(textLinesOf(lines, "/w/src/main.rs", { start: 9, end: 9 })).toEqual([2, 3]);
  expect(textLinesOf(lines, "/w/src/main.rs", { start: 9, end: 11 })).toEqual([2, 3, 5, 8]);
  expect(textLinesOf(lines, "/w/src/other.rs", { start: 0, end: 100 })).toEqual([]);
});

test("the text's lines lead to source lines, by file", () => {
  expect([...sourceLinesOf(lines, { start: 2, end: 6 })]).toEqual([
    ["/w/src/main.rs", [9, 11]],
    ["/rust/core/mod.rs", [9]],
  ]);
  expect(sourceLinesOf(lines, { start: 0, end: 1 }).size).toBe(0);
});

test("neighbouring lines are one range", () => {
  expect(asRanges([1, 2, 3, 7, 9, 10])).toEqual([
    { start: 1, end: 3 },
    { start: 7, end: 7 },
    { start: 9, end: 10 },
  ]);
  expect(asRanges([])).toEqual([]);
});

test("symbols are found by place", () => {
  const ref = { line: 2, column: 5, length: 3, symbol: "s", name: "n", file: null, sourceLine: 0 };
  expect(referenceAt([ref], 1, 4)).toBe(ref);
  expect(referenceAt([ref], 1, 7)).toBe(ref);
  expect(referenceAt([ref], 1, 3)).toBeUndefined();
  expect(referenceAt([ref], 2, 5)).toBeUndefined();
});

test("a line moves with the edits above it", () => {
  // Two lines added, one line's text replaced, three lines removed.
  expect(shiftLine(10, { start: 4, end: 4, newLines: 3 })).toBe(12);
  expect(shiftLine(10, { start: 4, end: 4, newLines: 1 })).toBe(10);
  expect(shiftLine(10, { start: 4, end: 7, newLines: 1 })).toBe(7);
  // Below it, and around it.
  expect(shiftLine(10, { start: 10, end: 12, newLines: 9 })).toBe(10);
  expect(shiftLine(10, { start: 8, end: 12, newLines: 2 })).toBe(9);
});
