/** Patch crates against twins that have all bodies, so that they need not make the instances of generic functions that the crate has. */
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const MANIFEST = '[package]\nname = "wholes"\nversion = "1.0.0"\nedition = "2024"\n';

const MAIN = `mod hides;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mine(u32);

impl std::error::Error for Mine {}
impl Display for Mine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "mine {}", plain(self.0))
    }
}

fn plain(n: u32) -> u32 {
    n + 100
}

fn inner<T: Debug>(t: T) -> String {
    format!("inner-1 {t:?} {}", plain(1))
}

fn outer<T: Debug + Clone>(t: T) -> String {
    format!("{} {}", inner(t.clone()), inner(Some(t)))
}

#[inline]
fn inlined(n: u32) -> u32 {
    n * 3
}

fn through<F: Fn(u32) -> u32>(f: F) -> u32 {
    f(inlined(2))
}

fn first(n: u32) -> u32 {
    n + 1
}

fn second(n: u32) -> u32 {
    n + 2
}

fn found(any: &dyn Any) -> Option<u32> {
    let n = any.downcast_ref::<Mine>().map(|mine| mine.0 + 1);
    n.or_else(|| any.downcast_ref::<u32>().copied())
}

fn error(n: u32) -> Result<u32, Box<dyn std::error::Error>> {
    if n > 3 { Err(Box::new(Mine(n))) } else { Ok(n) }
}

fn asked(n: u32) -> String {
    match error(n) {
        Ok(n) => format!("ok {n}"),
        Err(error) => format!("{:?} {error}", error.downcast_ref::<Mine>()),
    }
}

fn sorted() -> Vec<Mine> {
    let mut all: Vec<Mine> = [3, 1, 2].into_iter().map(Mine).collect();
    all.sort();
    all
}

fn counted() -> BTreeMap<Mine, Vec<String>> {
    let mut all = BTreeMap::new();
    for mine in sorted() {
        all.entry(mine.clone()).or_insert_with(Vec::new).push(format!("one {mine}"));
    }
    all
}

fn caught() -> bool {
    std::panic::catch_unwind(|| plain(7)).is_ok()
}

fn main() {
    println!("{} {}", outer(1u8), outer(Mine(4)));
    println!("{} {}", through(first), through(second));
    println!("{:?} {:?} {:?}", found(&Mine(6)), found(&5u32), found(&"text"));
    println!("{} {}", asked(1), asked(4));
    println!("{:?} {}", counted(), caught());
    println!("{}", hides::shown());
}
`;

/** Everything public, \`shown\` does not compile: the type's own method would win. */
const HIDES = `mod inside {
    #[derive(Clone)]
    pub struct Hides;
    impl Hides {
        #[allow(dead_code)]
        fn size(&self) -> &'static str {
            "hidden"
        }
    }
}
trait Size {
    fn size(&self) -> u32;
}
impl Size for inside::Hides {
    fn size(&self) -> u32 {
        5
    }
}
pub fn shown() -> u32 {
    let size: u32 = inside::Hides.size();
    size + 1
}
`;

const CHANGES: readonly (readonly [change: Change, shown: string])[] = [
  // What an old instance in the twin calls is the program's.
  [["src/main.rs", "n + 100", "n + 200"], "inner-1 1 201"],
  [["src/main.rs", "inner(Some(t)))", 'inner(Some(t)) + "!")'], "inner-1 Some(1) 201!"],
  // An instance that calls another one which is edited.
  [["src/main.rs", "inner-1", "inner-2"], "inner-2 Some(Mine(4)) 201!"],
  [["src/main.rs", "n * 3", "n * 4"], "\n9 10\n"],
  // Instances for functions are called alike.
  [["src/main.rs", "through(first), through(second)", "through(second), through(first)"], "\n10 9\n"],
  // Identities of types are in instances that the program has.
  [["src/main.rs", "mine.0 + 1", "mine.0 + 10"], "Some(16) Some(5) None"],
  [["src/main.rs", 'format!("{:?} {error}"', 'format!("{:?} and {error}"'], "Some(Mine(4)) and mine 204"],
  [["src/main.rs", "Box::new(Mine(n))", "Box::new(Mine(n + 1))"], "Some(Mine(5)) and mine 205"],
  [["src/main.rs", "[3, 1, 2]", "[3, 1, 2, 0]"], "{Mine(0): "],
  [["src/main.rs", '"one {mine}"', '"two {mine}"'], "two mine 203"],
  [["src/main.rs", "plain(7)", "plain(8)"], "true"],
];

/** The folders of twins with all bodies. */
function wholeTwins(session: Session): string[] {
  const bodies = session.project.path("target/cranefly/.cranefly/body");
  return fs.readdirSync(bodies).filter((unit) => {
    const folder = path.join(bodies, unit, "whole");
    return fs.existsSync(folder) && fs.readdirSync(folder).some((name) => name.endsWith(".rmeta"));
  });
}

describe.runIf(HAS_ENGINE)("a twin with all bodies", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.open("wholes", {
      "Cargo.toml": MANIFEST,
      "src/main.rs": MAIN.replace("mod hides;\n", "").replace("hides::shown()", "6"),
    });
    await session.save(["src/main.rs", "fn main() {", "fn main() { "]);
    await session.follow();
    expect(wholeTwins(session)).toHaveLength(1);
  });
  afterAll(() => session.remove());

  it.each(CHANGES)("%s", async (change, shown) => {
    expect(await session.takes([change])).toContain(shown);
  });

  it("may be older than edits that nobody has followed", async () => {
    for (const [[file, from, to]] of CHANGES) {
      const { lane, refused } = await session.save([file, to, from]);
      expect({ lane, refused }).toEqual({ lane: "body", refused: undefined });
      expect(session.output()).toBe(session.native());
    }
    await session.runsAsNative();
  });

  it("is used by the next process", async () => {
    const next = await Session.of(session.project);
    try {
      await next.takes([["src/main.rs", "mine.0 + 1", "mine.0 + 11"]]);
    } finally {
      next.close();
    }
  });
});

describe.runIf(HAS_ENGINE)("a program that has the name of its library", () => {
  it("has types of its own", async () => {
    const session = await Session.open("both", {
      "Cargo.toml": MANIFEST.replace("wholes", "both"),
      "src/lib.rs": "#[derive(Debug)]\npub struct Mine(pub u32);\n",
      "src/main.rs": `use std::any::Any;
#[derive(Debug)]
pub struct Mine(u32);
fn one() -> Box<dyn Any> {
    Box::new(Mine(1))
}
fn other() -> Box<dyn Any> {
    Box::new(both::Mine(2))
}
fn found(any: &dyn Any) -> Option<u32> {
    any.downcast_ref::<Mine>().map(|mine| mine.0)
}
fn main() {
    println!("{:?} {:?}", found(&*one()), found(&*other()));
}
`,
    });
    try {
      await session.save(["src/main.rs", "fn main() {", "fn main() { "]);
      await session.follow();
      const edits: readonly Change[] = [
        ["src/main.rs", "downcast_ref::<Mine>", "downcast_ref::<both::Mine>"],
        ["src/main.rs", "Box::new(Mine(1))", "Box::new(both::Mine(1))"],
        ["src/main.rs", "Box::new(both::Mine(2))", "Box::new(Mine(2))"],
        ["src/main.rs", "downcast_ref::<both::Mine>", "downcast_ref::<Mine>"],
      ];
      for (const edit of edits) {
        await session.save(edit);
        expect(session.output()).toBe(session.native());
      }
      await session.runsAsNative();
    } finally {
      session.remove();
    }
  });
});

describe.runIf(HAS_ENGINE)("a crate that does not compile with everything public", () => {
  it("has a twin without these bodies", async () => {
    const session = await Session.open("hides", {
      "Cargo.toml": MANIFEST.replace("wholes", "hides"),
      "src/main.rs": MAIN,
      "src/hides.rs": HIDES,
    });
    try {
      await session.save(["src/main.rs", "fn main() {", "fn main() { "]);
      await session.follow();
      expect(wholeTwins(session)).toEqual([]);
      expect(await session.takes([["src/main.rs", "[3, 1, 2]", "[3, 1, 2, 0]"]])).toContain("{Mine(0): ");
    } finally {
      session.remove();
    }
  });
});
