/** Edits of libraries that reach programs by way of other libraries, with the real rustc and engine. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, manifest } from "./project.js";
import { type Change, Session } from "./session.js";

const FILES = {
  "Cargo.toml": '[workspace]\nmembers = ["a", "mid", "app"]\ndefault-members = ["app"]\nresolver = "3"\n',
  "a/Cargo.toml": manifest("a"),
  "a/src/lib.rs": `pub mod deep;
pub const VALUE: u32 = 1;
pub const LENGTH: usize = 2;
pub const KEPT: u32 = 50;
pub fn plain() -> u32 { 10 }
pub fn hinted() -> u32 { 11 }
#[inline]
pub fn inlined() -> u32 { 12 }
pub struct Thing { pub n: u32 }
impl Thing {
    pub fn get(&self) -> u32 { self.n }
    pub fn put(&mut self, n: u32) { self.n = n; }
}
pub trait Speak {
    fn speak(&self) -> String { "default".into() }
    fn say(&self) -> String { self.speak() }
}
impl Speak for Thing {}
#[macro_export]
macro_rules! hint { () => { $crate::hinted() } }
`,
  "a/src/deep.rs":
    "pub fn deep() -> u32 { 20 }\npub const DEEPEST: u32 = 31;\npub fn deeper() -> u32 { 21 }\npub enum Level { Low, High }\n",
  "mid/Cargo.toml": manifest("mid", '[dependencies]\nalpha = { package = "a", path = "../a" }\n'),
  "mid/src/lib.rs": `pub use alpha::VALUE;
pub use alpha::deep::*;
pub mod again { pub use alpha::plain as simply; pub use alpha::Thing; }
pub fn scaled<T: Into<u32>>(t: T) -> u32 { t.into() * alpha::KEPT }
#[inline]
pub fn quick() -> u32 { alpha::KEPT + 1 }
pub fn calls() -> u32 {
    alpha::plain() + alpha::inlined()
}
pub fn made() -> again::Thing { again::Thing { n: 5 } }
`,
  "app/Cargo.toml": manifest("app", '[dependencies]\nmid = { path = "../mid" }\na = { path = "../a" }\n'),
  "app/src/main.rs": `mod globs;
mod users;
mod patterns;
fn shadowed() -> u32 { 7 }
fn local() -> u32 {
    use mid::*;
    shadowed() + deeper() + mid::DEEPEST
}
fn main() {
    println!("{} {} {}", globs::all(), users::values(), users::generics());
    println!("{} {} {}", patterns::matched(1), patterns::lengths(), local());
    println!("{} {} {}", users::things(), users::spoken(), users::hints());
    println!("{} {}", users::chain(), users::calls());
}
`,
  "app/src/globs.rs": "use mid::*;\npub fn all() -> u32 {\n    deep() + VALUE\n}\n",
  "app/src/users.rs": `use a::Speak;
pub fn values() -> u32 { mid::VALUE * 2 }
pub fn generics() -> u32 { mid::scaled(2u8) + mid::quick() }
pub fn things() -> u32 {
    let mut thing = mid::made();
    thing.put(6);
    thing.get()
}
pub fn spoken() -> String { mid::made().say() }
pub fn hints() -> u32 { a::hint!() }
pub fn chain() -> u32 { 0 }
pub fn calls() -> u32 { mid::calls() + mid::again::simply() }
`,
  "app/src/patterns.rs":
    'pub fn matched(n: u32) -> &\'static str {\n    match n {\n        mid::VALUE => "value",\n        _ => "other",\n    }\n}\npub fn lengths() -> usize {\n    [0u8; a::LENGTH].len()\n}\n',
};

describe.runIf(HAS_ENGINE)("a chain of crates", () => {
  let session: Session;
  afterEach(() => session.follow());
  beforeAll(async () => {
    session = await Session.open("chain", FILES);
    await session.save(
      ["a/src/lib.rs", "{ 10 }", "{ 100 }"],
      ["app/src/users.rs", "chain() -> u32 { 0 }", "chain() -> u32 { 1 }"],
    );
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each<[what: string, changes: readonly Change[], refused: string | undefined]>([
    ["a re-exported constant", [["a/src/lib.rs", "VALUE: u32 = 1", "VALUE: u32 = 3"]], undefined],
    [
      "a glob's function",
      [
        [
          "a/src/deep.rs",
          "pub fn deep() -> u32 { 20 }",
          "pub fn deep() -> u32 { let n: u32 = inner(0); n }\nfn inner(n: u64) -> u32 { n as u32 + 200 }",
        ],
      ],
      undefined,
    ],
    [
      "a glob's signature",
      [
        ["a/src/deep.rs", "pub fn deeper() -> u32 { 21 }", "pub fn deeper() -> u16 { 2100 }"],
        ["app/src/main.rs", "+ deeper() +", "+ u32::from(deeper()) +"],
      ],
      undefined,
    ],
    [
      "a name that hides another one in a body",
      [["a/src/deep.rs", "pub fn deeper()", "pub fn shadowed() -> u32 { 7000 }\npub fn deeper()"]],
      undefined,
    ],
    [
      "a constant of generic and inline functions between",
      [["a/src/lib.rs", "KEPT: u32 = 50", "KEPT: u32 = 60"]],
      undefined,
    ],
    ["a glob's constant", [["a/src/deep.rs", "DEEPEST: u32 = 31", "DEEPEST: u32 = 3100"]], undefined],
    ["a length", [["a/src/lib.rs", "LENGTH: usize = 2", "LENGTH: usize = 9"]], undefined],
    [
      "three crates",
      [
        ["a/src/lib.rs", "pub fn plain()", "pub fn one(n: u32) -> u32 { n + 1000 }\npub fn plain()"],
        ["mid/src/lib.rs", "pub fn made()", "pub fn two(n: u32) -> u32 { alpha::one(n) * 2 }\npub fn made()"],
        ["app/src/users.rs", "chain() -> u32 { 1 }", "chain() -> u32 { mid::two(1) + a::one(1) }"],
      ],
      undefined,
    ],
    [
      "its signatures",
      [
        ["a/src/lib.rs", "pub fn one(n: u32) -> u32 { n + 1000 }", "pub fn one(n: u64) -> u64 { n + 1000 }"],
        ["mid/src/lib.rs", "alpha::one(n) * 2", "alpha::one(n.into()) as u32 * 3"],
        ["app/src/users.rs", "a::one(1)", "a::one(1) as u32"],
      ],
      undefined,
    ],
    [
      "a macro's function",
      [
        ["a/src/lib.rs", "pub fn hinted() -> u32 { 11 }", "pub fn hinted() -> u16 { 13 }"],
        ["app/src/users.rs", "a::hint!()", "u32::from(a::hint!())"],
      ],
      "still in use",
    ],
    ["an inline function", [["a/src/lib.rs", "{ 12 }", "{ 120 }"]], undefined],
    [
      "an inline function's signature",
      [
        ["a/src/lib.rs", "pub fn inlined() -> u32 { 120 }", "pub fn inlined() -> u16 { 130 }"],
        ["mid/src/lib.rs", "alpha::inlined()", "u32::from(alpha::inlined())"],
      ],
      undefined,
    ],
    [
      "a method's signature",
      [["a/src/lib.rs", "put(&mut self, n: u32) { self.n = n; }", "put(&mut self, n: u64) { self.n = n as u32 + 1; }"]],
      undefined,
    ],
    [
      "a re-exported function by another name",
      [
        ["a/src/lib.rs", "pub fn plain() -> u32 { 100 }", "pub fn plain() -> u16 { 101 }"],
        ["mid/src/lib.rs", "alpha::plain()", "u32::from(alpha::plain())"],
        ["app/src/users.rs", "mid::again::simply()", "u32::from(mid::again::simply())"],
      ],
      "still in use",
    ],
    [
      "a default method",
      [["a/src/lib.rs", '"default"', '"changed"']],
      "an edited generic function has instances in other crates",
    ],
    [
      "an overridden default",
      [
        [
          "a/src/lib.rs",
          "impl Speak for Thing {}",
          'impl Speak for Thing {\n    fn speak(&self) -> String { "thing".into() }\n}',
        ],
      ],
      undefined,
    ],
    ["a variant", [["a/src/deep.rs", "Low, High", "Low, Middle, High"]], undefined],
    ["documentation", [["a/src/lib.rs", "pub fn plain", "/// Plainly.\npub fn plain"]], undefined],
    [
      "a body below, and one above",
      [
        ["a/src/lib.rs", "self.n }", "self.n + 0 }"],
        ["app/src/users.rs", "thing.put(6)", "thing.put(8)"],
      ],
      undefined,
    ],
    [
      "a new constant that the middle hands on",
      [
        ["a/src/lib.rs", "pub fn plain", "pub const NEWER: u32 = 77;\npub fn plain"],
        ["mid/src/lib.rs", "pub use alpha::VALUE;", "pub use alpha::{NEWER, VALUE};"],
        ["app/src/users.rs", "mid::two(1) +", "mid::two(1) + mid::NEWER +"],
      ],
      undefined,
    ],
  ])("%s", async (_, changes, reason) => {
    const { lane, refused } = await session.save(...changes);
    const expected = reason === undefined ? reason : (expect.stringContaining(reason) as string);
    expect({ lane, refused }).toEqual({ lane: reason === undefined ? "body" : "crate", refused: expected });
    await session.runsAsNative();
  });
});
