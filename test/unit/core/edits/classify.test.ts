/**
 * What an edit of one file is taken for. Each folder of `texts` has a file before and after an edit, and in `expected.txt` what the
 * edit is; `npx vitest run test/unit/core/edits -u` writes the expectations anew, that of a new folder into an empty file.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Edit, classify } from "../../../../server/src/core/edits/classify.js";
import type { TextRefusalKind } from "../../../../server/src/core/edits/refusal.js";
import { MAX_LENGTH } from "../../../../server/src/core/source/grammar.js";
import type { SourceCache } from "../../../../server/src/core/source/sourceCache.js";
import { openSources } from "../../../support/repository.js";

const TEXTS = path.join(import.meta.dirname, "texts");

/** A folder that shows each kind of refusal; the compiler asks for that of a new kind. (The parser does not know `gen fn` yet.) */
const SHOWN_BY: Readonly<Record<Exclude<TextRefusalKind, "genFn">, string>> = {
  impl: "items/method-of-an-impl-with-attributes",
  module: "items/module-renamed",
  macro: "items/macro",
  macroCall: "items/macro-call",
  moduleAttribute: "attributes/of-the-crate",
  externCrate: "items/extern-crate",
  externBlock: "items/abi-of-an-extern-block",
  otherText: "items/stray-semicolon",
  sameName: "items/same-name",
  movedBehindMacro: "items/moved-past-a-macro",
  innerAttribute: "attributes/of-a-body",
  innerItem: "inner/struct-added",
  constFn: "exposed/const-fn",
  nestedAsync: "exposed/nested-async-fn",
  implTrait: "exposed/impl-trait",
  attributeMacro: "exposed/attribute-macro",
  syntaxError: "unreadable/half-a-statement",
  unknownSyntax: "unreadable/unknown-syntax",
  unreadable: "unreadable/header",
};

let cache: SourceCache;
beforeAll(async () => {
  cache = await openSources();
});

/** The folders with an edit, by their paths in `texts`. */
function cases(): string[] {
  return fs
    .readdirSync(TEXTS, { recursive: true, encoding: "utf8" })
    .filter((file) => path.basename(file) === "before.rs")
    .map((file) => path.dirname(file))
    .sort();
}

/** What an edit is, in a build with tests or without them: a line, and one for each function, or the user's words. */
function outcome(before: string, after: string, hasTests: boolean): string {
  const edit = classify(cache, "file.rs", before, after, hasTests);
  switch (edit.kind) {
    case "unchanged":
    case "positions":
      return `${edit.kind}\n`;
    case "bodies":
      return ["bodies", ...edit.functions.map((fn) => `  ${fn.path}`), ""].join("\n");
    case "items":
      return [
        "items",
        ...edit.items.map(
          ({ type, name, modules, impl, before: old, after: now }) =>
            `  ${old === undefined ? "new" : now === undefined ? "gone" : "other"} ${[type, ...modules, impl ?? [], name].flat().join(" ")}`,
        ),
        ...edit.functions.map((fn) => `  ${fn.path}`),
        "",
      ].join("\n");
    case "refused": {
      const { kind, detail, text } = edit.refusal;
      return [["refused:", kind, detail ?? []].flat().join(" "), `  ${text}`, ""].join("\n");
    }
  }
}

describe("an edit", () => {
  it.each(cases())("%s", async (name) => {
    const [before, after] = ["before.rs", "after.rs"].map((file) =>
      fs.readFileSync(path.join(TEXTS, name, file), "utf8"),
    );
    const [tests, plain] = [true, false].map((hasTests) => outcome(before ?? "", after ?? "", hasTests));
    const all = tests === plain ? tests : `with tests: ${tests}without them: ${plain}`;
    const expected = path.join(TEXTS, name, "expected.txt");
    // (One that is missing would be written without a word.)
    expect(fs.existsSync(expected), expected).toBe(true);
    await expect(all).toMatchFileSnapshot(expected);
  });

  it.each(Object.entries(SHOWN_BY))("may be refused as %s", (kind, folder) => {
    expect(fs.readFileSync(path.join(TEXTS, folder, "expected.txt"), "utf8")).toMatch(
      new RegExp(`^refused: ${kind}( |$)`, "m"),
    );
  });

  it("is unchanged where the texts are the same", () => {
    expect(outcome("fn a() { b(1) }", "fn a() { b(1) }", true)).toBe("unchanged\n");
  });

  it("of a file as long as anybody writes by hand takes no more time than its length does", () => {
    expectLinear(2500, (count) => {
      const text = Array.from({ length: count }, (_, n) => `fn f${n}(x: u32) -> u32 {\n    x + ${n}\n}\n`).join("");
      return { text, from: "x + 2000\n", to: "x + 2001\n", result: "bodies\n  f2000\n" };
    });
  });

  it("of a file that is too long for the parser is more than an edit of bodies", () => {
    const text = `fn a() { b(1) }\n${"// comment\n".repeat(MAX_LENGTH / 10)}`;
    expect(outcome(text, text.replace("b(1)", "b(2)"), true)).toContain("refused: unreadable it is longer than");
  });

  it.each(["// let a = 1; // one\n", "#[cfg(a)] // b\n", "use a\n", "#[macro_use]\n", 'doc = r#"#\n'])(
    "takes no more time than its length does where many lines like %j stand behind an attribute",
    (line) => {
      expectLinear(1000, (count) => {
        const text = `fn a() { b(1) }\n#[macro_use]\n${line.repeat(count)}#[test]\nmod tests;\n`;
        return { text, from: "b(1)", to: "b(2)" };
      });
    },
  );

  it("is found beside literals of every kind", () => {
    const literals = [
      ...['"{ \\" } \\\\"', 'r"\\"', 'r#"} " {"#', 'br##"}"# {"##', 'c"}\\0"', "'}'", "'\\''", "b'\\''", "'\\u{7d}'"],
      ...["'a: loop { break 'a '{' }", '/* { /* } */ " */ 1', "r#fn + 1", '"\\\n   }"', "1.0e-3 as u8..0x7d"],
    ];
    for (const literal of literals) {
      const text = `fn a() { ${literal}; b(1) }\nfn c() { d(2) }`;
      expect(outcome(text, text.replace("b(1)", "b(2)"), true), literal).toBe("bodies\n  a\n");
      expect(outcome(text, text.replace("d(2)", "d(3)"), true), literal).toBe("bodies\n  c\n");
    }
  });
});

/** An edit of a text, and what it is to be taken for. */
interface TimedEdit {
  readonly text: string;
  readonly from: string;
  readonly to: string;
  readonly result?: string;
}

/** Expects the time of the processor to grow with the length of a text, not with its square, from `count` to four times as much. */
function expectLinear(count: number, edit: (count: number) => TimedEdit): void {
  const milliseconds = (n: number): number => {
    const { text, from, to, result } = edit(n);
    const runs = [0, 1, 2].map((run) => {
      // Another text each time: outlines of known ones are kept.
      const before = `// ${run}\n${text}`;
      const started = process.cpuUsage();
      const found = outcome(before, before.replace(from, to), true);
      const { user, system } = process.cpuUsage(started);
      if (result !== undefined) expect(found).toBe(result);
      return (user + system) / 1000;
    });
    return Math.min(...runs);
  };
  const once = milliseconds(count);
  // By the square it would be sixteen times as much. (What is done in the twinkling of an eye is too little to compare.)
  expect(milliseconds(4 * count)).toBeLessThan(8 * once + 50);
}

describe("an edited function", () => {
  /** The first function that an edit is confined to. */
  function edited(text: string, from: string, to: string): Extract<Edit, { kind: "bodies" }>["functions"][number] {
    expect(text.split(from)).toHaveLength(2);
    const edit = classify(
      cache,
      "file.rs",
      text,
      text.replace(from, () => to),
    );
    const [fn] = edit.kind === "bodies" ? edit.functions : [];
    if (fn === undefined) throw new Error(`no edit of a body: ${edit.kind}`);
    return fn;
  }

  it("is told with what the lanes decide by", () => {
    const method =
      "struct P<T>(T);\nimpl<T: Copy> P<T> {\n    #[inline(always)]\n    fn first(&self) -> T { self.0 }\n}\n";
    expect(edited(method, "{ self.0 }", "{ (self.0) }")).toMatchObject({
      ...{ name: "first", isGeneric: true, inline: "always", isTraitImpl: false, line: 4, endLine: 4 },
      ...{ attributes: ["inline"], exposed: undefined },
    });
    const ofTrait = "impl From<u8> for P { fn from(n: u8) -> P { P(n) } }\n";
    expect(edited(ofTrait, "P(n)", "P(n + 1)")).toMatchObject({ isGeneric: false, isTraitImpl: true });
    const byDefault = "trait A { fn twice(&self) -> u8 { 2 } }\n";
    expect(edited(byDefault, "{ 2 }", "{ 3 }")).toMatchObject({ isTraitDefault: true, isGeneric: true });
    const foreign = 'pub unsafe extern "C" fn call(n: i32) -> i32 { n + 100 }\n';
    expect(edited(foreign, "100", "101")).toMatchObject({ isUnsafe: true, isExtern: true });
  });

  it("has its places in units of the text and in bytes, behind whatever stands before it", () => {
    const before = '\uFEFF#!/usr/bin/env cargo\r\n// Größe 🦀\r\nfn größe() -> &\'static str {\r\n  "🦀 é"\r\n}\r\n';
    const text = before.replace("🦀 é", "🦀🦀 ü");
    const fn = edited(before, "🦀 é", "🦀🦀 ü");
    expect(fn).toMatchObject({ path: "größe", line: 3, bodyLine: 3, endLine: 5 });
    const body = '{\r\n  "🦀🦀 ü"\r\n}';
    expect(text.slice(fn.body.start, fn.body.end)).toBe(body);
    expect(Buffer.from(text).subarray(fn.bytes.body.start, fn.bytes.body.end).toString()).toBe(body);
  });
});
