/** Members of generic types, new ones and changed ones, and generic functions that call what has changed: with the real rustc and engine. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, manifest } from "./project.js";
import { type Change, Session } from "./session.js";

const MAIN = `#![allow(dead_code)]
use std::fmt::Debug;
use std::io::Write;

struct Pair<T> { left: T, right: T }

impl<T: Debug + Clone> Pair<T> {
    fn show(&self) -> String { format!("{:?}", self.left) }
    fn make(left: T, right: T) -> Self { Pair { left, right } }
    fn twice(&self) -> String { self.show() + &self.show() }
    fn swapped(&self) -> Pair<T> { Pair { left: self.right.clone(), right: self.left.clone() } }
}

struct Printer<'a, W, const N: usize> { out: &'a mut W, depth: [u8; N] }

impl<'a, W: Write, const N: usize> Printer<'a, W, N>
where
    W: Sized,
{
    fn put(&mut self, text: &str) { write!(self.out, "{}{text}", self.depth.len()).unwrap(); }
    fn line(&mut self, text: &str) { self.put(text); self.put(";"); }
}

struct Plain(u32);
impl Plain {
    fn value(&self) -> u32 { self.0 }
    fn times<T: Into<u32>>(&self, by: T) -> u32 { self.0 * by.into() }
}

fn wrap<T: Debug>(value: T) -> String { format!("<{value:?}>") }
fn wrap_twice<T: Debug + Clone>(value: T) -> String { wrap(value.clone()) + &wrap(value) }
fn plain_value<T: Debug>(value: T) -> String { format!("{value:?} {}", Plain(4).value()) }

fn paired() -> String {
    let pair = Pair::make(1, 2);
    pair.show() + &pair.twice()
}
fn swapped() -> String { Pair::make('a', 'b').swapped().show() }
fn printed() -> String {
    let mut out = Vec::new();
    let mut printer = Printer { out: &mut out, depth: [0; 3] };
    printer.line("hello");
    String::from_utf8(out).unwrap()
}
fn wrapped() -> String { wrap_twice(5) + &wrap("x") }
fn valued() -> String { plain_value('v') + &Plain(3).times(2u8).to_string() }
fn failing() -> u32 { 0 }

fn main() {
    println!("{} | {} | {} | {} | {}", paired(), swapped(), printed(), wrapped(), valued());
    println!("{}", failing());
}
`;

const FILES = { "Cargo.toml": manifest("generics"), "src/main.rs": MAIN };

describe.runIf(HAS_ENGINE)("members of generic types", () => {
  let session: Session;

  afterEach(() => session.follow());
  beforeAll(async () => {
    session = await Session.open("generics", FILES);
    // The crate is edited for the first time, so that its twin is made.
    await session.save(["src/main.rs", "fn failing() -> u32 { 0 }", "fn failing() -> u32 { 0 + 0 }"]);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each<[what: string, changes: readonly Change[], shown: string]>([
    [
      "a new method with parameters of its own, and a new constant",
      [
        [
          "src/main.rs",
          "    fn make(left: T",
          '    fn both<U: Debug>(&self, more: U) -> String { format!("{:?} {:?} {more:?}", self.left, self.right) }\n    const FEW: usize = 3;\n    fn make(left: T',
        ],
        ["src/main.rs", "pair.show() + &pair.twice()", "pair.both('x') + &Pair::<u8>::FEW.to_string()"],
      ],
      "1 2 'x'3 |",
    ],
    [
      "a changed one",
      [
        [
          "src/main.rs",
          'fn both<U: Debug>(&self, more: U) -> String { format!("',
          'fn both<U: Debug>(self, more: U) -> String { format!("all ',
        ],
      ],
      "all 1 2 'x'3 |",
    ],
    [
      "one with lifetimes, bounds and lengths",
      [
        [
          "src/main.rs",
          "    fn line(&mut self",
          '    fn end(&mut self, by: [u8; N]) -> &mut W { self.put("end"); self.depth = by; self.out }\n    fn line(&mut self',
        ],
        ["src/main.rs", 'printer.line("hello");', 'printer.end([1; 3]).write_all(b"!").unwrap();'],
      ],
      "3end!",
    ],
    [
      "one that is gone",
      [
        ["src/main.rs", "    const FEW: usize = 3;\n", ""],
        ["src/main.rs", " + &Pair::<u8>::FEW.to_string()", ""],
      ],
      "all 1 2 'x' |",
    ],
    [
      "one that another one of the type calls",
      [
        ["src/main.rs", "fn show(&self) -> String {", "fn show(&self) -> impl AsRef<str> {"],
        ["src/main.rs", "pair.both('x')", "pair.twice()"],
        ["src/main.rs", "self.show() + &self.show()", "self.show().as_ref().repeat(2) + self.show().as_ref()"],
        ["src/main.rs", ".swapped().show()", ".swapped().show().as_ref().to_owned()"],
      ],
      "111 | 'b'",
    ],
    [
      "a generic function whose signature changes, and generic ones that call it",
      [
        [
          "src/main.rs",
          'fn wrap<T: Debug>(value: T) -> String { format!("<',
          'fn wrap<T: Debug>(value: T, by: u8) -> String { format!("{by}<',
        ],
        ["src/main.rs", "{ wrap(value.clone()) + &wrap(value) }", "{ wrap(value.clone(), 1) + &wrap(value, 2) }"],
        ["src/main.rs", '&wrap("x")', '&wrap("x", 3)'],
      ],
      '1<5>2<5>3<"x">',
    ],
    [
      "a generic method of a plain type",
      [
        [
          "src/main.rs",
          "fn times<T: Into<u32>>(&self, by: T) -> u32 { self.0 * by.into() }",
          "fn times(&self, by: impl Into<u32> + Copy) -> u32 { self.0 * by.into() * by.into() }",
        ],
      ],
      "'v' 412\n",
    ],
    [
      "an edited generic function beside a new item",
      [
        ["src/main.rs", 'format!("{value:?} {}", Plain', 'format!("{value:?} {} {}", added(), Plain'],
        ["src/main.rs", "fn wrapped()", "fn added() -> u8 { 9 }\nfn wrapped()"],
      ],
      "'v' 9 4",
    ],
  ])("%s", async (_, changes, shown) => {
    expect(await session.takes(changes)).toContain(shown);
  });
});
