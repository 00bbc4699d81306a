/** Programs in whose texts a library's names are easily mistaken, with the real rustc and engine: whatever lane, what runs is right. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, manifest } from "./project.js";
import { type Change, Session } from "./session.js";

const FILES = {
  "Cargo.toml": manifest("same"),
  "src/lib.rs": `//! The library has the program's name.
use std::fmt;
mod private;
pub mod shapes;
pub(crate) fn only_here() -> u32 { 1 }
pub fn total() -> u32 { only_here() + private::hidden() }
pub fn run(n: u32) -> u32 { n + 1 }
pub const STEP: u32 = 1;
pub const fn steps(n: u32) -> u32 { n * STEP }
pub async fn later(n: u32) -> u32 { n }
pub fn adder() -> impl Fn(u32) -> u32 { |n| n + STEP }
pub fn apply<F: Fn(u32) -> u32>(f: F) -> u32 { f(2) }
#[derive(Debug)]
#[non_exhaustive]
pub enum Mode { Plain, Fancy }
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mode {:?}", self)
    }
}
pub struct Wrapper<T>(pub T);
impl<T: Clone> Wrapper<T> {
    pub fn inner(&self) -> T { self.0.clone() }
}
#[macro_export]
macro_rules! step { ($e:expr) => { $e + $crate::STEP }; }
#[macro_export]
macro_rules! call { ($f:ident) => { $f(5) }; }
`,
  "src/private.rs": "pub fn hidden() -> u32 { 5 }\npub fn other() -> u32 { 6 }\n",
  "src/shapes.rs":
    "#[derive(Default, Clone)]\npub struct Circle { pub r: u32 }\nimpl Circle {\n    pub fn area(&self) -> u32 { self.r * 3 }\n    fn grown(&self) -> u32 { self.r + 1 }\n    pub fn twice(&self) -> u32 { self.grown() * 2 }\n}\n",
  "src/main.rs": `use same::shapes::Circle;
use same::{Mode, Wrapper};
mod globs;
mod own;
fn plain() -> u32 { same::run(1) }
fn mode(mode: &Mode) -> &'static str {
    match mode {
        Mode::Plain => "plain",
        _ => "other",
    }
}
fn total() -> u32 { same::total() }
fn stepped() -> u32 { same::step!(10) }
fn called() -> u32 {
    use same::run;
    same::call!(run)
}
fn closures() -> u32 { same::apply(same::adder()) + same::apply(|n| n * 7) }
fn consts() -> u32 {
    const N: u32 = same::steps(3);
    N
}
fn wrapped() -> String { Wrapper(String::from("w")).inner() }
fn awaited() -> u32 {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(same::later(4)).poll(&mut context) {
        std::task::Poll::Ready(n) => n,
        std::task::Poll::Pending => 0,
    }
}
fn main() {
    println!("{} {} {} {}", plain(), mode(&Mode::Fancy), total(), stepped());
    println!("{} {} {} {} {}", called(), closures(), consts(), wrapped(), awaited());
    println!("{} {} {}", globs::all(), own::own(), Mode::Plain);
    println!("{} {}", Circle { r: 2 }.area(), own::grown(&Circle::default()));
}
`,
  "src/globs.rs": "use same::*;\nuse std::cmp::*;\npub fn all() -> u32 {\n    run(STEP) + max(1, 2)\n}\n",
  "src/own.rs": `use same::shapes::Circle;
const STEP: u32 = 100;
fn run(n: u32) -> u32 { n + STEP }
trait Grow { fn grown(&self) -> u32; }
impl Grow for Circle {
    fn grown(&self) -> u32 { self.r + 1000 }
}
pub fn own() -> u32 { run(1) }
pub fn grown(circle: &Circle) -> u32 { circle.grown() }
`,
};

describe.runIf(HAS_ENGINE)("a library of the program's name", () => {
  let session: Session;
  afterEach(() => session.follow());
  beforeAll(async () => {
    session = await Session.open("same", FILES);
    await session.save(["src/lib.rs", "{ n + 1 }", "{ n + 2 }"], ["src/main.rs", "same::run(1)", "same::run(2)"]);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each<[what: string, changes: readonly Change[], refused: string | undefined]>([
    [
      "a constant that macros of the library write",
      [["src/lib.rs", "STEP: u32 = 1", "STEP: u32 = 2"]],
      "`STEP` is mentioned where a patch crate cannot follow",
    ],
    [
      "a signature of a name that the program has, too",
      [
        ["src/lib.rs", "pub fn run(n: u32) -> u32 { n + 2 }", "pub fn run(n: u32) -> u64 { u64::from(n) + 3 }"],
        ["src/main.rs", "fn plain() -> u32", "fn plain() -> u64"],
        ["src/main.rs", "fn called() -> u32", "fn called() -> u64"],
        ["src/globs.rs", "run(STEP)", "run(STEP) as u32"],
      ],
      undefined,
    ],
    [
      "a new name that a glob brings beside std's",
      [["src/lib.rs", "pub fn total", "pub fn max(a: u32, b: u32) -> u32 { a * 100 + b }\npub fn total"]],
      "a name that two glob imports bring",
    ],
    [
      "back",
      [["src/lib.rs", "pub fn max(a: u32, b: u32) -> u32 { a * 100 + b }\n", ""]],
      "`max` is gone and still mentioned",
    ],
    [
      "a new function of a name of the prelude's macros",
      [["src/lib.rs", "pub fn total", "pub fn drop(n: u32) -> u32 { n }\npub fn total"]],
      "`drop` would hide a name that macros may mean",
    ],
    [
      "a variant that others may not know of",
      [
        ["src/lib.rs", "Plain, Fancy", "Plain, Fancy, Third"],
        ["src/main.rs", "Mode::Fancy)", "Mode::Third)"],
      ],
      undefined,
    ],
    [
      "a function that matches what others may not know all of",
      [
        ["src/lib.rs", "pub fn total", "pub fn answer() -> u32 { 42 }\npub fn total"],
        ["src/main.rs", 'Mode::Plain => "plain",', 'Mode::Plain if same::answer() == 42 => "answer",'],
      ],
      "a name that may be private to others",
    ],
    [
      "a method that a private one's name is beside",
      [
        ["src/shapes.rs", "pub fn twice", "pub fn thrice(&self) -> u32 { self.r * 3 }\n    pub fn twice"],
        ["src/own.rs", "circle.grown() }", "circle.grown() + circle.thrice() }"],
      ],
      "a name that privacy gives another meaning",
    ],
    [
      "an async function's signature",
      [["src/lib.rs", "later(n: u32) -> u32 { n }", "later(n: u64) -> u32 { n as u32 + 1 }"]],
      undefined,
    ],
    [
      "what is behind impl Trait",
      [["src/lib.rs", "|n| n + STEP }", "|n| n * STEP }"]],
      "the body decides the type behind impl Trait",
    ],
    ["a const fn", [["src/lib.rs", "{ n * STEP }", "{ n * STEP + 1 }"]], "a const fn may run at compile time"],
    [
      "a const fn's signature",
      [
        ["src/lib.rs", "pub const fn steps(n: u32)", "pub const fn steps(n: u16)"],
        ["src/lib.rs", "{ n * STEP + 1 }", "{ n as u32 * STEP + 2 }"],
      ],
      undefined,
    ],
    [
      "a method of a generic type",
      [
        [
          "src/lib.rs",
          "pub fn inner(&self) -> T { self.0.clone() }",
          "pub fn inner(&self) -> T { let v = self.0.clone(); v }\n    pub fn outer(&self, _n: u8) -> T { self.inner() }",
        ],
        ["src/main.rs", ".inner() }", ".outer(1) }"],
      ],
      undefined,
    ],
    [
      "its signature",
      [
        ["src/lib.rs", "outer(&self, _n: u8)", "outer(&self, _n: u8, _m: &str)"],
        ["src/main.rs", ".outer(1)", '.outer(1, "m")'],
      ],
      undefined,
    ],
    [
      "a generic function's bounds",
      [
        [
          "src/lib.rs",
          "pub fn apply<F: Fn(u32) -> u32>(f: F) -> u32 { f(2) }",
          "pub fn apply<F: FnOnce(u32) -> u32>(f: F) -> u32 { f(3) }",
        ],
      ],
      undefined,
    ],
    [
      "a private module's function that is handed on now",
      [
        ["src/lib.rs", "pub fn total", "pub use private::other;\npub fn total"],
        ["src/main.rs", "same::total()", "same::total() + same::other()"],
      ],
      "the body of a function is needed that is not there",
    ],
    [
      "a function that nobody may use any more",
      [
        ["src/main.rs", "same::total() + same::other()", "3"],
        ["src/lib.rs", "pub fn total", "pub(crate) fn total"],
      ],
      "`total` is gone and still mentioned",
    ],
    [
      "an item that becomes public",
      [
        ["src/lib.rs", "pub(crate) fn only_here", "pub fn only_here"],
        ["src/main.rs", "fn total() -> u32 { 3 }", "fn total() -> u32 { same::only_here() }"],
      ],
      undefined,
    ],
    [
      "a trait with a method of a name that the program's has",
      [["src/shapes.rs", "impl Circle {", "pub trait Grown {\n    fn grown(&self) -> u8;\n}\nimpl Circle {"]],
      "a name that privacy gives another meaning",
    ],
    [
      "a conversion",
      [
        [
          "src/shapes.rs",
          "impl Circle {",
          "pub struct Disc(pub u32);\nimpl From<Circle> for Disc {\n    fn from(c: Circle) -> Disc { Disc(c.r) }\n}\nimpl Circle {",
        ],
        ["src/own.rs", "circle.thrice() }", "circle.thrice() + same::shapes::Disc::from(circle.clone()).0 }"],
      ],
      "a name that privacy gives another meaning",
    ],
  ])("%s", async (_, changes, reason) => {
    const { lane, refused } = await session.save(...changes);
    const expected = reason === undefined ? reason : (expect.stringContaining(reason) as string);
    expect({ lane, refused }).toEqual({ lane: reason === undefined ? "body" : "crate", refused: expected });
    await session.runsAsNative();
  });
});
