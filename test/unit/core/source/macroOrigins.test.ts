/** Which macros are known by where they come from, as a crate's texts tell it. */
import { describe, expect, it } from "vitest";
import { MacroOrigins, mayBeKnown } from "../../../../server/src/core/source/macroOrigins.js";

const FOREIGN = new Set(["log", "tracing", "anyhow"]);

/** Whether a macro that the first text calls is a known one; the other texts are those of the crate's other files. */
function isKnown(macro: string, text: string, ...others: readonly string[]): boolean {
  const texts = [text, ...others].map((it) => ({ text: it, isSource: true }));
  return mayBeKnown(macro) && new MacroOrigins(texts, FOREIGN).isKnown(text, macro);
}

describe("macros of std", () => {
  it("are known by their names and paths", () => {
    expect(isKnown("println", "fn f() {}")).toBe(true);
    expect(isKnown("::std::println", "use std::fmt::Write;")).toBe(true);
    expect(isKnown("write", "use std::write;\nuse own::prelude::*;")).toBe(true);
    expect(isKnown("std::pin", "")).toBe(true);
  });

  it.each<[string, ...string[]]>([
    ["use own::println;"],
    ["use own::{a, b::println};"],
    ["use own::loud as println;"],
    ["fn f() { use own::println; }"],
    ["#[macro_use]\nextern crate own;"],
    ["macro_rules! println { () => {} }"],
    ["", "macro_rules! println { () => {} }"],
    ["", "macro_rules! make { ($name:ident) => { macro_rules! $name { () => {} } } }"],
    ["", "#[macro_use] extern crate own;"],
    ["", 'fn f() { "no end }'],
  ])("are not where others may have their names: %j %j", (text, ...others) => {
    expect(isKnown("println", text, ...others)).toBe(false);
  });

  it("are not known by a shorter path, or by that of another crate", () => {
    expect(isKnown("pin", "use std::pin::pin;")).toBe(false);
    expect(isKnown("own::println", "")).toBe(false);
    expect(isKnown("std::println", "mod std {}")).toBe(false);
  });

  it("are known beside data that is no Rust", () => {
    const texts = [{ text: "it's", isSource: false }];
    expect(new MacroOrigins(texts, FOREIGN).isKnown("fn f() {}", "println")).toBe(true);
  });
});

describe("macros for logs and errors", () => {
  it("are known by their paths and imports", () => {
    expect(isKnown("tracing::info", "")).toBe(true);
    expect(isKnown("info", "use tracing::{debug, info};")).toBe(true);
    expect(isKnown("anyhow", "use anyhow::{Context, anyhow};")).toBe(true);
    expect(isKnown("anyhow::bail", "use anyhow::{Context, anyhow};")).toBe(true);
    expect(isKnown("info", "fn f() {}", "#[macro_use] extern crate log;")).toBe(true);
    expect(isKnown("info", "use log::info;\nmod a { use super::*; }\nuse super::*;")).toBe(true);
  });

  it.each([
    ["info", "use own::info;"],
    ["info", "use own::*;"],
    ["info", "fn f() { use log::info; }\nuse own::*;"],
    ["info", "use log::info;\nmod a { use own::*; }"],
    ["info", "use log::info;\nmod log;"],
    ["info", "use log::info;\nuse own::log;"],
    ["log::info", "use own as log;"],
    ["log::info", "use own::log::{self};"],
    ["eyre::bail", ""],
    ["tracing::bail", ""],
    ["crate::info", "use log::info;"],
  ])("are not where they may be another's: %s in %j", (macro, text) => {
    expect(isKnown(macro, text)).toBe(false);
  });
});
