/** Which compiled function belongs where, and what lenses say: on the sample's sources and entries like the engine's. */
import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { ServerSettings, TestCase } from "../../../../shared/src/lsp.js";
import { RustParser } from "../../../../server/src/core/source/grammar.js";
import {
  attributeByLine,
  attributeByName,
  carryOver,
} from "../../../../server/src/lsp/features/functions/attribute.js";
import { type ProgramEntry, factsOf } from "../../../../server/src/lsp/features/functions/facts.js";
import { hoverText } from "../../../../server/src/lsp/features/functions/functionHover.js";
import { functionHints } from "../../../../server/src/lsp/features/lenses/functionLenses.js";
import { isShown, summaryOf } from "../../../../server/src/lsp/features/lenses/functionText.js";
import { modulePathOf } from "../../../../server/src/lsp/features/lenses/modules.js";
import { runLenses } from "../../../../server/src/lsp/features/lenses/runLenses.js";
import {
  type FileHarness,
  ownHarnessLenses,
  testLenses,
  testNames,
} from "../../../../server/src/lsp/features/lenses/testLenses.js";
import { structureOf } from "../../../../server/src/lsp/features/syntax/document.js";
import type { Structure } from "../../../../server/src/lsp/features/syntax/structure.js";
import { TextDocument } from "vscode-languageserver-textdocument";
import { ROOT } from "../../../support/repository.js";

const SHAPES = fs.readFileSync(path.join(ROOT, "test/fixtures/sample/crates/shapes/src/lib.rs"), "utf8");

const LENS: ServerSettings["lens"] = {
  run: true,
  debug: true,
  tests: true,
  functions: "lens",
  show: "all",
  thresholdMicroseconds: 1000,
  slowMicroseconds: 10_000,
};

let parser: RustParser;
beforeAll(async () => {
  parser = await RustParser.load(path.join(ROOT, "dist"));
});
const structure = (text: string): Structure => structureOf(parser, text) ?? expect.fail("too large");

function entry(name: string, line: number, more: Partial<ProgramEntry> = {}): ProgramEntry {
  return {
    symbol: `_ZN${name}${line}E`,
    name,
    file: "/s/lib.rs",
    line,
    tier: "cranelift",
    construct: null,
    us: { parse: 1, hash: 2, translate: 3, compile: 4 },
    bytes: 100,
    status: "untouched",
    unit: "u",
    generic: null,
    instance: null,
    endLine: null,
    changed: false,
    program: "debug/app",
    rank: 0,
    ...more,
  };
}

describe("compiled functions", () => {
  const lineOf = (text: string): number => SHAPES.split("\n").findIndex((line) => line.includes(text)) + 1;
  const entries = (): ProgramEntry[] => [
    entry("<sample_shapes::Rect as sample_shapes::Shape>::area", lineOf("fn area") + 0),
    entry("sample_shapes::total_area", lineOf("fn total_area")),
    entry("sample_shapes::total_area::{{closure}}", lineOf("fn total_area") + 1),
    entry("<sample_shapes::Rect as core::fmt::Debug>::fmt", lineOf("derive")),
    entry("sample_shapes::somewhere_else", lineOf("fn largest_by")),
  ];

  it("belong where line and name agree, closures to their function", () => {
    const found = attributeByLine(structure(SHAPES), entries().slice(1), false);
    expect([...found].map(([key, list]) => [key, list.length])).toEqual([["total_area", 2]]);
  });

  it("follow their function through edits, and are lost rather than wrong", () => {
    const compiled = structure(SHAPES);
    const attribution = attributeByLine(compiled, entries().slice(1), false);
    const moved = structure(`// a line\n\nfn total_area_2() {}\n${SHAPES}`);
    expect([...carryOver(attribution, compiled, moved).keys()]).toEqual(["total_area"]);
    const renamed = structure(SHAPES.replace("fn total_area", "fn total"));
    expect([...carryOver(attribution, compiled, renamed).keys()]).toEqual([]);
    const twice = structure(`${SHAPES}\n#[cfg(any())]\nfn total_area() {}\n`);
    expect([...carryOver(attribution, compiled, twice).keys()]).toEqual([]);
  });

  it("belong by name alone only where that is clear", () => {
    const text = [
      "impl A { fn new() {} }",
      "impl B { fn new() {} }",
      "impl Shape for A { fn area(&self) {} }",
      "#[cfg(x)] fn twice() {}",
      "#[cfg(not(x))] fn twice() {}",
      "fn once() {}",
      "mod m { fn here() {} }",
    ].join("\n");
    const found = attributeByName(structure(text), [
      entry("app::B::new", 90),
      entry("<app::A as app::Shape>::area", 91),
      entry("app::twice", 92),
      entry("app::once::{{closure}}", 93),
      entry("app::m::here", 94),
      entry("<app::C as app::Shape>::area", 95),
    ]);
    expect([...found.keys()]).toEqual(["<B>::new", "<A as Shape>::area", "once", "m::here"]);
  });

  it("of other versions of the file belong nowhere when what is around them differs", () => {
    const text = "impl B {\n    fn new() {}\n}\n";
    const stale = [entry("app::A::new", 2), entry("app::B::new", 2)];
    expect(attributeByLine(structure(text), stale, true).get("<B>::new")).toHaveLength(1);
  });

  it("are summed up once a symbol", () => {
    const library = entry("shared::f", 1);
    const facts = factsOf([
      { ...library, program: "a" },
      { ...library, program: "b", status: "compiled" },
      { ...entry("shared::f", 1, { symbol: "other", tier: "llvm" }), program: "b" },
      { ...entry("shared::f::{{closure}}", 2), program: "a" },
    ]);
    expect(facts).toMatchObject({ instances: 2, inner: 1, us: 30, bytes: 300, tiers: { cranelift: 2, llvm: 1 } });
    expect(facts?.statuses).toEqual({ compiled: 1, hit: 0, untouched: 2, deferred: 0 });
    expect(factsOf([])).toBeUndefined();
  });

  it("count once, although tests have them again", () => {
    const facts = factsOf([
      entry("app::f", 1, { symbol: "of the tests", program: "t", rank: 2, changed: true }),
      entry("app::f", 1, { symbol: "of the program", program: "p", rank: 0 }),
    ]);
    expect(facts).toMatchObject({ instances: 1, us: 10, bytes: 100, changed: false });
    expect(facts?.all.map((item) => item.symbol)).toEqual(["of the program", "of the tests"]);
  });
});

describe("a function's line", () => {
  const facts = (more: Partial<ProgramEntry>, n = 1): NonNullable<ReturnType<typeof factsOf>> =>
    factsOf(Array.from({ length: n }, (_, at) => entry("a::f", 1, { symbol: `s${at}`, ...more }))) ?? expect.fail();

  it("says what there is", () => {
    expect(summaryOf(facts({ status: "compiled", bytes: 410 }, 3))).toBe(
      "30 µs · 1.2 KB · 3 instances · Cranelift · compiled",
    );
    expect(summaryOf(facts({ tier: "none", bytes: 0, status: "deferred" }))).toBe("compiled when first called");
    expect(summaryOf(facts({ tier: "llvm", status: "hit" }))).toBe("10 µs · 100 B · LLVM · cached");
  });

  it("is quiet about what is quick, unchanged and Cranelift's", () => {
    const quiet = { ...LENS, show: "quiet" } as const;
    expect(isShown(facts({}), quiet)).toBe(false);
    expect(isShown(facts({}), LENS)).toBe(true);
    expect(isShown(facts({ tier: "llvm" }), quiet)).toBe(true);
    expect(isShown(facts({ status: "compiled" }), quiet)).toBe(false);
    expect(isShown(facts({ changed: true }), quiet)).toBe(true);
    expect(isShown(facts({ us: { parse: 0, hash: 0, translate: 0, compile: 1000 } }), quiet)).toBe(true);
  });

  it("stands at the end of the line where the body begins", () => {
    const text = "pub fn f(\n) -> u8 { // why\n    1\n}\n";
    const document = TextDocument.create("file:///s/lib.rs", "rust", 1, text);
    const [item] = structure(text).functions;
    if (item === undefined) expect.fail();
    const [hint] = functionHints(document, [{ item, facts: facts({}) }], LENS);
    expect(hint).toMatchObject({
      position: { line: 1, character: 16 },
      label: [{ value: "○ 10 µs · 100 B · Cranelift · unchanged" }],
    });
  });

  it("has a breakdown that is bounded", () => {
    const text = hoverText("f", facts({ name: "a::B<c|d>::f" }, 20), undefined);
    expect(text.split("\n").filter((line) => line.startsWith("| `"))).toHaveLength(8);
    expect(text).toContain("and 12 more, 120 µs in all");
    expect(text).toContain("200 µs · 1.95 KB · 20 instances");
  });
});

describe("run lenses", () => {
  it("stand at a target's own main", () => {
    const text = "mod a { fn main() {} }\n\nfn main() {}\n";
    const target = { kind: "bin", project: "file:///s", package: "p", name: "app" } as const;
    const lenses = runLenses(structure(text), [{ target, label: "app", uri: "file:///s/main.rs" }], LENS);
    expect(lenses.map((lens) => [lens.range.start.line, lens.command?.title])).toEqual([
      [2, "▶ Run (JIT)"],
      [2, "▶ Debug"],
    ]);
    expect(lenses[0]?.command?.arguments).toEqual([{ target }]);
    expect(runLenses(structure(text), [], LENS)).toEqual([]);
  });
});

describe("test lenses", () => {
  const uri = "file:///s/src/a/b.rs";
  const test = (name: string, where: string | null = uri): TestCase => ({
    name,
    kind: "test",
    uri: where ?? undefined,
    line: 0,
  });
  const harness = (tests: readonly TestCase[] | undefined, more: Partial<FileHarness> = {}): FileHarness => ({
    project: "file:///s",
    program: "debug/deps/p-1",
    label: "p",
    modules: ["a", "b"],
    isWhole: false,
    tests,
    ...more,
  });
  const text = [
    "#[test] fn top() {}",
    "mod tests {",
    "    #[rstest] fn cases() {}",
    "    #[tokio::test] async fn waits() {}",
    "    fn helper() {}",
    "    mod deep { #[test] fn top() {} }",
    "}",
    "impl S { #[test] fn method() {} }",
  ].join("\n");
  const names = (
    tests: readonly TestCase[] | undefined,
    more: Partial<FileHarness> = {},
  ): [string, readonly string[]][] =>
    [...testNames(uri, structure(text), harness(tests, more))].map(([item, list]) => [item.key, list]);

  it("go by attributes until the tests are listed", () => {
    expect(names(undefined)).toEqual([
      ["top", ["a::b::top"]],
      ["tests::cases", ["a::b::tests::cases"]],
      ["tests::waits", ["a::b::tests::waits"]],
      ["tests::deep::top", ["a::b::tests::deep::top"]],
    ]);
  });

  it("join functions with the tests that macros made of them", () => {
    const listed = [
      "top",
      "tests::cases::case_1",
      "tests::cases::case_2",
      "tests::waits",
      "tests::helper",
      "tests::deep::top",
    ];
    expect(names(listed.map((name) => test(`a::b::${name}`)))).toEqual([
      ["top", ["a::b::top"]],
      ["tests::cases", ["a::b::tests::cases::case_1", "a::b::tests::cases::case_2"]],
      ["tests::waits", ["a::b::tests::waits"]],
      ["tests::helper", ["a::b::tests::helper"]],
      ["tests::deep::top", ["a::b::tests::deep::top"]],
    ]);
  });

  it("leave other files' tests alone", () => {
    expect(names([test("a::b::top", "file:///s/src/other.rs"), test("a::c::top", null)])).toEqual([]);
    expect(names([test("elsewhere::tests::deep::top")])).toEqual([
      ["tests::deep::top", ["elsewhere::tests::deep::top"]],
    ]);
  });

  it("offer functions, modules and the file", () => {
    const lenses = testLenses(uri, structure(text), [harness(undefined)], { ...LENS, debug: false });
    expect(lenses.map(({ range, command }) => [range.start.line, command?.title])).toEqual([
      [0, "▶ Run tests (JIT)"],
      [1, "▶ Run tests (JIT)"],
      [5, "▶ Run tests (JIT)"],
      [0, "▶ Run (JIT)"],
      [2, "▶ Run (JIT)"],
      [3, "▶ Run (JIT)"],
      [5, "▶ Run (JIT)"],
    ]);
    const whole = testLenses(uri, structure(text), [harness(undefined, { isWhole: true, modules: [] })], LENS);
    expect(whole[0]?.command?.arguments).toEqual([
      { target: { kind: "test", project: "file:///s", program: "debug/deps/p-1", names: [] } },
    ]);
    expect(testLenses(uri, structure(text), [harness(undefined)], { ...LENS, tests: false })).toEqual([]);
  });
});

describe("tests with a harness of their own", () => {
  it("are started at their main", () => {
    const uri = "file:///s/tests/own.rs";
    const common = {
      package: "p",
      target: "own",
      kind: "test",
      label: "own",
      uri,
      tests: [],
      problem: undefined,
    } as const;
    const own = { ...common, program: "debug/deps/own-1", harness: false };
    const lenses = ownHarnessLenses(
      "file:///s",
      uri,
      structure("fn main() {}\n"),
      [own, { ...own, harness: true }],
      LENS,
    );
    expect(lenses.map(({ command }) => [command?.title, command?.arguments])).toEqual([
      ["▶ Run (JIT)", [{ target: { kind: "test", project: "file:///s", program: own.program, names: [] } }]],
      ["▶ Debug", expect.anything()],
    ]);
  });
});

describe("a file's module", () => {
  it.each([
    ["/p/src/lib.rs", "/p/src/lib.rs", []],
    ["/p/src/lib.rs", "/p/src/a.rs", ["a"]],
    ["/p/src/lib.rs", "/p/src/a/mod.rs", ["a"]],
    ["/p/src/bin/x/main.rs", "/p/src/bin/x/a/b.rs", ["a", "b"]],
    ["/p/tests/it.rs", "/p/src/a.rs", undefined],
  ])("of %s and %s is %j", (root, file, modules) => expect(modulePathOf(root, file)).toEqual(modules));
});
