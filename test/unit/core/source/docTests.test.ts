import { expect, it } from "vitest";
import { mayHoldDocTests } from "../../../../server/src/core/source/docTests.js";

it.each([
  ["/// Adds.\n/// ```\n/// assert!(true);\n/// ```\npub fn a() {}", true],
  ["//! ~~~\n//! x\n//! ~~~", true],
  ["/** Adds.\n * ```\n * x\n */\nfn a() {}", true],
  ['#[doc = "```\\nx\\n```"]\nfn a() {}', true],
  ['#![cfg_attr(all(), doc = "text ``` x")]', true],
  ['#![doc = include_str!("../README.md")]', true],
  ["/// Adds `a` to `b`.\npub fn a() {}", false],
  ['const HELP: &str = "```";', false],
  ['#[doc = "text"]\nconst HELP: &str = "```";', false],
])("documentation tests may be in %j: %s", (text, expected) => {
  expect(mayHoldDocTests(text, () => ["# Title\n```rust\nlet x = 1;\n```\n"])).toBe(expected);
});

it("are in an included text only if it has code", () => {
  expect(mayHoldDocTests('#![doc = include_str!("../README.md")]', () => ["# Title\n"])).toBe(false);
});
