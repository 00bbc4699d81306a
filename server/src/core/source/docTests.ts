/**
 * Whether a source may hold documentation tests. What counts as one is rustdoc's to say, who would have to expand the crate for it; here
 * a fence in documentation is enough, and text that is taken from elsewhere.
 */

const FENCE = "(?:```|~~~)";
/** A line of documentation: `///`, `//!`, or in a comment whose lines may begin with a star. */
const COMMENT = new RegExp(`^\\s*(?://[/!]|/?\\*).*${FENCE}`, "m");
/** `#[doc = "…"]`, in whatever attribute it is. */
const TEXT = new RegExp(`\\bdoc\\s*=\\s*(?:r#*)?"(?:[^"\\\\]|\\\\.)*${FENCE}`);
/** `#[doc = include_str!("…")]`, and what else makes a text. */
const MACRO = /\bdoc\s*=\s*\w+\s*!/;

/** `others`: texts that the crate includes. */
export function mayHoldDocTests(text: string, others: () => readonly string[]): boolean {
  if (COMMENT.test(text) || TEXT.test(text)) return true;
  return MACRO.test(text) && others().some((other) => new RegExp(FENCE).test(other));
}
