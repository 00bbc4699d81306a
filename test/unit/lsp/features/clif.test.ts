/** Cranelift IR: what hovers, definitions, symbols and lenses find. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { hoverAt } from "../../../../server/src/lsp/features/clif/clifHover.js";
import { type ClifText, parseClif } from "../../../../server/src/lsp/features/clif/clifText.js";
import { definitionAt, runLenses, symbolsOf } from "../../../../server/src/lsp/features/clif/navigation.js";
import { OPCODES } from "../../../../server/src/lsp/features/clif/opcodes.js";
import { aboutWord } from "../../../../server/src/lsp/features/clif/words.js";

const SOURCE = [
  "test run",
  "target x86_64",
  "",
  "function %add(i32, i32) -> i32 system_v {",
  "    ss0 = explicit_slot 16 ; v9 is not here",
  "    gv0 = symbol colocated %data",
  "    sig0 = (i64) -> i64 system_v",
  "    fn0 = colocated %callee sig0",
  "block0(v0: i32, v1: i32):",
  "@0012  v2 = iadd v0, v1",
  "    v3, v4 = sadd_overflow v2, v2",
  "    v5 -> v2",
  "    v6 = icmp.i32 eq v5, v2",
  "    brif v6, block1(v2), block2",
  "",
  "block1(v7: i32) cold:",
  "    v8 = uextend.i64 v7",
  "    try_call fn0(v8), sig0, block2, [ default: block3(exn0) ]",
  "",
  "block2:",
  "    return v2",
  "}",
  "; run: %add(1, 2) == 3",
  "; print: %add(3, 4)",
  "",
  "function %callee(i64) -> i64 { block0(v0: i64): return v0 }",
  "; run",
].join("\n");

const text = parseClif(SOURCE);
const column = (line: number, word: string): number => (text.lines[line] ?? "").indexOf(word);

function definition(line: number, word: string): [number, number] | undefined {
  const span = definitionAt(text, line, column(line, word));
  return span && [span.line, span.start];
}

function hover(of: ClifText, line: number, word: string): string | undefined {
  return hoverAt(of, line, (of.lines[line] ?? "").indexOf(word))?.text;
}

describe("a definition", () => {
  it.each([
    [9, "v1", [8, 16]],
    [10, "v2,", [9, 7]],
    [12, "v5", [11, 4]],
    [13, "v6", [12, 4]],
    [13, "block2", [19, 0]],
    [13, "block1", [15, 0]],
    [16, "v7", [15, 7]],
    [17, "fn0", [7, 4]],
    [17, "sig0", [6, 4]],
    [7, "sig0", [6, 4]],
    [7, "%callee", [25, 9]],
    [22, "%add", [3, 9]],
    [5, "%data", undefined],
    [17, "block3", undefined],
  ])("in line %d of %s is at %j", (line, word, place) => expect(definition(line, word)).toEqual(place));

  it("is the function's own", () => {
    expect(definitionAt(text, 25, column(25, "return v0") + 8)).toEqual(undefined);
    const two = parseClif(
      "function %a() {\nblock0:\n    v0 = iconst.i8 1\n}\nfunction %b() {\nblock0:\n    v0 = iconst.i8 2\n    return v0\n}\n",
    );
    expect(definitionAt(two, 7, 11)).toEqual({ line: 6, start: 4, end: 6 });
  });
});

describe("a hover", () => {
  it("documents instructions", () => {
    expect(hover(text, 9, "iadd")).toContain("a = iadd x, y");
    expect(hover(text, 16, "uextend")).toContain("Widens with zeros");
  });

  it("tells where a value comes from, its type and how often it is used", () => {
    expect(hover(text, 21 - 1, "v2")).toContain("v2 = iadd v0, v1");
    expect(hover(text, 20, "v2")).toContain("· result · 6 uses");
    expect(hover(text, 16, "v7")).toContain("`v7: i32` · parameter of its block · 1 use");
    expect(hover(text, 17, "v8")).toContain("`v8: i64` · result");
    expect(hover(text, 13, "v6")).toContain("`v6` · result · 1 use");
    expect(hover(text, 17, "block2")).toContain("block · 2 branches");
    expect(hover(text, 17, "fn0")).toContain("fn0 = colocated %callee sig0");
  });

  it("explains words and types, but not comments", () => {
    expect(hover(text, 12, "eq")).toContain("(condition): equal");
    expect(hover(text, 3, "i32")).toContain("32-bit integer");
    expect(hover(text, 15, "cold")).toContain("keyword");
    expect(hover(text, 4, "v9")).toBeUndefined();
  });

  it("reads types", () => {
    expect(aboutWord("i32x4")?.about).toBe("vector of 4 32-bit integers");
    expect(aboutWord("f64")?.about).toBe("64-bit float");
    expect(aboutWord("f8")).toBeUndefined();
    expect(aboutWord("i7")).toBeUndefined();
    expect(aboutWord("user11")?.about).toContain("11");
    expect(aboutWord("constructor")).toBeUndefined();
  });
});

describe("symbols and lenses", () => {
  it("list functions with their blocks", () => {
    expect(
      symbolsOf(text).map(({ name, range, children }) => [
        name,
        range.start.line,
        range.end.line,
        children?.map((c) => c.name),
      ]),
    ).toEqual([
      ["%add", 3, 21, ["block0", "block1", "block2"]],
      ["%callee", 25, 25, []],
    ]);
    const blocks = symbolsOf(text)[0]?.children ?? [];
    expect(blocks.map(({ range }) => [range.start.line, range.end.line])).toEqual([
      [8, 14],
      [15, 18],
      [19, 20],
    ]);
  });

  it("offer to run each directive, and all of them", () => {
    const lenses = runLenses("file:///a.clif", text);
    expect(lenses.map(({ range, command }) => [range.start.line, command?.title])).toEqual([
      [0, "▶ Run all 3"],
      [22, "▶ Run"],
      [23, "▶ Print"],
      [26, "▶ Run"],
    ]);
    expect(lenses[2]?.command?.arguments).toEqual([{ uri: "file:///a.clif", line: 23 }]);
  });

  it("take a text that is being written", () => {
    expect(symbolsOf(parseClif("function %half(i32) {\nblock0(v0: i32):\n    v1 = ia")).length).toBe(1);
    expect(symbolsOf(parseClif("function %a() {\nfunction %b() {\n}"))).toHaveLength(2);
    expect(symbolsOf(parseClif(""))).toEqual([]);
  });
});

/** The definitions of Cranelift's instructions, where cargo has fetched them to build the engine. */
function instructionsSource(): string | undefined {
  const registry = path.join(process.env["CARGO_HOME"] ?? path.join(os.homedir(), ".cargo"), "registry", "src");
  const indexes = fs.existsSync(registry) ? fs.readdirSync(registry) : [];
  return indexes
    .map((index) => path.join(registry, index, "cranelift-codegen-meta-0.135.8", "src", "shared", "instructions.rs"))
    .find((file) => fs.existsSync(file));
}

describe("the instructions", () => {
  const source = instructionsSource();
  it.runIf(source !== undefined)("are Cranelift's", () => {
    const names = [...fs.readFileSync(source ?? "", "utf8").matchAll(/Inst::new\(\s*"(\w+)"/g)].map(
      (match) => match[1],
    );
    expect(names.length).toBeGreaterThan(100);
    expect([...OPCODES.keys()].sort()).toEqual(names.sort());
  });

  it("are each written as they are named", () => {
    for (const [name, { form }] of OPCODES) expect(form).toMatch(new RegExp(`(^|[ =])${name}\\b`));
  });
});
