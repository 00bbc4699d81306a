/** New items in patch crates, with the real rustc and engine: what they mean, what runs then, and that the crate lane agrees. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const MAIN = `#![allow(dead_code)]
mod shapes;
mod tools;

use std::fmt::Debug;
use tools::*;

const SIZE: usize = 2;

#[derive(Debug, Clone, PartialEq)]
struct Counter { start: u32 }

impl Counter {
    fn count(&self) -> u32 { self.start + 1 }
}

trait Doubled {
    fn doubled(&self) -> u32;
    fn again(&self) -> u32 { match 2 { stated_here => stated_here } }
}
impl Doubled for Counter {
    fn doubled(&self) -> u32 { self.start * 2 }
}

fn first() -> String { format!("first {}", SIZE) }
fn added_before() -> String { first() }
fn second() -> String { format!("second {}", 1) }
fn third() -> u32 { let helper = 3; helper }
fn wide() -> u32 { width() }
fn spoken() -> String { let stated = 1; format!("{stated}") }
fn twice(counter: &Counter) -> u32 { counter.doubled() }
fn failing() -> u32 { 0 }
fn generic<T: Debug>(value: T) -> String { let local = value; format!("{local:?}") }

fn main() {
    println!("{} {} {}", first(), second(), third());
    let counter = Counter { start: 10 };
    println!("{} {} {}", counter.count(), twice(&counter), wide());
    println!("{} {} {}", generic(1), spoken(), shapes::area());
    println!("{}", added_before());
    std::process::exit(match std::panic::catch_unwind(failing) { Ok(0) => 0, Ok(_) => 2, Err(_) => 3 });
}
`;

const FILES = {
  "Cargo.toml": '[package]\nname = "items"\nversion = "0.1.0"\nedition = "2024"\n',
  "src/main.rs": MAIN,
  "src/tools.rs": "pub fn width() -> u32 { 5 }\npub fn height() -> u32 { 6 }\n",
  "src/shapes.rs":
    "const SIDES: usize = 4;\npub struct Sides([u8; SIDES]);\npub struct Square(pub u32);\nimpl Square {\n    pub fn side(&self) -> u32 { self.0 }\n}\npub fn area() -> u32 { Square(3).side() }\n",
};

describe.runIf(HAS_ENGINE)("new items", () => {
  let session: Session;

  // What a test leaves behind is none of the next one's business.
  afterEach(() => session.follow());
  beforeAll(async () => {
    session = await Session.open("items", FILES);
    // The crate is edited for the first time, so that its twin is made.
    await session.save(["src/main.rs", '"second {}", 1', '"second {}", 2']);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each<[what: string, changes: readonly Change[], shown: string]>([
    [
      "a function that an edited one calls",
      [
        ["src/main.rs", "fn first()", 'fn added(n: u32) -> String { format!("added {n}") }\nfn first()'],
        ["src/main.rs", 'format!("first {}", SIZE)', "added(7)"],
      ],
      "added 7",
    ],
    [
      "a constant, and an alias that it is of",
      [
        ["src/main.rs", "const SIZE", "type Length = u64;\nconst LIMIT: Length = 1 << 40;\nconst SIZE"],
        ["src/main.rs", "{ added(7) }", '{ let l: Length = LIMIT; format!("limit {l} ") + &added(7) }'],
      ],
      "limit 1099511627776 added 7",
    ],
    [
      "a method in an impl, and one in a new impl",
      [
        [
          "src/main.rs",
          "    fn count(&self) -> u32 { self.start + 1 }\n}",
          "    fn count(&self) -> u32 { self.more(1) }\n\n    fn more(&self, n: u32) -> u32 { self.start + n + Self::FEW + Self::made(0).start }\n}\nimpl Counter {\n    const FEW: u32 = 100;\n    pub(crate) const fn made(start: u32) -> Self { Counter { start } }\n}",
        ],
      ],
      "111 ",
    ],
    [
      "a method of a type of another module, there",
      [
        ["src/shapes.rs", "    pub fn side", "    pub fn area(&self) -> u32 { self.0 * self.0 }\n    pub fn side"],
        ["src/shapes.rs", "Square(3).side()", "Square(4).area()"],
      ],
      " 16",
    ],
    [
      "a generic function, and one with closures",
      [
        [
          "src/main.rs",
          "fn second()",
          'fn shown<T: Debug, F: Fn(T) -> T>(f: F, value: T) -> String { format!("{:?}", f(value)) }\nfn second()',
        ],
        ["src/main.rs", '{ format!("second {}", 2) }', "{ let n = 5; shown(|value: u32| value + n, 1) }"],
      ],
      " 6 ",
    ],
    [
      "a function that panics: it has its name in the backtrace",
      [
        [
          "src/main.rs",
          "fn failing() -> u32 { 0 }",
          'fn fails() -> u32 { panic!("in a new one") }\nfn failing() -> u32 { fails() }',
        ],
      ],
      "src/main.rs:",
    ],
  ])("%s", async (_, changes, shown) => {
    expect(await session.takes(changes)).toContain(shown);
  });

  it("a function that hides the one of a glob import: whoever calls that is compiled anew", async () => {
    expect(await session.takes([["src/main.rs", "fn wide()", "fn width() -> u32 { 500 }\nfn wide()"]])).toContain(
      " 500\n",
    );
  });

  it("a name that a generic function mentions", async () => {
    expect(await session.takes([["src/main.rs", "fn third()", "fn local() {}\nfn third()"]])).toContain("\n1 1 16");
  });

  it("a function of the name of a variable", async () => {
    expect(await session.takes([["src/main.rs", "fn third()", "fn helper() -> u32 { 9 }\nfn third()"]])).toContain(
      " 3\n",
    );
  });

  it("one that nobody calls, and what is moved", async () => {
    const { patched } = session.statistics;
    const report = await session.save(["src/main.rs", "fn third()", "fn nobody() -> u32 { 9 }\nfn third()"]);
    expect(report).toMatchObject({ lane: "body", functions: { changed: 0, compiled: 0 } });
    expect(session.statistics.patched).toBe(patched + 1);
    await session.follow();
    const moved = await session.save(
      ["src/main.rs", "fn nobody() -> u32 { 9 }\n", ""],
      ["src/main.rs", "fn spoken()", "fn nobody() -> u32 { 9 }\nfn spoken()"],
    );
    expect(moved).toMatchObject({ lane: "body", functions: { changed: 0, compiled: 0 } });
    await session.follow();
  });

  it.each<[what: string, changes: readonly Change[], shown: string]>([
    [
      "a signature, with all who call it",
      [
        [
          "src/main.rs",
          'fn added(n: u32) -> String { format!("added',
          'fn added(n: u64) -> String { format!("now added',
        ],
      ],
      "limit 1099511627776 now added 7",
    ],
    [
      "a signature that others call by its path, and by an import",
      [
        ["src/tools.rs", "pub fn height() -> u32 { 6 }", "pub fn height(more: u64) -> u64 { 60 + more }"],
        [
          "src/main.rs",
          "fn third() -> u32 { let helper = 3; helper }",
          "fn third() -> u64 { let helper = 3; tools::height(helper) }",
        ],
      ],
      " 63\n",
    ],
    [
      "a constant's value",
      [["src/main.rs", "const LIMIT: Length = 1 << 40", "const LIMIT: Length = 1 << 41"]],
      "limit 2199023255552",
    ],
    [
      "an alias",
      [
        ["src/main.rs", "type Length = u64;", "type Length = u128;"],
        ["src/main.rs", "const LIMIT: Length = 1 << 41", "const LIMIT: Length = 1 << 70"],
      ],
      "limit 1180591620717411303424",
    ],
    [
      "a function that is gone, with its last call",
      [
        ["src/main.rs", "fn width() -> u32 { 500 }\n", ""],
        ["src/main.rs", "fn wide() -> u32 { width() }", "fn wide() -> u32 { 4 }"],
      ],
      " 4\n",
    ],
    [
      "an import of a type, and one that is gone",
      [
        ["src/main.rs", "use tools::*;", "use std::collections::HashMap;\nuse tools::*;"],
        ["src/main.rs", "let stated = 1;", "let stated = HashMap::from([(1, 2)])[&1] + tools::height(1);"],
      ],
      " 63 ",
    ],
    [
      "an import that hides what a glob import brings",
      [
        ["src/main.rs", "use std::collections::HashMap;\n", "use std::collections::HashMap;\nuse shapes::width;\n"],
        ["src/main.rs", "fn wide() -> u32 { 4 }", "fn wide() -> u32 { width() }"],
        ["src/shapes.rs", "pub struct Square", "pub fn width() -> u32 { 90 }\npub struct Square"],
      ],
      " 90\n",
    ],
    [
      "a function with another name, and its callers",
      [
        ["src/main.rs", "fn shown<T: Debug, F", "fn displayed<T: Debug, F"],
        ["src/main.rs", "shown(|value: u32|", "displayed(|value: u32|"],
      ],
      " 6 ",
    ],
    ["an attribute of a function", [["src/main.rs", "fn third()", "#[inline]\nfn third()"]], " 63\n"],
  ])("what is another one: %s", async (_, changes, shown) => {
    expect(await session.takes(changes)).toContain(shown);
  });

  it.each<[what: string, refused: string, changes: readonly Change[]]>([
    [
      "a name that a trait's default method mentions",
      "`stated_here` is mentioned where a patch crate cannot follow",
      [["src/main.rs", "fn third()", "fn stated_here() {}\nfn third()"]],
    ],
    [
      "a name of the prelude",
      "`drop` would hide a name that macros may mean",
      [["src/main.rs", "fn third()", "fn drop() {}\nfn third()"]],
    ],
    [
      "a name that there is under another condition",
      "main.rs: several items of the name `area`",
      [["src/main.rs", "fn spoken()", "#[cfg(windows)]\nfn area() {}\n#[cfg(unix)]\nfn area() {}\nfn spoken()"]],
    ],
    [
      "a method that hides a trait's",
      "a patch crate that does not compile (E0034)",
      [["src/main.rs", "    fn count(&self)", "    fn doubled(&self) -> u32 { 77 }\n    fn count(&self)"]],
    ],
    [
      "a trait that comes into scope beside a generic function",
      "`std::fmt::Write` may be a trait, and there are functions that a patch crate cannot hold",
      [["src/main.rs", "use tools::*;", "#[allow(unused_imports)]\nuse std::fmt::Write;\nuse tools::*;"]],
    ],
    [
      "a constant that a type mentions",
      "`SIDES` is mentioned where a patch crate cannot follow",
      [["src/shapes.rs", "const SIDES: usize = 4", "const SIDES: usize = 5"]],
    ],
  ])("%s: not", async (_, refused, changes) => {
    const report = await session.save(...changes);
    expect(report).toMatchObject({ lane: "crate", refused });
    await session.follow();
  });

  it("a mistake in a new function is what rustc says of it", async () => {
    const report = await session.save(["src/main.rs", "fn third()", "fn wrong() -> u32 { true }\nfn third()"]);
    expect(report.diagnostics.map(({ message }) => message)).toContain("mismatched types");
    expect(report.ok).toBe(false);
  });
});
