/** The TextMate grammar of Cranelift IR, through the library that VS Code itself uses. */
import * as fs from "node:fs";
import * as path from "node:path";
import onig from "vscode-oniguruma";
import textmate, { type IGrammar } from "vscode-textmate";
import { beforeAll, expect, test } from "vitest";
import { ROOT } from "../../support/repository.js";

const fixture = fs.readFileSync(path.join(ROOT, "test/fixtures/clif/everything.clif"), "utf8");
let grammar: IGrammar;

interface Token {
  readonly text: string;
  readonly scope: string;
}

beforeAll(async () => {
  const wasm = fs.readFileSync(path.join(ROOT, "node_modules/vscode-oniguruma/release/onig.wasm"));
  await onig.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const file = path.join(ROOT, "syntaxes/clif.tmLanguage.json");
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new onig.OnigScanner(patterns),
      createOnigString: (text) => new onig.OnigString(text),
    }),
    loadGrammar: () => Promise.resolve(textmate.parseRawGrammar(fs.readFileSync(file, "utf8"), file)),
  });
  const loaded = await registry.loadGrammar("source.clif");
  if (loaded === null) throw new Error("the grammar was not found");
  grammar = loaded;
});

/** The tokens of each line, without white space. */
function tokenize(text: string): Token[][] {
  let stack = textmate.INITIAL;
  return text.split("\n").map((line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    stack = ruleStack;
    return tokens
      .map(({ startIndex, endIndex, scopes }) => ({
        text: line.slice(startIndex, endIndex).trim(),
        scope: scopes.at(-1) ?? "",
      }))
      .filter((token) => token.text !== "");
  });
}

function scopesOf(line: string): Record<string, string> {
  const at = fixture.split("\n").findIndex((candidate) => candidate.includes(line));
  expect(at, line).toBeGreaterThanOrEqual(0);
  return Object.fromEntries(
    (tokenize(fixture)[at] ?? []).map(({ text, scope }) => [text, scope.replace(/\.clif$/, "")]),
  );
}

test("leaves nothing without a name", () => {
  const nameless = tokenize(fixture)
    .flat()
    .filter(({ scope }) => scope === "source.clif");
  expect(nameless).toEqual([]);
});

test("names a function's header", () => {
  expect(scopesOf("function %")).toMatchObject({
    function: "storage.type.function",
    '"quoted name"': "entity.name.function",
    i32: "storage.type",
    f64x2: "storage.type",
    sret: "storage.modifier",
    system_v: "storage.modifier",
    "->": "keyword.operator.arrow",
    "{": "punctuation.section.block.begin",
  });
});

test("tells definitions from uses, and instructions from their types", () => {
  expect(scopesOf("v5 = iadd v0, v4")).toMatchObject({
    "@0012": "comment.other.location",
    v5: "variable.other.definition",
    iadd: "keyword.control.instruction",
    v0: "variable.other.value",
    ";": "punctuation.definition.comment",
  });
  expect(scopesOf("v4 = iconst.i32 -42")).toMatchObject({
    iconst: "keyword.control.instruction",
    i32: "storage.type",
    "-42": "constant.numeric.decimal",
  });
  expect(scopesOf("store.i32 notrap")).toMatchObject({
    store: "keyword.control.instruction",
    notrap: "storage.modifier",
    v2: "variable.other.value",
    "4": "constant.numeric.decimal",
  });
  expect(scopesOf("v7, v8 = uadd_overflow")).toMatchObject({ uadd_overflow: "keyword.control.instruction" });
  expect(scopesOf("icmp slt")).toMatchObject({ slt: "keyword.operator.condition" });
});

test("names blocks, calls and their landing blocks", () => {
  expect(scopesOf("block1(v13: i32) cold:")).toMatchObject({
    block1: "entity.name.label",
    cold: "storage.modifier",
  });
  expect(scopesOf("try_call fn0")).toMatchObject({
    try_call: "keyword.control.instruction",
    fn0: "variable.other.entity",
    sig0: "variable.other.entity",
    exn0: "variable.language",
    tag1: "variable.other.entity",
    block4: "entity.name.label",
  });
});

test("names declarations and numbers of every form", () => {
  expect(scopesOf("explicit_slot")).toMatchObject({
    ss0: "variable.other.definition",
    explicit_slot: "storage.modifier",
    "16": "constant.numeric.decimal",
  });
  expect(scopesOf("+NaN:0x80001")).toMatchObject({ "+NaN:0x80001": "constant.language.float" });
  expect(scopesOf("0x1.8p-3")).toMatchObject({ "0x1.8p-3": "constant.numeric.hex" });
});

test("names commands and directives", () => {
  expect(scopesOf("test compile")).toMatchObject({
    test: "keyword.control.command",
    "precise-output": "constant.other",
  });
  expect(scopesOf("opt_level=speed")).toMatchObject({ opt_level: "variable.parameter", speed: "constant.other" });
  expect(scopesOf("; run: %")).toMatchObject({
    "run:": "keyword.other.directive",
    "-0x3": "constant.numeric.hex",
  });
  expect(scopesOf("; check: v5")).toMatchObject({ "check:": "keyword.other.directive" });
});
