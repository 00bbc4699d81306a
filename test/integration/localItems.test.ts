/** Functions, constants and statics in bodies: edits of them, and of bodies that hold them, with the real rustc and engine. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const MAIN = `#![allow(dead_code, non_snake_case)]
use std::sync::atomic::{AtomicU32, Ordering};

const NAMES: &[&str] = &["one", "two"];
const SIZE: usize = 2;

struct Builder { names: Vec<String> }

impl Builder {
    fn add_defaults(&mut self) -> &mut Builder {
        static MESSAGE: &str = "default";
        const STEP: usize = 1;
        fn decorated(name: &str) -> String { format!("<{name}>") }
        for name in NAMES.iter().step_by(STEP) { self.names.push(format!("{MESSAGE} {}", decorated(name))); }
        self
    }

    fn own_name(&self) -> &'static str {
        fn inner() {}
        fn name<T>(_: &T) -> &'static str { std::any::type_name::<T>() }
        let _edited = 1;
        name(&inner)
    }
}

fn counted() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(10);
    let by = 1;
    COUNT.fetch_add(by, Ordering::SeqCst)
}

fn shown() -> String {
    fn shared<T: std::fmt::Debug>(value: T) -> String { format!("{value:?}!") }
    const LOCAL: u32 = 7;
    format!("{} {}", shared(LOCAL), shared("text"))
}

fn plain() -> String { format!("plain {}", 1) }

fn exported() -> u8 {
    #[unsafe(no_mangle)]
    static SHARED_BYTE: u8 = 5;
    let edited = 1;
    SHARED_BYTE + edited
}

fn typed() -> String {
    #[derive(Debug)]
    struct Local(u32);
    let edited = 1;
    format!("{:?}", Local(edited))
}

fn debug<T: std::fmt::Debug>(value: T) -> String { format!("{value:?}") }

fn quiet() -> String {
    struct Quiet;
    impl std::fmt::Debug for Quiet {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("quiet") }
    }
    debug(Quiet)
}

fn main() {
    let mut builder = Builder { names: Vec::new() };
    builder.add_defaults();
    println!("{:?} {}", builder.names, builder.own_name());
    println!("{} {} {}", counted(), counted(), shown());
    println!("{} {} {} {} {SIZE}", plain(), exported(), typed(), quiet());
}
`;

const FILES = {
  "Cargo.toml": '[package]\nname = "locals"\nversion = "0.1.0"\nedition = "2024"\n',
  "src/main.rs": MAIN,
};

describe.runIf(HAS_ENGINE)("items in bodies", () => {
  let session: Session;

  afterEach(() => session.follow());
  beforeAll(async () => {
    session = await Session.open("locals", FILES);
    await session.save(["src/main.rs", '"plain {}", 1', '"plain {}", 2']);
    await session.follow();
  });
  afterAll(() => session.remove());

  const edit = (from: string, to: string): Change => ["src/main.rs", from, to];

  it.each<[what: string, change: Change, shown: string]>([
    ["a constant that such a body mentions", edit('&["one", "two"]', '&["one", "two", "three"]'), "default <three>"],
    ["a body with a static that has a state", edit("let by = 1;", "let by = 5;"), "10 15 "],
    ["a static in a body", edit("AtomicU32::new(10)", "AtomicU32::new(100)"), "100 105 "],
    ["the body of a function in a method", edit('format!("<{name}>")', 'format!("[{name}]")'), "default [three]"],
    [
      "the signature of a function in a body",
      edit("fn shared<T: std::fmt::Debug>(value: T)", "fn shared<T: std::fmt::Debug + Clone>(value: T)"),
      '7! "text"!',
    ],
    [
      "a new constant and a new function in a body, and a type that a constant has not had before",
      edit(
        "    const LOCAL: u32 = 7;\n",
        "    const LOCAL: u64 = OTHER + added(1);\n    const OTHER: u64 = 40;\n    const fn added(by: u64) -> u64 { by }\n",
      ),
      '41! "text"!',
    ],
    [
      "an item in a body that had none",
      edit('format!("plain {}", 2)', '{ static S: [u8; 2] = [3, 4]; format!("plain {S:?}") }'),
      "plain [3, 4]",
    ],
    [
      "an item that is gone from a body",
      edit('static MESSAGE: &str = "default";', 'let MESSAGE = "now";'),
      "now [three]",
    ],
  ])("takes %s", async (_, change, shown) => {
    expect(await session.takes([change])).toContain(shown);
  });

  it.each<[what: string, change: Change]>([
    ["whose functions' names it asks for", edit("let _edited = 1;", "let _edited = 2;")],
    [
      "with a static that others find by its symbol",
      edit("let edited = 1;\n    SHARED", "let edited = 2;\n    SHARED"),
    ],
    ["with a type whose method only another function's instance calls", edit('"quiet"', '"silent"')],
    ["with a type", edit('let edited = 1;\n    format!("{:?}", Local', 'let edited = 2;\n    format!("{:?}", Local')],
  ])("runs a body %s as cargo would", async (_, change) => {
    const report = await session.save(change);
    expect(report.diagnostics.map(({ message }) => message)).toEqual([]);
    await session.runsAsNative();
  });
});
