/** Bodies of generic functions, edited where other crates have instances of them: with the real rustc and engine. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const KIT = `use std::collections::HashMap;
use std::fmt::Debug;
use std::io::{Read, Write};

pub struct Printer<'a, W: Write> { out: &'a mut W, depth: usize }

impl<'a, W: Write> Printer<'a, W> {
    pub fn new(out: &'a mut W) -> Self { Printer { out, depth: 1 } }
    pub fn line(&mut self, text: &str) {
        let depth = self.deeper(1);
        writeln!(self.out, "{depth} {text}").unwrap();
    }
    fn deeper(&mut self, by: usize) -> usize
    where
        W: Sized,
    {
        self.depth += by;
        self.depth
    }
    pub fn all<R: Read>(&mut self, mut from: R) {
        let mut text = String::new();
        from.read_to_string(&mut text).unwrap();
        text.lines().for_each(|line| self.line(line));
    }
}

#[derive(Debug, Clone)]
pub struct Local(pub u32);

pub struct Walk<T, const N: usize> { pub of: [T; N], pub at: usize }

impl<T: Clone, const N: usize> Iterator for Walk<T, N> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        let found = self.of.get(self.at).cloned();
        self.at += 1;
        found
    }
}

pub fn show<T: Debug>(value: T) -> String {
    format!("<{value:?}>")
}

pub fn again<T: Debug + Clone>(value: T, left: u8) -> String {
    if left == 0 { show(value) } else { again(value.clone(), left - 1) + "." }
}

pub fn plain() -> String {
    show(3u8) + &kept(1)
}

fn kept(n: u32) -> String {
    show(n)
}

pub fn counted<K: Debug + Ord, V: Debug>(map: &HashMap<K, V>) -> String {
    let mut all: Vec<_> = map.iter().collect();
    all.sort_by(|a, b| a.0.cmp(b.0));
    format!("{all:?}")
}

pub fn called<F: Fn(u32) -> u32>(f: F) -> u32 {
    f(1) + 1
}

pub fn pointed<F: Fn() -> u32>(f: F) -> u32 {
    f() + 1
}

pub fn taken(text: &str, value: impl Into<String> + Clone, more: &mut impl Write) -> String {
    writeln!(more, "{text}").unwrap();
    value.into() + text
}

pub fn lent<'a>(text: &'a str, by: impl Into<usize>) -> &'a str {
    &text[by.into()..]
}

#[inline]
pub fn small(n: u32) -> u32 {
    n * 2
}

impl<W: Write> Printer<'_, W> {
    #[inline]
    pub fn depth(&self) -> usize { self.depth + 100 }
    pub fn put(&mut self, what: impl Debug) { write!(self.out, "{what:?}|").unwrap(); }
}

pub fn both() -> String {
    small(4).to_string() + &taken("t", "u", &mut Vec::new())
}

pub fn foreign<T: Debug>(value: T) -> String {
    format!("{value:?} foreign")
}
`;

const APP = `use kit::{Local, Printer, Walk};
use std::collections::HashMap;

#[derive(Debug)]
struct Own;

fn printed() -> String {
    let mut out = Vec::new();
    let mut printer = Printer::new(&mut out);
    printer.line("hello");
    printer.all(std::io::Cursor::new("a\\nb"));
    printer.all(&b"c"[..]);
    printer.put("p");
    printer.put(printer.depth());
    String::from_utf8(out).unwrap()
}

fn shown() -> String {
    let object: Box<dyn std::fmt::Debug + Send> = Box::new(1);
    [
        kit::show("text"),
        kit::show(Some(Local(1))),
        kit::show(vec![(1u8, 'c')]),
        kit::show([1.5f32; 2]),
        kit::show(object),
        kit::show(&mut [1u16][..]),
        kit::show(()),
        kit::show((7i128,)),
    ]
    .join(" ")
}

fn two() -> u32 { 2 }

fn main() {
    println!("{}", printed());
    println!("{}", shown());
    println!("{} {}", kit::again(String::from("s"), 2), kit::plain());
    println!("{:?}", Walk { of: ["x", "y"], at: 0 }.collect::<Vec<_>>());
    println!("{}", kit::counted(&HashMap::from([(String::from("k"), vec![1u64])])));
    println!("{} {}", kit::called(|n| n + 1), kit::pointed(two));
    println!("{} {}", kit::foreign(Own), extra());
    println!("{} {}", kit::taken("one", "two", &mut std::io::stdout()), kit::lent("three", 2usize));
    println!("{} {} {}", kit::small(3), [1, 2].map(kit::small)[1], kit::both());
}

fn extra() -> String { String::new() }
`;

const FILES = {
  "Cargo.toml": '[workspace]\nmembers = ["app", "kit"]\nresolver = "2"\n',
  "app/Cargo.toml":
    '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nkit = { path = "../kit" }\n',
  "app/src/main.rs": APP,
  "kit/Cargo.toml": '[package]\nname = "kit"\nversion = "0.1.0"\nedition = "2021"\n',
  "kit/src/lib.rs": KIT,
};

const kit = (from: string, to: string): Change => ["kit/src/lib.rs", from, to];
const app = (from: string, to: string): Change => ["app/src/main.rs", from, to];

describe.runIf(HAS_ENGINE)("bodies of generic functions", () => {
  let session: Session;

  afterEach(() => session.follow());
  beforeAll(async () => {
    session = await Session.open("gb", FILES);
    // The crates are edited for the first time, so that their twins are made.
    await session.save(kit("f() + 1", "f() + 2"), app("String::new()", "String::from(1.to_string())"));
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each<[what: string, changes: readonly Change[], shown: string]>([
    ["a method of a generic type", [kit('"{depth} {text}"', '"{depth}: {text}"')], "2: hello"],
    [
      "a method with parameters of its own, and a private one that it leads to",
      [kit("text.lines()", "text.lines().rev()"), kit("self.depth += by;", "self.depth += by * 10;")],
      "21: b",
    ],
    ["a function with instances for types of all forms", [kit('"<{value:?}>"', '"[{value:?}]"')], "[(7,)]"],
    ["one that calls itself", [kit('left - 1) + "."', 'left - 1) + "-"')], '["s"]--'],
    ["a method of a trait", [kit("self.at += 1;", "self.at += 2;")], '["x"]'],
    ["one with unnamed parameters", [kit("value.into() + text", "value.into() + text + text")], "twooneone ree"],
    ["one with a lifetime and an unnamed parameter", [kit("by.into()..", "1 + by.into()..")], "twooneone ee"],
    ["a method with an unnamed parameter", [kit('"{what:?}|"', '"{what:?}/"')], '"p"/'],
    ["an inline function", [kit("n * 2\n", "n * 3\n")], "9 6 12u"],
    ["an inline method of a generic type", [kit("self.depth + 100", "self.depth + 200")], "/2"],
    [
      "an inline function beside one that calls it",
      [kit("n * 3\n", "n * 5\n"), kit("small(4).to_string()", "small(5).to_string()")],
      "15 10 25u",
    ],
    ["one with a closure in it", [kit("a.0.cmp(b.0)", "b.0.cmp(a.0)"), kit('"{all:?}"', '"{all:?}!"')], "[1])]!"],
    [
      "one beside a function that calls it",
      [kit('"[{value:?}]"', '"({value:?})"'), kit("show(n)\n", "show(n + 1)\n")],
      "(3)(2)",
    ],
    [
      "one that another generic function calls, beside a function that calls that",
      [kit('"({value:?})"', '"{{{value:?}}}"'), kit("show(n + 1)\n", "again(n + 1, 1)\n")],
      "{3}{2}-",
    ],
  ])("are taken as a patch crate: %s", async (_, changes, shown) => {
    const { patched } = session.statistics;
    const report = await session.save(...changes);
    expect({ lane: report.lane, refused: report.refused }).toEqual({ lane: "body", refused: undefined });
    expect(session.statistics.patched).toBe(patched + 1);
    const before = session.output();
    expect(before).toBe(session.native());
    expect(before).toContain(shown);
    expect(await session.follow()).toBeGreaterThan(0);
    expect(session.output()).toBe(before);
  });

  it("pile up, and are taken back", async () => {
    const first = session.output();
    for (const change of [kit("{{{value:?}}}", "{{{value:?}}}+"), kit('"{depth}: {text}"', '"{depth}= {text}"')]) {
      const report = await session.save(change);
      expect({ lane: report.lane, refused: report.refused }).toEqual({ lane: "body", refused: undefined });
      expect(session.output()).toBe(session.native());
    }
    const report = await session.save(
      kit("{{{value:?}}}+", "{{{value:?}}}"),
      kit('"{depth}= {text}"', '"{depth}: {text}"'),
    );
    expect(report.refused).toBeUndefined();
    expect(session.output()).toBe(first);
  });

  it.each<[what: string, changes: readonly Change[]]>([
    ["an instance for another crate's closure", [kit("f(1) + 1", "f(1) + 2")]],
    ["one for a function's own type", [kit("f() + 2", "f() + 3")]],
    ["one for a type of the crate that uses it", [kit('"{value:?} foreign"', '"{value:?} foreign!"')]],
    [
      "an instance that is new, for a function beside it",
      [kit("{{{value:?}}}", "{{{value:?}}}*"), kit("again(n + 1, 1)\n", "show(Some(n))\n")],
    ],
  ])("are right where a patch crate cannot hold them: %s", async (_, changes) => {
    await session.save(...changes);
    const before = session.output();
    expect(before).toBe(session.native());
    await session.follow();
    expect(session.output()).toBe(before);
  });

  // No other item of their names could stand for them: the crate that uses the library mentions them.
  it.each<[what: string, changes: readonly Change[]]>([
    [
      "a function",
      [
        kit('format!("{{{value:?}}}*")', 'format!("{{{value:?}}}*") + &stars(2)'),
        kit("pub fn plain()", 'fn stars(n: usize) -> String {\n    "*".repeat(n)\n}\n\npub fn plain()'),
      ],
    ],
    [
      "a generic function",
      [
        kit("self.at += 2;", "self.at += stepped(STEP);"),
        kit(
          "fn stars(",
          "const STEP: u8 = 3;\nfn stepped<T: Into<usize>>(n: T) -> usize {\n    n.into()\n}\nfn stars(",
        ),
      ],
    ],
    [
      "a changed function that it mentions",
      [kit("fn stars(n: usize)", "fn stars(n: u8)"), kit('"*".repeat(n)', '"*".repeat(n.into())')],
    ],
    ["a changed constant that it mentions", [kit("const STEP: u8 = 3;", "const STEP: u8 = 4;")]],
    [
      "a function of a name that it gives to something else",
      [
        kit("const STEP: u8 = 4;", "const STEP: u8 = 4;\nfn more(text: &str) -> String {\n    text.to_uppercase()\n}"),
        kit("show(Some(n))\n", 'show(Some(n)) + &more("x")\n'),
      ],
    ],
    [
      "a static, and a function that nobody calls",
      [
        kit("self.depth + 200", "self.depth + 300 + COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)"),
        kit(
          "fn stars(",
          "static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(5);\nfn idle() {}\nfn stars(",
        ),
      ],
    ],
  ])("are taken with new items beside them: %s", async (_, changes) => {
    const { patched } = session.statistics;
    const report = await session.save(...changes);
    expect({ lane: report.lane, refused: report.refused }).toEqual({ lane: "body", refused: undefined });
    expect(session.statistics.patched).toBe(patched + 1);
    const before = session.output();
    expect(before).toBe(session.native());
    expect(await session.follow()).toBeGreaterThan(0);
    expect(session.output()).toBe(before);
  });

  it("are right where something that they mention is edited together with a crate that uses them", async () => {
    // rustc makes the new instance of what the library was.
    const all = "Walk { of: [0i8, 1, 2, 3, 4, 5, 6, 7], at: 0 }.collect::<Vec<_>>()";
    const report = await session.save(
      kit("const STEP: u8 = 4;", "const STEP: u8 = 2;"),
      app("String::from(1.to_string())", `format!("{:?}", ${all})`),
    );
    expect(report).toMatchObject({
      lane: "crate",
      refused: "a generic or inline function of a library, and one of a crate that uses it",
    });
    expect(session.output()).toBe(session.native());
    expect(session.output()).toContain("[0, 2, 4, 6]");
  });
});
