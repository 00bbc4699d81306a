/** Edits of a library and of the crates that use it, with the real rustc and engine: each crate's patch is compiled with the others. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, manifest } from "./project.js";
import { type Change, Session } from "./session.js";

const LIB = `//! A library, and its program.
pub mod inner;
mod hidden;
pub use inner::reached;
pub use hidden::Shape;

pub const LIMIT: u32 = 3;
pub static GREETING: &str = "hello";
pub type Count = u32;

pub fn first() -> u32 { 1 }
pub fn second(n: u32) -> u32 { n + 1 }
pub fn unused() -> u32 { 9 }
pub fn doubled<T: Into<u32>>(value: T) -> u32 { value.into() * LIMIT }

pub trait Named {
    fn name(&self) -> String;
    fn shout(&self) -> String { self.name().to_uppercase() }
}

#[macro_export]
macro_rules! firsts { () => { $crate::first() + 100 } }
`;

const FILES = {
  "Cargo.toml": `${manifest("app")}\n[lib]\nname = "applib"\n`,
  "src/lib.rs": LIB,
  "src/inner.rs": "pub fn reached() -> u32 { 4 }\npub fn other() -> u32 { 5 }\n",
  "src/hidden.rs":
    "pub struct Shape { pub side: u32, area: u32 }\nimpl Shape {\n    pub fn new(side: u32) -> Shape { Shape { side, area: side * side } }\n    pub fn area(&self) -> u32 { self.area }\n    fn secret(&self) -> u32 { 7 }\n    pub(crate) fn inside(&self) -> u32 { self.secret() }\n}\npub fn of(shape: &Shape) -> u32 { shape.inside() }\n",
  "src/main.rs": `use applib::{LIMIT, Named, Shape, second};
mod more;
mod secret;

struct Dog;
impl Named for Dog {
    fn name(&self) -> String { "dog".into() }
}

fn limits() -> u32 { LIMIT + 10 }
fn seconds() -> u32 { second(1) }
fn shapes() -> u32 { Shape::new(2).area() }
fn greeted() -> String { format!("{}", applib::GREETING) }
fn added() -> u32 { 0 }

fn main() {
    println!("{} {} {} {}", limits(), seconds(), shapes(), greeted());
    println!("{} {} {}", added(), more::more(), Dog.shout());
    println!("{} {}", secret::secrets(&Shape::new(1)), applib::firsts!());
}
`,
  "src/secret.rs":
    "use applib::Shape;\ntrait Secret { fn secret(&self) -> u32; }\nimpl Secret for Shape {\n    fn secret(&self) -> u32 { 70 }\n}\npub fn secrets(shape: &Shape) -> u32 { shape.secret() }\n",
  "src/more.rs": "pub fn more() -> u32 { applib::reached() + applib::doubled(2u32) }\n",
};

describe.runIf(HAS_ENGINE)("a library and its program", () => {
  let session: Session;

  // What a test leaves behind is none of the next one's business.
  afterEach(() => session.follow());
  beforeAll(async () => {
    session = await Session.open("linked", FILES);
    await session.save(["src/lib.rs", "{ 1 }", "{ 2 }"], ["src/main.rs", "LIMIT + 10", "LIMIT + 20"]);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each<[what: string, changes: readonly Change[], shown: string]>([
    [
      "a new function, and who calls it",
      [
        ["src/lib.rs", "pub fn second", "pub fn fresh(n: u32) -> u32 { n * 11 }\npub fn second"],
        ["src/main.rs", "fn added() -> u32 { 0 }", "fn added() -> u32 { applib::fresh(2) }"],
      ],
      "\n22 ",
    ],
    ["a changed constant that others mention", [["src/lib.rs", "LIMIT: u32 = 3", "LIMIT: u32 = 4"]], "24 "],
    ["a changed static", [["src/lib.rs", '&str = "hello"', '&str = "hi"']], " hi\n"],
    ["a changed static's type", [["src/lib.rs", 'GREETING: &str = "hi"', "GREETING: u64 = 77"]], " 77\n"],
    [
      "a changed signature, and its calls",
      [
        ["src/lib.rs", "pub fn second(n: u32) -> u32 { n + 1 }", "pub fn second(n: u64) -> u32 { n as u32 + 200 }"],
        ["src/main.rs", "second(1)", "second(1u64)"],
      ],
      " 201 ",
    ],
    [
      "a changed signature, that its calls need not follow",
      [
        [
          "src/lib.rs",
          "pub fn second(n: u64) -> u32 { n as u32 + 200 }",
          "pub fn second(n: u16) -> u64 { n as u64 + 300 }",
        ],
        ["src/main.rs", "fn seconds() -> u32", "fn seconds() -> u64"],
        ["src/main.rs", "second(1u64)", "second(1)"],
      ],
      " 301 ",
    ],
    [
      "a re-exported function's signature",
      [
        ["src/inner.rs", "pub fn reached() -> u32 { 4 }", "pub fn reached() -> u16 { 40 }"],
        ["src/more.rs", "applib::reached() +", "u32::from(applib::reached()) +"],
      ],
      " 48 ",
    ],
    [
      "a function that is gone, with its calls",
      [
        ["src/lib.rs", "pub fn fresh(n: u32) -> u32 { n * 11 }\n", ""],
        ["src/main.rs", "fn added() -> u32 { applib::fresh(2) }", "fn added() -> u32 { 5 }"],
      ],
      "\n5 ",
    ],
    [
      "a function of which the program has one of its own, and a new import of it",
      [
        ["src/lib.rs", "pub fn second", "pub fn added() -> u32 { 600 }\npub fn second"],
        ["src/more.rs", "pub fn more()", "use applib::added;\npub fn more()"],
        ["src/more.rs", "u32::from(applib::reached()) +", "added() +"],
      ],
      "\n5 608 ",
    ],
    [
      "a private item, and a body of the program",
      [
        [
          "src/lib.rs",
          "pub fn unused() -> u32 { 9 }",
          "fn helper() -> u32 { 900 }\npub fn unused() -> u32 { helper() }",
        ],
        ["src/main.rs", "fn added() -> u32 { 5 }", "fn added() -> u32 { applib::unused() }"],
      ],
      "\n900 ",
    ],
    [
      "a new method, associated function and constant",
      [
        [
          "src/hidden.rs",
          "    fn secret",
          "    pub const SIDES: u32 = 4;\n    pub fn wide(side: u32) -> Shape { Shape { side: side * 10, area: 1 } }\n    pub fn round(&self, n: u32) -> u32 { self.side * Self::SIDES + n }\n    fn secret",
        ],
        ["src/main.rs", "Shape::new(2).area()", "Shape::wide(2).round(1) + Shape::SIDES * 1000"],
      ],
      " 4081 ",
    ],
    [
      "a method's signature",
      [
        ["src/hidden.rs", "pub fn round(&self, n: u32) -> u32 {", "pub fn round(&self, n: u32, m: u32) -> u32 { m +"],
        ["src/main.rs", ".round(1)", ".round(1, 5)"],
      ],
      " 4086 ",
    ],
    ["an associated constant", [["src/hidden.rs", "SIDES: u32 = 4", "SIDES: u32 = 5"]], " 5106 "],
    [
      "a generic function's signature",
      [
        [
          "src/lib.rs",
          "doubled<T: Into<u32>>(value: T) -> u32 {",
          "doubled<T: Into<u32>>(value: T, more: u32) -> u32 { more +",
        ],
        ["src/more.rs", "applib::doubled(2u32)", "applib::doubled(2u32, 10)"],
      ],
      " 618 ",
    ],
    [
      "a new type with a derive, and a trait that the program uses",
      [
        [
          "src/lib.rs",
          "pub fn second",
          "#[derive(Debug, Clone, PartialEq)]\npub struct Pair { pub a: u32, pub b: String }\nimpl Pair {\n    pub fn swap(self) -> Pair { Pair { a: self.a + 1, b: self.b } }\n}\npub trait Sized2 { fn size_of_it(&self) -> u32; }\nimpl Sized2 for Pair {\n    fn size_of_it(&self) -> u32 { self.a }\n}\npub fn second",
        ],
        ["src/main.rs", "mod more;", "use applib::Sized2;\nmod more;"],
        [
          "src/main.rs",
          "fn added() -> u32 { applib::unused() }",
          'fn added() -> u32 { let p = applib::Pair { a: 3, b: "x".into() }.swap(); assert_eq!(p.clone(), p); p.size_of_it() }',
        ],
      ],
      "\n4 ",
    ],
    [
      "a new module with its file",
      [
        [
          "src/lib.rs",
          "mod hidden;",
          "mod hidden;\npub mod extra {\n    pub fn here() -> u32 { 31 }\n    pub const THERE: u32 = 2;\n}",
        ],
        [
          "src/main.rs",
          "fn added() -> u32 {",
          "fn added() -> u32 { use applib::extra; extra::here() * extra::THERE + applib::Pair { a: 1, b: String::new() }.a }\nfn spare() -> u32 {",
        ],
      ],
      "\n63 ",
    ],
    [
      "a constant that a function of the library returns, and both are mentioned in one",
      [["src/lib.rs", "pub const LIMIT: u32 = 4", "pub const LIMIT: u32 = 1000"]],
      "1020 ",
    ],
    [
      "a new public import, and who uses it",
      [
        ["src/lib.rs", "pub use inner::reached;", "pub use inner::{other, reached};"],
        ["src/more.rs", "added() +", "applib::other() + added() +"],
      ],
      " 2615 ",
    ],
    [
      "a field of a type that others mention",
      [
        ["src/hidden.rs", "pub side: u32, area: u32 }", "pub side: u32, area: u32, pub more: u8 }"],
        ["src/hidden.rs", "area: side * side }", "area: side * side, more: 1 }"],
        ["src/hidden.rs", "side: side * 10, area: 1 }", "side: side * 10, area: 1, more: 2 }"],
      ],
      " 5106 ",
    ],
  ])("%s", async (_, changes, shown) => {
    expect(await session.takes(changes)).toContain(shown);
  });

  it.each<[what: string, changes: readonly Change[], reason: string]>([
    [
      "a function that a macro of the library calls",
      [
        ["src/lib.rs", "pub fn first() -> u32 {", "pub fn first() -> u64 {"],
        ["src/lib.rs", "$crate::first() + 100", "$crate::first() + 200"],
      ],
      "the macro `firsts`",
    ],
    [
      "a private method of the library that hides the program's, which then may not be",
      [
        ["src/lib.rs", "pub fn second", "pub fn newest() -> u32 { 1 }\npub fn second"],
        ["src/secret.rs", "shape.secret() }", "shape.secret() + applib::newest() }"],
      ],
      "a name that privacy gives another meaning",
    ],
  ])("leaves to the crate lane: %s", async (_, changes, reason) => {
    const { lane, refused } = await session.save(...changes);
    expect({ lane, refused }).toEqual({ lane: "crate", refused: expect.stringContaining(reason) as string });
    await session.runsAsNative();
  });
});
