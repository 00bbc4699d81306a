/** Edits of function bodies as developers make them, generated from the syntax of a project's own sources. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { SourceCache } from "../../server/src/core/source/sourceCache.js";
import type { BodyRef } from "../../server/src/core/source/functions.js";
import type { Span } from "../../server/src/core/source/lexer.js";
import { walk } from "../../server/src/core/support/stamps.js";

/** What kind of edit it is. */
export type EditKind =
  | "literal"
  | "call"
  | "operands"
  | "closure"
  | "instantiation"
  | "lines"
  | "statement"
  | "comment"
  | "await"
  // Of items: taken back, each is the other way round.
  | "function"
  | "uncalled"
  | "generic"
  | "method"
  | "constant"
  | "alias"
  | "import"
  | "signature"
  | "attribute"
  | "several";

export const EDIT_KINDS: readonly EditKind[] = [
  "literal",
  "call",
  "operands",
  "closure",
  "instantiation",
  "lines",
  "statement",
  "comment",
  "await",
  "function",
  "uncalled",
  "generic",
  "method",
  "constant",
  "alias",
  "import",
  "signature",
  "attribute",
  "several",
];

/** A file's new text. */
export interface Edit {
  readonly kind: EditKind;
  readonly file: string;
  readonly before: string;
  readonly after: string;
  /** The edited function, for people. */
  readonly where: string;
}

/** Numbers that are the same for the same seed (mulberry32, by Tommy Ettinger). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Edits of the sources below a folder. */
export class EditGenerator {
  private readonly files: readonly string[];
  private number = 0;

  constructor(
    directory: string,
    private readonly sources: SourceCache,
    private readonly random: (below: number) => number,
    private readonly kinds: readonly EditKind[] = EDIT_KINDS,
  ) {
    const isSource = (file: string): boolean =>
      file.endsWith(".rs") && !/^(.*\/)?(tests|benches|examples)\/|build\.rs$/.test(path.relative(directory, file));
    this.files = walk(path.resolve(directory), { nestedPackages: true }).filter(isSource);
    if (this.files.length === 0) throw new Error(`there are no sources in ${directory}`);
  }

  /** The next edit; undefined where the file that was drawn has nothing to edit. */
  next(): Edit | undefined {
    const file = this.pick(this.files);
    const kind = this.pick(this.kinds);
    if (file === undefined || kind === undefined) return undefined;
    const before = fs.readFileSync(file, "utf8");
    const { outline } = this.sources.get(file, before);
    if (typeof outline === "string") return undefined;
    const fn = this.pick(outline.functions.filter((item) => !item.isDamaged && item.body.end - item.body.start > 4));
    if (fn === undefined) return undefined;
    const after = this.apply(kind, before, fn);
    return after === undefined || after === before ? undefined : { kind, file, before, after, where: fn.path };
  }

  private apply(kind: EditKind, text: string, fn: BodyRef): string | undefined {
    const at = fn.body.start + 1;
    const insert = (statement: string): string => `${text.slice(0, at)} ${statement} ${text.slice(at)}`;
    const number = ++this.number;
    switch (kind) {
      case "literal":
        return this.replaceOne(text, fn, /(?<![\w."'#])\d{1,4}(?![\w.])/g, (found) => String((Number(found) + 1) % 97));
      case "call":
        return insert(`std::hint::black_box(std::mem::size_of_val(&${number}u32));`);
      case "operands":
        return this.replaceOne(text, fn, /\b([a-z]\w*) (\+|\*|==|&&) ([a-z]\w*)\b(?![(.:!])/g, (found) => {
          const [left = "", operator = "", right = ""] = found.split(" ");
          return `${right} ${operator} ${left}`;
        });
      case "closure":
        return insert(
          `let replayed = (|n: u64| n.wrapping_mul(${number}))(${number % 7}); let _ = std::hint::black_box(replayed);`,
        );
      case "instantiation":
        return insert(
          `let _ = std::hint::black_box(std::collections::VecDeque::from([[${number}u16; ${(number % 9) + 1}]]).len());`,
        );
      case "lines":
        return `${text.slice(0, at)}\n\n // replayed ${number}\n${text.slice(at)}`;
      case "statement":
        return insert(`if std::hint::black_box(false) { eprintln!("replayed {}", ${number}); }`);
      case "comment":
        return `${text.slice(0, at)} /* replayed ${number} */ ${text.slice(at)}`;
      case "function":
      case "uncalled":
      case "generic":
      case "constant":
      case "alias":
      case "import":
      case "several":
        return isOfFile(fn) ? withItems(text, insert, kind, number) : undefined;
      case "method":
        return /^impl [\w:]+::\w+$/.test(fn.path) ? withMethod(text, fn, number) : undefined;
      case "signature":
        return replacedIn(text, { start: fn.span.start, end: fn.body.start }, /([(,]\s*)([a-z]\w*\s*:)/, "$1mut $2");
      case "attribute":
        return `${text.slice(0, fn.span.start)}#[inline(never)] ${text.slice(fn.span.start)}`;
      case "await":
        return fn.isAsync ? insert(`std::future::ready(${number}).await;`) : undefined;
    }
  }

  private replaceOne(text: string, fn: BodyRef, what: RegExp, by: (found: string) => string): string | undefined {
    const body = text.slice(fn.body.start, fn.body.end);
    const match = this.pick([...body.matchAll(what)]);
    if (match === undefined) return undefined;
    const start = fn.body.start + match.index;
    return text.slice(0, start) + by(match[0]) + text.slice(start + match[0].length);
  }

  private pick<T>(from: readonly T[]): T | undefined {
    return from.length === 0 ? undefined : from[this.random(from.length)];
  }
}

/** Whether a function sees the items of its file by their names. */
function isOfFile({ path: name, isNested, isTestOnly }: BodyRef): boolean {
  return !isNested && !isTestOnly && !/(^|::)mod /.test(name);
}

/** New items at the end of the file, and their use in a function. */
function withItems(text: string, insert: (statement: string) => string, kind: EditKind, number: number): string {
  const [name, upper] = [`replayed_${number}`, `REPLAYED_${number}`];
  const box = "std::hint::black_box";
  const items: Partial<Record<EditKind, readonly [item: string, use: string]>> = {
    function: [`fn ${name}(n: u64) -> u64 { let by = ${box}(${number}); n.wrapping_mul(by) }`, `${box}(${name}(3));`],
    uncalled: [`#[allow(dead_code)] pub(crate) fn ${name}() -> Option<u32> { None }`, ""],
    generic: [
      `fn ${name}<T: std::fmt::Debug>(value: &T) -> usize { format!("{value:?}").len() }`,
      `${box}(${name}(&[${number}u8]));`,
    ],
    constant: [`const ${upper}: [u32; 3] = [${number}, 2, 3];`, `${box}(${upper}[${box}(1)]);`],
    alias: [`type Replayed${number} = Vec<u16>;`, `${box}(Replayed${number}::new().len());`],
    import: [
      `use std::collections::BTreeMap as Replayed${number};`,
      `${box}(Replayed${number}::from([(1, ${number})]).len());`,
    ],
  };
  const all: readonly EditKind[] = kind === "several" ? ["function", "constant", "import"] : [kind];
  const chosen = all.flatMap((one) => {
    const known = items[one];
    return known === undefined ? [] : [{ item: known[0], statement: known[1] }];
  });
  const use = chosen.map(({ statement }) => statement).join(" ");
  const added = chosen.map(({ item }) => item).join("\n");
  return `${use === "" ? text : insert(use)}\n${added}\n`;
}

/** A new associated function beside a function of its type, which calls it. */
function withMethod(text: string, { body, span }: BodyRef, number: number): string {
  const call = ` std::hint::black_box(Self::replayed_${number}(2));`;
  const method = `\n    fn replayed_${number}(n: u32) -> u32 { n.wrapping_add(${number}) }`;
  const at = body.start + 1;
  return `${text.slice(0, at)}${call}${text.slice(at, span.end)}${method}${text.slice(span.end)}`;
}

/** A text with the first match in a stretch of it replaced. */
function replacedIn(text: string, { start, end }: Span, what: RegExp, by: string): string {
  return text.slice(0, start) + text.slice(start, end).replace(what, by) + text.slice(end);
}
