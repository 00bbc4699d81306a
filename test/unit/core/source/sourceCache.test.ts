/** Incremental parsing must see what parsing from scratch sees. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { ROOT, openSources } from "../../../support/repository.js";

/** Pieces that change how what follows is read. */
const PIECES = [
  ...["{", "}", "(", ")", '"', "'", "#", "/*", "*/", "//", "\n", "\r\n", ";", "'a", "é🦀"],
  ...["fn x() { y() }", 'r#"', '"#', "impl A {", "macro_rules! m", "&raw ", "const ", "~", "where ", "unsafe extern {"],
];

/** A small generator of pseudo-random numbers: a failure can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

it.each([7, 11, 13, 17])("gives the same outline with and without an earlier tree (%i)", async (seed) => {
  const cache = await openSources();
  const folder = path.join(ROOT, "engine/crates/bitcode/src");
  const files = fs.readdirSync(folder).filter((name) => name.endsWith(".rs"));
  const pick = random(seed);
  let edits = 0;
  for (const file of files) {
    const original = fs.readFileSync(path.join(folder, file), "utf8").slice(0, 6000);
    let text = original;
    cache.get(file, text);
    for (let i = 0; i < 12; i++) {
      const at = pick(text.length);
      const piece = PIECES[pick(PIECES.length)] ?? "";
      text = text.slice(0, at) + piece + text.slice(at + pick(4));
      const incremental = cache.get(file, text).outline;
      cache.forget("fresh");
      expect(incremental, `${file}, edit ${i}`).toEqual(cache.get("fresh", text).outline);
      edits++;
      // Broken for good: begin again, from the broken tree.
      if (i % 3 === 2) text = original;
    }
  }
  expect(edits).toBeGreaterThan(100);
  cache.dispose();
});
