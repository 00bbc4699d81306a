import { beforeAll, expect, it } from "vitest";
import { classify } from "../../../../../server/src/core/edits/classify.js";
import { deniesItems } from "../../../../../server/src/core/lanes/mirror/lints.js";
import type { SourceCache } from "../../../../../server/src/core/source/sourceCache.js";
import type { UnitRecord } from "../../../../../server/src/core/units/record.js";
import { openSources } from "../../../../support/repository.js";

let cache: SourceCache;
beforeAll(async () => {
  cache = await openSources();
});

/** Whether an edit, of the text `fn main() {}` and what is given, may be an error by a lint about items. */
function denies(lint: string, after: string, before = "", args: readonly string[] = []): boolean {
  const edit = classify(cache, "main.rs", `fn main() {}\n${before}`, `fn main() {}\n${after}`, false);
  if (edit.kind !== "items") return expect.fail(`no items: ${edit.kind}`);
  expect(edit.items).not.toEqual([]);
  const invocation = { key: "a", id: "a", command: ["rustc"], args: [...args], cwd: "/", env: {}, needsRlib: false };
  const more = { bitcodeDir: "", bitcode: [], inputs: [], envDeps: [], externs: [], linkSources: [] };
  const record: UnitRecord = { version: 6, invocation, crate: "a", ...more, metadata: null, diagnostics: [] };
  return deniesItems(record, args.length > 0 ? [] : [lint], edit.items);
}

it("knows lints that report on nothing but what is public", () => {
  const hidden = [
    "fn a() {}",
    "pub(crate) fn a() {}",
    "pub ( in self ) const A: u8 = 1;",
    "struct A { x: u8 }",
    "use std::fmt;",
  ];
  for (const item of hidden) expect([item, denies("unreachable_pub", item)]).toEqual([item, false]);
  expect(denies("", "fn a() {}", "", ["-D", "unreachable-pub", "--deny=missing_docs"])).toBe(false);
  const visible = ["pub fn a() {}", "struct A { pub x: u8 }", "struct A(pub (u8, u8));", "pub use std::fmt;"];
  for (const item of visible) expect([item, denies("missing_docs", item)]).toEqual([item, true]);
  // What was public may have made others so.
  expect(denies("unreachable_pub", "fn a() -> u8 { 1 }", "pub fn a() {}")).toBe(true);
  expect(denies("unreachable_pub", "impl Iterator for A { type Item = B; }", "struct A; struct B;")).toBe(true);
});

it("knows that others may get a type that is not public itself", () => {
  expect(denies("missing_debug_implementations", "fn a() {}")).toBe(false);
  expect(denies("missing_debug_implementations", "struct A;")).toBe(true);
  expect(denies("missing_copy_implementations", "enum A { B }")).toBe(true);
});

it("leaves to rustc whether a new item that is private is used, and has none for one that is gone", () => {
  for (const lint of ["dead_code", "unused", "warnings", "unused_imports"]) {
    for (const item of ["fn a() {}", "pub(crate) const A: u8 = 1;", "static A: u8 = 1;"])
      expect([lint, item, denies(lint, item)]).toEqual([lint, item, false]);
    for (const item of ["pub fn a() {}", "struct A;", "use std::fmt;", "impl A { fn b() {} }"])
      expect([lint, item, denies(lint, item, "struct A;".repeat(Number(item.startsWith("impl"))))]).toEqual([
        lint,
        item,
        true,
      ]);
    expect([lint, denies(lint, "fn a(x: u8) {}", "fn a() {}")]).toEqual([lint, true]);
    expect([lint, denies(lint, "", "fn a() {}")]).toEqual([lint, false]);
    expect([lint, denies(lint, "", "pub fn a() {}")]).toEqual([lint, true]);
  }
});

it("cannot tell what other lints say of a new item", () => {
  expect(denies("nonstandard_style", "fn a() {}")).toBe(true);
  expect(denies("unused_variables", "fn a() {}")).toBe(false);
});
