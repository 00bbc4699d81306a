/** What kind of edit the replay of a history takes a save for. */
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SourceCache } from "../../../server/src/core/source/sourceCache.js";
import { type Kind, hardest, kindOf } from "../../../bench/history/kinds.js";
import { ROOT } from "../../support/repository.js";

const BEFORE = `use std::fmt;
mod other;
/// Says it.
pub fn greet(name: &str) -> String { format!("hello {name}") }
#[tokio::main]
async fn main() { greet("you"); }
struct Size { width: u32 }
impl Size {
    fn area(&self) -> u32 { self.width }
}
const LIMIT: u32 = 3;
macro_rules! twice { ($e:expr) => { $e + $e }; }
#[cfg(test)]
mod tests {
    #[test]
    fn greets() { assert!(true); }
}
`;

const EDITS: readonly (readonly [kind: Kind, from: string, to: string])[] = [
  ["comments, white space, nothing", "/// Says it.", "// Says it louder.\n"],
  ["tests only, in a build without tests", "assert!(true)", "assert!(1 == 1)"],
  ["tests only, in a build without tests", "#[test]", "#[test]\n    fn another() {}\n    #[test]"],
  ["bodies of functions", "hello {name}", "good day, {name}"],
  ["bodies of functions", "{ self.width }", "{ self.width * 2 }"],
  ["a function added or removed", "struct Size", "fn more() {}\nstruct Size"],
  ["a function added or removed", "    fn area", "    fn half(&self) -> u32 { 1 }\n    fn area"],
  ["the body of a function under an attribute macro", 'greet("you")', 'greet("them")'],
  ["an import", "use std::fmt;", "use std::{fmt, io};"],
  ["a signature, an attribute of a function", "name: &str", "name: &String"],
  ["a signature, an attribute of a function", "pub fn greet", "#[inline]\npub fn greet"],
  ["a type, an impl, a constant, a static", "width: u32", "width: u64"],
  ["a type, an impl, a constant, a static", "LIMIT: u32 = 3", "LIMIT: u32 = 4"],
  ["a type, an impl, a constant, a static", "const LIMIT", "impl Copy for Size {}\nconst LIMIT"],
  ["a macro", "$e + $e", "$e * 2"],
  ["a module, a file, the rest", "mod other;", "mod another;"],
];

describe("the kind of an edit", () => {
  let cache: SourceCache;
  beforeAll(async () => {
    cache = await SourceCache.create(path.join(ROOT, "dist"));
  });
  afterAll(() => cache.dispose());

  for (const [kind, from, to] of EDITS)
    it(`is “${kind}” for ${JSON.stringify(to)}`, () => {
      expect(BEFORE.split(from)).toHaveLength(2);
      expect(
        kindOf(
          cache,
          "a.rs",
          BEFORE,
          BEFORE.replace(from, () => to),
        ),
      ).toBe(kind);
    });

  it("is the hardest of several", () => {
    expect(hardest(["bodies of functions", "an import", "comments, white space, nothing"])).toBe("an import");
    expect(hardest([])).toBe("comments, white space, nothing");
  });

  it("is the rest for a file that comes or goes", () => {
    expect(kindOf(cache, "a.rs", undefined, BEFORE)).toBe("a module, a file, the rest");
    expect(kindOf(cache, "a.rs", BEFORE, undefined)).toBe("a module, a file, the rest");
  });
});
