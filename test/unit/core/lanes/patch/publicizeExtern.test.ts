/** What makes a crate's items public keeps to the text, also where the parser was given other words. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { replaced } from "../../../../../server/src/core/source/blank.js";
import { publicized } from "../../../../../server/src/core/lanes/patch/publicize.js";
import type { SourceCache } from "../../../../../server/src/core/source/sourceCache.js";
import { openSources } from "../../../../support/repository.js";

let sources: SourceCache;
beforeAll(async () => {
  sources = await openSources();
});
afterAll(() => sources.dispose());

function publicly(text: string): string {
  const { root } = sources.get("file.rs", text);
  return replaced(
    text,
    publicized(text, root ?? expect.fail("no tree"), {
      isWhole: () => false,
      macros: new Set(),
      ownMacros: new Set(),
      module: "",
      unit: "u-1",
      isLibrary: false,
      hasTests: true,
    }).replacements,
  );
}

it.each([
  ["fn a() {}", "pub fn a() {}"],
  ["unsafe fn a() {}", "pub unsafe fn a() {}"],
  ["pub(crate) struct A(u8);", "pub        struct A(pub u8);"],
  ['unsafe extern "C" { safe fn a(); }', 'unsafe extern "C" { pub safe fn a(); }'],
  ['unsafe extern "C" { unsafe fn a(); fn b(); }', 'unsafe extern "C" { pub unsafe fn a(); pub fn b(); }'],
  ['unsafe extern "C" { pub safe fn a(); }', 'unsafe extern "C" { pub safe fn a(); }'],
  [
    'unsafe extern "C" { safe static A: u8; unsafe static mut B: u8; }',
    'unsafe extern "C" { pub safe static A: u8; pub unsafe static mut B: u8; }',
  ],
  ["struct A { #[cfg(a)] b: u8, #[cfg(c)] pub d: u8 }", "pub struct A { #[cfg(a)] pub b: u8, #[cfg(c)] pub d: u8 }"],
  ["struct A where u8: Copy;", "pub struct A where u8: Copy;"],
])("%s", (text, expected) => {
  expect(publicly(text)).toBe(expected);
});
