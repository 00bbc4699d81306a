/**
 * Whether the crates that use a library see anything of an edit of one of its files. rustc hands on to them whatever it writes into the
 * library's metadata: signatures, types, the bodies of generic, inline and `const` functions, what hides behind `impl Trait`. What is
 * unknown counts as seen.
 *
 * All other bodies are nothing to them: their code is the library's own, and so are the types of their closures. But for impls, which
 * hold everywhere, wherever they stand.
 */
import type { Node } from "web-tree-sitter";
import type { BodyRef } from "../source/functions.js";
import { type Span, type Token, tokensOf, groupEnd } from "../source/lexer.js";
import { mayBeKnown } from "../source/macroOrigins.js";
import type { Source, SourceCache } from "../source/sourceCache.js";
import { classify, functionsOf } from "./classify.js";
import type { ItemChange } from "./itemChange.js";
import { Refusal, type RefusalKind, Refused, refuse } from "./refusal.js";

/** An edit that a library's users see nothing of. */
export interface UnseenEdit {
  /** What they have of the file may stand on other lines now. */
  readonly moved: boolean;
  /** Macros that the edited bodies call otherwise than before, by their paths: they are known by their names alone. */
  readonly macros: readonly string[];
}

/** Attributes that make no code, and by which nobody else finds an item. */
const PLAIN_ATTRIBUTE =
  /^#\s*\[\s*(?:allow|warn|deny|forbid|expect|must_use|deprecated|doc|inline|cold|track_caller|repr|non_exhaustive|cfg|test)\b/;

/** Words by which items may come of a body that hold outside of it. */
const OUTREACHING = new Set(["impl", "macro_rules", "macro"]);

/**
 * Gives what becomes of an edit of a library's file, or why its users may see it. `file` is only a key of the cache; `hasTests`: as for
 * `classify`.
 */
export function unseenEdit(
  cache: SourceCache,
  file: string,
  [before, after]: readonly [string, string],
  hasTests: boolean,
): UnseenEdit | Refusal {
  const edit = classify(cache, file, before, after, hasTests);
  if (edit.kind === "refused") return edit.refusal;
  if (edit.kind === "items") return refusalOfChange(edit.items[0]);
  if (edit.kind !== "unchanged" && edit.isReordered === true) return new Refusal("functionSet");
  if (edit.kind === "unchanged") return { moved: false, macros: [] };
  const edited = edit.kind === "bodies" ? edit.functions : [];
  return cache.compare(file, before, after, (old, now) => {
    try {
      return compare(old, now, edited, hasTests);
    } catch (error) {
      if (error instanceof Refused) return error.refusal;
      throw error;
    }
  });
}

/** An item that is another one now may be seen. */
function refusalOfChange(change: ItemChange | undefined): Refusal {
  const { name, before, after } = change ?? {};
  const kind = change === undefined ? undefined : KINDS[change.type];
  if (kind === "import") return new Refusal("import");
  if (kind !== undefined) return new Refusal(kind, (after ?? before)?.impl?.type ?? name);
  return before === undefined || after === undefined ? new Refusal("functionSet") : new Refusal("signature", name);
}

const KINDS: Readonly<Partial<Record<ItemChange["type"], RefusalKind>>> = {
  use_declaration: "import",
  const_item: "constant",
  type_item: "type",
  static_item: "static",
  struct_item: "struct",
  enum_item: "enum",
  union_item: "union",
  trait_item: "trait",
  impl_item: "impl",
  mod_item: "module",
};

/** Whether a function's code is the library's alone. */
export function isPrivateCode(fn: BodyRef): boolean {
  const isInline = fn.inline !== undefined && fn.inline !== "never";
  const isHandedOn = fn.isGeneric || fn.isAsync || isInline || fn.isTraitDefault || fn.isConst || fn.returnsImpl;
  return !isHandedOn && fn.exposed === undefined;
}

function compare(before: Source, after: Source, edited: readonly BodyRef[], hasTests: boolean): UnseenEdit | Refusal {
  const seen = edited.find((fn) => !isPrivateCode(fn));
  if (seen !== undefined) refuse("seenBody", seen.path);
  const [old, now] = [before, after].map(({ outline }) =>
    typeof outline === "string" ? [] : functionsOf(outline, hasTests),
  );
  if (old === undefined || now?.length !== old.length) refuse("functionSet");
  const macros = new Set<string>();
  for (const [i, fn] of now.entries()) {
    const was = old[i];
    const isEdited = edited.some(({ span }) => fn.span.start <= span.start && span.end <= fn.span.end);
    if (was === undefined || !isEdited) continue;
    const [oldCalls, newCalls] = [callsIn(before.text, was.body, was.path), callsIn(after.text, fn.body, fn.path)];
    if (oldCalls.all.join("\0\0") === newCalls.all.join("\0\0")) continue;
    // Impls may come of them: they have to be the same ones.
    if (oldCalls.others.join("\0\0") !== newCalls.others.join("\0\0")) refuse("bodyMacros", fn.path);
    for (const name of [...oldCalls.known, ...newCalls.known]) macros.add(name);
  }
  const from = firstMoved(before, after, old, now);
  const moved = from !== undefined && after.root?.namedChildren.some((node) => isSeenFrom(node, from, now)) !== false;
  return { moved, macros: [...macros] };
}

/** The calls of macros in a body, as they are written, and its imports where they matter to them. */
interface Calls {
  readonly all: readonly string[];
  /** The paths of those whose names are known. */
  readonly known: ReadonlySet<string>;
  /** All others. */
  readonly others: readonly string[];
}

/** Refuses where anything in a body may hold outside of it. */
function callsIn(text: string, code: Span, name: string): Calls {
  const tokens = [...tokensOf(text, code.start, code.end)];
  const word = (i: number): string => wordAt(text, tokens[i]);
  const known = new Set<string>();
  const [calls, others, imports]: [string[], string[], string[]] = [[], [], []];
  for (const [i, token] of tokens.entries()) {
    if (word(i) === "#") {
      // Derives and attribute macros may make impls, and other attributes names that others find.
      const attribute = text.slice(token.start, tokens[i + 4]?.end ?? code.end);
      if (!PLAIN_ATTRIBUTE.test(attribute) && (word(i + 1) === "[" || word(i + 1) === "!")) refuse("bodyMacros", name);
    }
    if (token.kind !== "identifier") continue;
    if (OUTREACHING.has(word(i))) refuse("bodyItems", name);
    if (word(i) === "use") imports.push(text.slice(token.start, tokens.find(isEndAfter(token))?.end ?? code.end));
    if (word(i + 1) !== "!" || tokens[i + 2]?.kind !== "open") continue;
    const call = text.slice(pathStart(tokens, word, i), tokens[groupEnd(tokens, i + 2)]?.end);
    const path = text.slice(pathStart(tokens, word, i), token.end);
    calls.push(call);
    if (mayBeKnown(path)) known.add(path);
    else others.push(call);
  }
  // By other imports they may mean others.
  const named = others.length > 0 ? imports : [];
  return { all: [...calls, ...named], known, others: [...others, ...named] };

  function isEndAfter({ start }: Token): (token: Token) => boolean {
    return (token) => token.start > start && wordAt(text, token) === ";";
  }
}

/** Where the path begins that ends in a name. */
function pathStart(tokens: readonly Token[], word: (i: number) => string, at: number): number {
  let first = at;
  while (word(first - 1) === ":" && word(first - 2) === ":" && tokens[first - 3]?.kind === "identifier") first -= 3;
  return tokens[first]?.start ?? 0;
}

function wordAt(text: string, token: Token | undefined): string {
  return token === undefined ? "" : text.slice(token.start, token.end);
}

/** The offset in the new text from which on something outside of the edited bodies may have another line or column. */
function firstMoved(
  before: Source,
  after: Source,
  old: readonly BodyRef[],
  now: readonly BodyRef[],
): number | undefined {
  const lines = (text: string): number => text.split("\n").length;
  let [oldEnd, newEnd] = [0, 0];
  for (const [i, fn] of now.entries()) {
    const was = old[i];
    if (was === undefined) return 0;
    if (before.text.slice(oldEnd, was.body.start) !== after.text.slice(newEnd, fn.body.start)) return newEnd;
    const [oldBody, newBody] = [textOf(before, was.body), textOf(after, fn.body)];
    [oldEnd, newEnd] = [was.body.end, fn.body.end];
    if (oldBody === newBody) continue;
    const isAlone = /^[ \t]*\r?(?:\n|$)/.test(after.text.slice(newEnd, newEnd + 200));
    if (lines(oldBody) !== lines(newBody) || !isAlone) return newEnd;
  }
  return before.text.slice(oldEnd) === after.text.slice(newEnd) ? undefined : newEnd;
}

function textOf({ text }: Source, { start, end }: Span): string {
  return text.slice(start, end);
}

/** Items whose lines nobody outside of the library ever has. */
const WITHOUT_LINES = new Set([
  ..."use_declaration extern_crate_declaration type_item function_signature_item associated_type".split(" "),
  ..."line_comment block_comment inner_attribute_item macro_definition empty_statement".split(" "),
]);
const WITH_FIELDS = new Set(["struct_item", "enum_item", "union_item"]);
const CONTAINERS = new Set(["mod_item", "impl_item", "trait_item"]);
/** Whether a library's users may have a line of an item that ends behind an offset. */
function isSeenFrom(node: Node, from: number, functions: readonly BodyRef[]): boolean {
  if (node.endIndex <= from || WITHOUT_LINES.has(node.type)) return false;
  if (node.type === "attribute_item") return !PLAIN_ATTRIBUTE.test(node.text);
  if (node.type === "const_item" || node.type === "static_item") return /[!]|\bcaller\b/.test(node.text);
  if (WITH_FIELDS.has(node.type)) return false;
  if (node.type === "function_item") {
    const fn = functions.find(({ span }) => span.start === node.startIndex);
    // (A test is no function of this build.)
    return fn !== undefined && !isPrivateCode(fn);
  }
  const body = CONTAINERS.has(node.type) ? node.childForFieldName("body") : undefined;
  if (body === undefined) return true;
  return body?.namedChildren.some((child) => isSeenFrom(child, from, functions)) === true;
}
