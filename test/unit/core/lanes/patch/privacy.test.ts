/** What is private elsewhere: how rustc is made to tell of its uses, and which names are looked for in texts. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SourceCache } from "../../../../../server/src/core/source/sourceCache.js";
import { factsOf } from "../../../../../server/src/core/lanes/patch/moduleFacts.js";
import { offsetAt, offsetBefore } from "../../../../../server/src/core/lanes/patch/rustcPlaces.js";
import {
  type RestrictedName,
  isWithin,
  markOf,
  markedUse,
  nameOfOthers,
  scopeOf,
} from "../../../../../server/src/core/lanes/patch/privacy.js";
import { Refusal } from "../../../../../server/src/core/edits/refusal.js";
import { openSources } from "../../../../support/repository.js";

it("knows from where something can be used", () => {
  expect(scopeOf(undefined, "a::b")).toBe("a::b");
  expect(["pub", "crate", "pub(crate)", "pub ( crate )"].map((text) => scopeOf(text, "a::b"))).toEqual([
    "",
    "",
    "",
    "",
  ]);
  expect(scopeOf("pub(super)", "a::b")).toBe("a");
  expect(scopeOf("pub(super)", "a")).toBe("");
  expect(scopeOf("pub(self)", "a::b")).toBe("a::b");
  expect(scopeOf("pub(in super::super)", "a::b::c")).toBe("a");
  expect(scopeOf("pub(in crate::a)", "a::b")).toBe("a");
  expect(scopeOf("pub(in a)", "a::b")).toBe(undefined);
  expect(["a", "a::b", "", "ab"].map((module) => isWithin(module, "a"))).toEqual([true, true, false, false]);
  expect(isWithin("anything", "")).toBe(true);
});

describe("a use of something marked", () => {
  const span = (line: number, more: object = {}): object => ({
    file_name: `${line}.rs`,
    line_start: line,
    column_start: 2,
    is_primary: true,
    ...more,
  });
  const note = /"(.*)"/.exec(markOf("item", "u-1", "a::b"))?.[1] ?? "";

  it("is where the outermost macro is called", () => {
    const expanded = span(1, { expansion: { span: span(2, { expansion: { span: span(3, { expansion: null }) } }) } });
    expect(
      markedUse({ level: "warning", message: `use of deprecated method \`A::f\`: ${note}`, spans: [expanded] }),
    ).toEqual({ unit: "u-1", scope: "a::b", file: "3.rs", line: 3, column: 2 });
  });

  it("is none of a field for its struct's sake, and none of what others deprecate", () => {
    const of = (message: string): unknown => markedUse({ level: "warning", message, spans: [span(1)] });
    expect(of(`use of deprecated field \`A::f\`: ${note}`)).toBe(undefined);
    expect(of(`use of deprecated field \`A::f\`: ${note.replace("item", "field")}`)).toMatchObject({ scope: "a::b" });
    expect(of("use of deprecated function `f`: use `g`")).toBe(undefined);
  });
});

it("finds places again", () => {
  const text = "a\n\u{1F600}\u00e9bc\n";
  expect(text.slice(offsetAt(text, 2, 3))).toBe("bc\n");
  // ab[cd]ef → ab[x]ef, then "yy" in front of f.
  const replacements = [
    { start: 2, end: 4, text: "x" },
    { start: 5, end: 5, text: "yy" },
  ];
  expect([0, 1, 2, 3, 4, 5, 6].map((offset) => offsetBefore(replacements, offset))).toEqual([0, 1, 2, 4, 5, 5, 5]);
});

describe("names without a mark", () => {
  let sources: SourceCache;
  beforeAll(async () => {
    sources = await openSources();
  });
  afterAll(() => sources.dispose());

  const restricted: readonly RestrictedName[] = [
    { kind: "name", name: "hidden", scope: "a" },
    { kind: "module", name: "log", scope: "a" },
    { kind: "constructor", name: "New", scope: "a" },
    { kind: "hidden", name: "made", scope: "" },
    { kind: "field", name: "own", scope: "a" },
  ];
  const means = (text: string, module = "b", file = ""): boolean => {
    const facts = factsOf(file, sources.get("file.rs", file).root ?? expect.fail("no tree"));
    if (facts instanceof Refusal) throw new Error(facts.text);
    return nameOfOthers(text, "New", module, facts, restricted) !== undefined;
  };

  it("are looked for where they may mean something", () => {
    expect(
      ["fn f() { hidden() }", "fn f() { m!(hidden) }", 'fn f() { print!("{hidden:?}") }'].map((it) => means(it)),
    ).toEqual([true, true, true]);
    expect(["fn f() { log::g() }", "fn f(log: u8) { log + 1 }"].map((it) => means(it))).toEqual([true, false]);
    expect(
      ["New(1)", "x.map(New)", "Self(1)", "New { x: 1, ..y }", "Self { ..y }"].map((it) => means(`fn f() { ${it} }`)),
    ).toEqual([true, true, true, true, true]);
    expect(
      ["x: New", "New { x: 1 }", "New { x, .. }", "New::new()", "f(a..b)"].map((it) => means(`fn f() { ${it} }`)),
    ).toEqual([false, false, false, false, false]);
  });

  it("are looked for where a field may be meant", () => {
    const uses = [
      "x.own",
      "S { own: 1 }",
      "let S { own, .. } = x;",
      "S { a, ref own } = x",
      "m!(own)",
      "offset_of!(S, own)",
    ];
    expect(uses.filter((it) => !means(`fn f() { ${it} }`))).toEqual([]);
    const others = [
      "let own = 1; g(own, own + 1)",
      "x.own()",
      "0..own",
      'println!("{own} {}", own)',
      "own::g()",
      "|own| own",
    ];
    expect(others.filter((it) => means(`fn f(own: u8) { ${it}; }`))).toEqual([]);
    // The module has another macro of that name.
    expect(means('fn f() { println!("{}", own) }', "b", "use x::println;")).toBe(true);
  });

  it("are looked for everywhere if the twin has them not", () => {
    expect(["x.made()", "A::made", "made(1)", "let made = 1"].map((it) => means(`fn f() { ${it} }`, "a"))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it("are nothing to the modules that may use them, or have their own", () => {
    expect(means("fn f() { hidden() }", "a::c")).toBe(false);
    expect(means("fn f() { log::g() }", "b", "mod log;")).toBe(false);
    expect(means("fn f() { log::g() }", "b", "use x::log;")).toBe(false);
  });
});
