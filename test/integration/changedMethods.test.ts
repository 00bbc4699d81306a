/** Methods with other signatures, and members of generic types, with the real rustc and engine: what runs, and that the crate lane agrees. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, manifest } from "./project.js";
import { type Change, Session } from "./session.js";

const MAIN = `#![allow(dead_code)]
mod shapes;
use shapes::{Named, Square};
use std::fmt::Debug;
use std::ops::Deref;

#[derive(Debug, Clone, PartialEq)]
struct Counter { start: u32 }

impl Counter {
    fn new(start: u32) -> Self { Counter { start } }
    fn count(&self) -> u32 { self.start + 1 }
    fn step(&mut self, by: u32) -> u32 { self.start += by; self.start }
    fn into_start(self) -> u32 { self.start }
    fn down(&self, n: u32) -> u32 { if n == 0 { self.start } else { self.down(n - 1) } }
    fn label(&self) -> String { format!("label {}", self.start) }
    fn size(&self) -> usize { 1 }
    fn shared(&self) -> u32 { 5 }
    const LIMIT: u32 = 10;
    fn limit(&self) -> u32 { Self::LIMIT }
}

struct Other { list: Vec<u32> }
impl Other {
    fn new(start: u32) -> Self { Other { list: vec![start] } }
    fn count(&self) -> usize { self.list.len() }
    fn size(&self) -> usize { 100 }
    fn label(&self) -> String { "other".to_string() }
}

trait Sized2 { fn shared(&self) -> u32; }
impl Sized2 for Other { fn shared(&self) -> u32 { 6 } }

struct Wrapper { inner: Counter }
impl Deref for Wrapper { type Target = Counter; fn deref(&self) -> &Counter { &self.inner } }
impl Wrapper {
    fn size(&self) -> usize { 7 }
}

struct Pair<T> { left: T, right: T }
impl<T: Debug + Clone> Pair<T> {
    fn show(&self) -> String { format!("{:?}", self.left) }
    fn make(left: T, right: T) -> Self { Pair { left, right } }
}

fn counted() -> String { let c = Counter::new(1); let o = Other::new(2); format!("{} {}", c.count(), o.count()) }
fn stepped() -> u32 { let mut c = Counter::new(3); c.step(4) }
fn started() -> u32 { print!("Counter::into_start, {{ c.into_start() }} is "); Counter::new(5).into_start() }
fn downed() -> u32 { Counter::new(6).down(3) }
fn labelled() -> String { format!("{} {}", Counter::new(7).label(), Other::new(1).label()) }
fn sizes() -> String { let w = Wrapper { inner: Counter::new(8) }; format!("{} {} {}", w.size(), w.inner.size(), Other::new(1).size()) }
fn shared() -> u32 { Counter::new(1).shared() * 10 + Other::new(1).shared() }
fn limits() -> u32 { Counter::new(1).limit() + Counter::LIMIT }
fn checked() -> u32 { assert!(Counter::new(9).count() == 10); Counter::new(9).count() }
fn closure() -> u32 { let f = |c: &Counter| c.count(); f(&Counter::new(20)) }
fn mapped() -> Vec<u32> { [Counter::new(30), Counter::new(31)].iter().map(Counter::count).collect() }
fn paired() -> String { Pair::make(1, 2).show() }
fn area() -> u32 { Square(3).area(1) + Square(2).named() }
fn generic<T: Debug>(value: T) -> String { format!("{value:?} {}", forty().count()) }
fn forty() -> Counter { Counter::new(40) }
fn failing() -> u32 { 0 }

fn main() {
    println!("{} {} {} {}", counted(), stepped(), started(), downed());
    println!("{} | {} | {} {}", labelled(), sizes(), shared(), limits());
    println!("{} {} {:?} {} {}", checked(), closure(), mapped(), paired(), area());
    println!("{}", generic(1));
    std::process::exit(match std::panic::catch_unwind(failing) { Ok(0) => 0, Ok(_) => 2, Err(_) => 3 });
}
`;

const SHAPES = `pub struct Square(pub u32);
impl Square {
    pub fn area(&self, by: u32) -> u32 { self.0 * self.0 * by }
}
pub trait Named { fn named(&self) -> u32; }
impl Named for Square {
    fn named(&self) -> u32 { self.area(2) }
}
`;

const FILES = { "Cargo.toml": manifest("methods"), "src/main.rs": MAIN, "src/shapes.rs": SHAPES };

describe.runIf(HAS_ENGINE)("changed methods", () => {
  let session: Session;

  afterEach(() => session.follow());
  beforeAll(async () => {
    session = await Session.open("methods", FILES);
    // The crate is edited for the first time, so that its twin is made.
    await session.save(["src/main.rs", "fn failing() -> u32 { 0 }", "fn failing() -> u32 { 0 + 0 }"]);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each<[what: string, changes: readonly Change[], shown: string]>([
    [
      "a method whose callers need not change",
      [
        [
          "src/main.rs",
          "fn into_start(self) -> u32 { self.start }",
          "fn into_start<'a>(self) -> u32 { self.start + 500 }",
        ],
      ],
      " 505 ",
    ],
    [
      "a method with one parameter more, and its caller",
      [
        [
          "src/main.rs",
          "fn step(&mut self, by: u32) -> u32 { self.start += by; self.start }",
          "fn step(&mut self, by: u32, times: u32) -> u32 { self.start += by * times; self.start }",
        ],
        ["src/main.rs", "c.step(4)", "c.step(4, 10)"],
      ],
      " 43 ",
    ],
    [
      "a recursive one",
      [
        [
          "src/main.rs",
          "fn down(&self, n: u32) -> u32 { if n == 0 { self.start } else { self.down(n - 1) } }",
          "fn down(&self, n: u64) -> u64 { if n == 0 { 77 } else { self.down(n - 1) } }",
        ],
        ["src/main.rs", "fn downed() -> u32", "fn downed() -> u64"],
      ],
      " 77\n",
    ],
    [
      "a name that other types' methods have, with macros around the calls",
      [
        [
          "src/main.rs",
          'fn label(&self) -> String { format!("label',
          'fn label(&self) -> impl std::fmt::Display { format!("now label',
        ],
      ],
      "now label 7 other",
    ],
    [
      "a constructor, of a name that others have",
      [
        [
          "src/main.rs",
          "fn new(start: u32) -> Self { Counter { start } }",
          "fn new(start: impl ToString) -> Self { Counter { start: start.to_string().parse::<u32>().unwrap() + 1000 } }",
        ],
        [
          "src/main.rs",
          "fn checked() -> u32 { assert!(Counter::new(9).count() == 10); Counter::new(9).count() }",
          "fn checked() -> u32 { Counter::new(9u8).count() }",
        ],
      ],
      "1010 ",
    ],
    [
      "a method of another file, which a trait's impl calls",
      [
        [
          "src/shapes.rs",
          "pub fn area(&self, by: u32) -> u32 { self.0 * self.0 * by }",
          "pub fn area(&self, by: u64) -> u32 { self.0 * self.0 * by as u32 + 10000 }",
        ],
      ],
      " 20017\n",
    ],
    [
      "a trait has the name, for another type",
      [["src/main.rs", "fn shared(&self) -> u32 { 5 }", "fn shared<'a>(&'a self) -> u32 { 9 }"]],
      " 96 ",
    ],
    [
      "an attribute",
      [
        [
          "src/main.rs",
          "    fn limit(&self) -> u32 { Self::LIMIT }",
          "    #[must_use]\n    fn limit(&self) -> u32 { Self::LIMIT + 1 }",
        ],
      ],
      " 21\n",
    ],
    ["an associated constant", [["src/main.rs", "const LIMIT: u32 = 10;", "const LIMIT: u32 = 11;"]], " 23\n"],
    [
      "its visibility",
      [["src/shapes.rs", "pub fn area(&self, by: u64)", "pub(crate) fn area(&self, by: u64)"]],
      " 20017\n",
    ],
  ])("%s", async (_, changes, shown) => {
    expect(await session.takes(changes)).toContain(shown);
  });

  /** Not taken: what runs is right, whoever compiled it. */
  async function leaves(changes: readonly Change[], refused: string): Promise<void> {
    const report = await session.save(...changes);
    expect(report).toMatchObject({ lane: "crate", refused });
    await session.runsAsNative();
  }

  it("a generic function that calls it: found when the engine says so", async () => {
    const shown = await session.takes([
      ["src/main.rs", "fn count(&self) -> u32 { self.start + 1 }", "fn count<'a>(&'a self) -> u32 { self.start + 2 }"],
    ]);
    expect(shown).toContain("1 1042\n");
  });

  it("two types' methods of one name at once, and both undone", async () => {
    const [counter, other]: readonly [Change, Change] = [
      ["src/main.rs", "fn label(&self) -> impl std::fmt::Display {", "fn label<'a>(&'a self) -> String {"],
      ["src/main.rs", 'fn label(&self) -> String { "other".to_string() }', 'fn label(&self) -> &str { "another" }'],
    ];
    expect(await session.takes([counter, other])).toContain("now label 1007 another");
    const back = ([file, from, to]: Change): Change => [file, to, from];
    expect(await session.takes([back(counter), back(other)])).toContain("now label 1007 other");
    await session.save(counter);
    await session.save(back(counter));
    await session.runsAsNative();
  });

  it("again before the crate lane has followed", async () => {
    await session.save(["src/main.rs", "fn limit(&self)", "fn limit<'b>(&'b self)"]);
    await session.takes([["src/main.rs", "Self::LIMIT + 1", "Self::LIMIT + 2"]]);
  });

  it("a name that a type with a pointer to it has, too: not", async () => {
    await leaves(
      [["src/main.rs", "    fn size(&self) -> usize { 1 }", "    fn size(&self) -> usize where Self: Sized { 2 }"]],
      "several methods of the name `size`, of types that one may be for the other",
    );
  });

  it("a macro that shows its condition", async () => {
    await leaves(
      [
        ["src/main.rs", "fn checked() -> u32 {", "fn checked() -> u32 { assert!(Counter::new(1).limit() > 3);"],
        ["src/main.rs", "fn limit<'b>(&'b self)", "fn limit<'a>(&'a self)"],
      ],
      "a function that is gone, or has another signature, is still in use",
    );
  });

  it("a mistake is what rustc says of it, in the user's words", async () => {
    const report = await session.save([
      "src/main.rs",
      "fn step(&mut self, by: u32, times: u32)",
      "fn step(&mut self, by: u32, times: bool)",
    ]);
    expect(report.ok).toBe(false);
    expect(report.diagnostics.map(({ message }) => message)).toContain("mismatched types");
    await session.save(["src/main.rs", "times: bool)", "times: u32)"]);
  });

  it("a panic in it has its name", async () => {
    const shown = await session.takes([
      [
        "src/main.rs",
        "fn down(&self, n: u64) -> u64 {",
        'fn down(&self, n: u64, m: u8) -> u64 { if m > 0 { panic!("deep") }',
      ],
      ["src/main.rs", "self.down(n - 1)", "self.down(n - 1, m)"],
      [
        "src/main.rs",
        "fn downed() -> u64 { Counter::new(6).down(3) }",
        "fn downed() -> u64 { Counter::new(6).down(3, 0) }",
      ],
      ["src/main.rs", "fn failing() -> u32 { 0 + 0 }", "fn failing() -> u32 { Counter::new(6).down(3, 1) as u32 }"],
    ]);
    expect(shown).toContain("methods::Counter::down");
  });
});
