/**
 * What the grammar is given in a text's place: the same structure, unit for unit as long, in words that it knows.
 *
 * The grammar lags behind the language, and a file that it cannot read has no lenses and no body lane. What it does not know
 * and what matters to nobody here is replaced: offsets stay, and whoever wants a word asks the text. The rules do not
 * know strings and comments from code, so none touches what could begin or end one, but for whole strings in attributes; what
 * they change there does not count.
 */

type Rule = readonly [pattern: RegExp, replacement: (found: string, ...groups: string[]) => string];

const blank = (found: string): string => found.replace(/[^\r\n]/g, " ");
const PRIMITIVE = "(?:[iu](?:8|16|32|64|128|size)|f32|f64|bool|char|str)";
/** An attribute without brackets in it. */
const ATTRIBUTE = String.raw`#\[(?:[^\[\]"]|"[^"\\\n]*")*\]`;

// (Looking behind is slow: what stands in front is found, and given back.)
const RULES: readonly Rule[] = [
  // A byte order mark is no token.
  [/^\uFEFF/, blank],
  // A character of two units is one to rustc, but none where the parser is given a text in parts and one ends within it.
  [/'[\uD800-\uDBFF][\uDC00-\uDFFF]'/g, () => "'\\n'"],
  [/[\uD800-\uDBFF][\uDC00-\uDFFF]/g, () => "xx"],
  // `unsafe extern "C" {`, and in it `safe fn`, `safe static`, `unsafe static`, and, for some macros, `pub type`.
  [/\bunsafe(?=\s+extern\s*(?:"[^"\n]*"\s*)?\{)/g, blank],
  [/\bsafe(?=\s+(?:fn|static)\b)/g, blank],
  [/\bunsafe(?=\s+static\b)/g, blank],
  [/\bpub(?=\s+type\s+\w+\s*(?:<[^{}();"/]*>)?\s*;)/g, blank],
  // `raw` is a name like others but for `&raw const` and `&raw mut`.
  [/&\s*raw\b(?!\s+(?:const|mut)\b)/g, (found) => `${found.slice(0, -3)}r_w`],
  // Names of built-in types may be those of macros and generic functions, and `try!` is one of old editions.
  [new RegExp(String.raw`\b${PRIMITIVE}(?=\s*!\s*[(\[{]|::<)`, "g"), (found) => `_${found.slice(1)}`],
  [/\btry(?=\s*!\s*[([{])/g, () => "tr_"],
  [/\bmacro_rules([ \t]+)!/g, (_, space = "") => `macro_rules!${space}`],
  // Tokens that only macros see.
  [/~/g, () => "^"],
  [/\$(?![\p{XID_Start}_]|\s*\()/gu, () => "^"],
  // Constants among generic arguments may be negative, and there may be no arguments.
  [/[<,]\s*-(?=\s*\d)/g, (found) => `${found.slice(0, -1)} `],
  [/(?<!\buse\s*)(?:::)?<[ \t]*>/g, blank],
  [/\bdyn\s+'\w+\s*\+/g, (found) => `dyn${blank(found.slice(3))}`],
  // `where (): Sized`, and `where` behind a struct without fields.
  [/\((\s*)\)(?=\s*:(?!:))/g, (_, space = "") => `_${space}_`],
  [
    /(\bstruct\s+\w+\s*(?:<[^{}();"/]*>\s*)?)(\bwhere\b(?:[^{}()[\];"/]|\[[^{}()[\]"/]*\])*)(?=;)/g,
    (_, header = "", where = "") => header + blank(where),
  ],
  // Attributes of fields in patterns, and of fields and arguments that are a name. (Others are found as well, so that a long row of
  // them is not gone through again from each.)
  [
    new RegExp(String.raw`(?:${ATTRIBUTE}\s*)+(?:(?=(?:(?:ref|mut)\s+)*\w+\s*(?:[,}]|:(?!:)))()|)`, "g"),
    (found, isOfName?: string) => (isOfName === undefined ? found : blank(found)),
  ],
  // `S { x, .. } = s;`
  [/\.\.(?=\s*\}\s*=(?![=>]))/g, blank],
  // `\u{1_F600}`
  [/\\u\{[\da-fA-F_]+\}/g, (found) => found.replaceAll("_", "0")],
];

/** The words in front of an item, as the text has them, that the grammar was not given: `safe`, `unsafe`, `pub`. */
export function hiddenBefore(text: string, start: number): string {
  return /\b(?:(?:un)?safe|pub)\s+$/.exec(text.slice(Math.max(0, start - MAX_HIDDEN), start))?.[0] ?? "";
}

/** More than such a word and the white space behind it are long. */
const MAX_HIDDEN = 80;

export function readable(text: string): string {
  let result = text;
  for (const [pattern, replacement] of RULES) result = result.replace(pattern, replacement);
  return result;
}
