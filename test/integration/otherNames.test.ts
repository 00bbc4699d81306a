/** Edits of names that other modules have as well, in their own right: with the real rustc and engine. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const FILES = {
  "Cargo.toml": '[package]\nname = "others"\nversion = "0.1.0"\nedition = "2024"\n',
  "src/main.rs": `mod a;
mod b;
mod c;
mod filed { include!("filed.in"); }
use filed::MADE;
#[allow(dead_code)]
fn of_file() -> u32 { MADE }
fn plain() -> u32 { 1 }
fn main() { println!("{} | {} | {} | {}", a::shown(), b::shown(), c::shown(), plain()) }
`,
  // What a macro has made stays as private in the twin as it is.
  "src/filed.in": "pub(crate) static MADE: u32 = 0;\n",
  "src/a.rs": `use std::fs;

pub struct Config { pub inner: crate::b::Config }

pub fn other() -> crate::b::Config { crate::b::Config { one: 70 } }

fn found(path: &str) -> bool { fs::metadata(path).is_ok() }

pub fn shown() -> String {
    let config = Config { inner: crate::b::made() };
    format!("{} {} {}", found("Cargo.toml"), config.inner.total(), Builder::new(2usize).size)
}

struct Builder { size: usize }
impl Builder {
    fn new<T: Into<usize>>(size: T) -> Builder { Builder { size: size.into() + 1 } }
}
`,
  "src/b.rs": `use std::fs;

static PLACE: std::sync::Mutex<Option<std::path::PathBuf>> = std::sync::Mutex::new(None);

pub struct Config { pub one: u32 }
impl Config {
    pub fn total(&self) -> u32 { self.one }
}

pub fn made() -> Config { Config { one: 1 } }

pub fn shown() -> String {
    let place = PLACE.lock().unwrap().is_none();
    format!("{} {place}", fs::read_dir(".").is_ok())
}
`,
  "src/c.rs": `pub use crate::a::Config;
pub use crate::b::made;

pub fn shown() -> String {
    let config = Config { inner: made() };
    format!("{}", config.inner.total())
}
`,
};

describe.runIf(HAS_ENGINE)("names that others have as well", () => {
  let session: Session;

  afterEach(() => session.follow());
  beforeAll(async () => {
    session = await Session.open("others", FILES);
    await session.save(["src/main.rs", "{ 1 }", "{ 2 }"]);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each<[what: string, changes: readonly Change[], shown: string]>([
    [
      "an import that is gone, of what another module imports itself",
      [
        ["src/a.rs", "use std::fs;\n\n", ""],
        ["src/a.rs", "fs::metadata(path).is_ok()", "std::path::Path::new(path).is_dir()"],
      ],
      "false 1 3 |",
    ],
    [
      "a new import of what is mentioned by its whole path where no patch crate can follow",
      [
        ["src/b.rs", "use std::fs;\n", "use std::fs;\nuse std::path::PathBuf;\n"],
        ["src/b.rs", 'fs::read_dir(".").is_ok()', 'PathBuf::from("no such").exists()'],
      ],
      "| false true |",
    ],
    [
      "an import that is gone, of a name that a variable has, and the end of a path",
      [
        ["src/b.rs", "use std::fs;\nuse std::path::PathBuf;\n", "use std::path::PathBuf;\n"],
        [
          "src/b.rs",
          'PathBuf::from("no such").exists()',
          '{\n        let fs = std::fs::metadata("Cargo.toml").is_ok();\n        fs && !PathBuf::from("no such").exists()\n    }',
        ],
      ],
      "| true true |",
    ],
    [
      "public imports that are written in another way, beside a new one that is none",
      [
        [
          "src/c.rs",
          "pub use crate::a::Config;\npub use crate::b::made;\n",
          "use std::fmt::Display;\n\npub use crate::{a::Config, b::made};\n",
        ],
        [
          "src/c.rs",
          'format!("{}", config.inner.total())',
          'fn of(it: impl Display) -> String { format!("<{it}>") }\n    of(config.inner.total())',
        ],
      ],
      "| <1> |",
    ],
    [
      "a new import of a function, and a call of it",
      [
        [
          "src/c.rs",
          "pub fn shown()",
          "use std::mem::needs_drop;\n\npub fn size() -> usize { needs_drop::<u32>().to_string().len() }\n\npub fn shown()",
        ],
        ["src/main.rs", "c::shown(), plain()", "c::shown() + &c::size().to_string(), plain()"],
      ],
      "| <1>5 |",
    ],
    [
      "one that is gone, of a name that stands in a macro's input by its whole path",
      [
        ["src/c.rs", "use std::mem::needs_drop;\n\n", ""],
        [
          "src/c.rs",
          "{ needs_drop::<u32>().to_string().len() }",
          '{\n    let needs_drop = format!("{}", std::mem::needs_drop::<String>());\n    needs_drop.len() + 4\n}',
        ],
      ],
      "| <1>8 |",
    ],
    [
      "a type that another one of the same name holds",
      [
        ["src/b.rs", "pub struct Config { pub one: u32 }", "pub struct Config { pub two: u64, pub one: u32 }"],
        ["src/b.rs", "{ self.one }", "{ self.one + self.two as u32 }"],
        ["src/b.rs", "Config { one: 1 }", "Config { one: 1, two: 8 }"],
        ["src/a.rs", "Config { one: 70 }", "Config { one: 70, two: 80 }"],
      ],
      "false 9 3 | true true | <9>8 |",
    ],
    [
      "a generic method that is gone, of a name that other types' methods have",
      [
        ["src/a.rs", "Builder::new(2usize)", "Builder::sized(2usize)"],
        ["src/a.rs", "fn new<T", "fn sized<T"],
        ["src/a.rs", "let config = Config", "let _text = String::new();\n    let config = Config"],
      ],
      "false 9 3 |",
    ],
  ])("takes %s", async (_, changes, shown) => {
    expect(await session.takes(changes)).toContain(shown);
  });

  it("leaves a public import of something else to the crate lane", async () => {
    const report = await session.save(["src/c.rs", "b::made}", "a::other as made}"]);
    expect(report).toMatchObject({ lane: "crate", refused: "a public import" });
    expect(await session.runsAsNative()).toContain("| <150>8 |");
  });

  it("leaves an import that is gone, and still in use, to the crate lane, which has the error", async () => {
    const gone = await session.save(["src/c.rs", "use std::fmt::Display;\n", ""]);
    expect(gone.diagnostics.map(({ message }) => message)).toContainEqual(
      expect.stringContaining("cannot find trait `Display`"),
    );
    await session.save(["src/c.rs", "pub use crate", "use std::fmt::Display;\npub use crate"]);
    expect(await session.runsAsNative()).toContain("| <150>8 |");
  });
});
