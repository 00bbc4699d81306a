/** Types that are others now, in patch crates, with the real rustc and engine: what runs then, and that the crate lane agrees. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const MAIN = `#![allow(dead_code)]
mod config;
mod shapes;

use config::{Config, read};
use std::fmt::Debug;

trait Area {
    fn area(&self) -> u32;
}

#[derive(Debug, Clone)]
struct App {
    config: Config,
    runs: u32,
}

impl App {
    fn new(config: Config) -> Self {
        App { config, runs: 0 }
    }
    fn run(&mut self) -> String {
        self.runs += 1;
        format!("{} {}", self.config.name(), self.runs)
    }
    fn config(&self) -> &Config {
        &self.config
    }
}

fn describe(app: &App) -> String {
    format!("{app:?}")
}

fn chained() -> usize {
    App::new(read("chained")).config().name().len()
}

fn untouched() -> u32 {
    shapes::total(&[Box::new(shapes::Square { side: 3 })])
}

fn shown<T: Debug>(value: T) -> String {
    format!("{value:?}")
}

fn main() {
    let mut app = App::new(read("main"));
    println!("{}", app.run());
    println!("{}", describe(&app));
    println!("{} {} {}", chained(), untouched(), shown(1));
}
`;

const CONFIG = `#[derive(Debug, Clone)]
pub struct Config {
    pub(crate) name: String,
}

impl Config {
    pub fn name(&self) -> &str {
        &self.name
    }
}

pub fn read(name: &str) -> Config {
    Config { name: name.to_string() }
}
`;

const SHAPES = `use crate::Area;

pub struct Square {
    pub side: u32,
}

impl Area for Square {
    fn area(&self) -> u32 {
        self.side * self.side
    }
}

pub fn total(all: &[Box<dyn Area>]) -> u32 {
    all.iter().map(|shape| shape.area()).sum()
}
`;

const FILES = {
  "Cargo.toml": '[package]\nname = "changed"\nversion = "0.1.0"\nedition = "2024"\n',
  "src/main.rs": MAIN,
  "src/config.rs": CONFIG,
  "src/shapes.rs": SHAPES,
};

describe.runIf(HAS_ENGINE)("types that are others", () => {
  let session: Session;

  // What a test leaves behind is none of the next one's business.
  afterEach(() => session.follow());
  beforeAll(async () => {
    session = await Session.open("changed", FILES);
    // The crate is edited for the first time, so that its twin is made.
    await session.save(["src/main.rs", '"chained"', '"chain"']);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each<[what: string, changes: readonly Change[], shown: string]>([
    [
      "a field",
      [
        [
          "src/config.rs",
          "    pub(crate) name: String,\n",
          "    pub(crate) level: u64,\n    pub(crate) name: String,\n",
        ],
        ["src/config.rs", "Config { name:", "Config { level: 7, name:"],
      ],
      'App { config: Config { level: 7, name: "main" }, runs: 1 }',
    ],
    [
      "a field of a type that another one holds, and a method's signature",
      [
        ["src/config.rs", "    pub(crate) level: u64,\n", "    pub(crate) level: [u8; 40],\n"],
        ["src/config.rs", "level: 7", "level: [1; 40]"],
        [
          "src/config.rs",
          "pub fn name(&self) -> &str {\n        &self.name",
          'pub fn name(&self) -> String {\n        self.name.clone() + "!"',
        ],
      ],
      "main! 1",
    ],
    [
      "an impl of a trait for a type that there is",
      [
        [
          "src/main.rs",
          'fn describe(app: &App) -> String {\n    format!("{app:?}")',
          'impl std::fmt::Display for App {\n    fn fmt(&self, f: &mut std::fmt::Formatter<\'_>) -> std::fmt::Result {\n        write!(f, "<{}>", self.config.name())\n    }\n}\n\nfn describe(app: &App) -> String {\n    format!("{app}")',
        ],
      ],
      "<main!>",
    ],
    [
      "a derive",
      [
        ["src/shapes.rs", "pub struct Square", "#[derive(Clone, Default)]\npub struct Square"],
        ["src/main.rs", "Box::new(shapes::Square { side: 3 })", "Box::new(shapes::Square { side: 4 }.clone())"],
      ],
      " 16 1\n",
    ],
    [
      "a trait, with all of its impls",
      [
        [
          "src/main.rs",
          "    fn area(&self) -> u32;\n",
          "    fn area(&self) -> u32;\n    fn twice(&self) -> u32 {\n        2 * self.area()\n    }\n",
        ],
        ["src/shapes.rs", "shape.area()", "shape.twice()"],
      ],
      " 32 1\n",
    ],
    [
      "a method of a trait's impl that there was not",
      [
        [
          "src/shapes.rs",
          "        self.side * self.side\n    }\n",
          "        self.side * self.side\n    }\n    fn twice(&self) -> u32 {\n        1000\n    }\n",
        ],
      ],
      " 1000 1\n",
    ],
  ])("%s", async (_, changes, shown) => {
    expect(await session.takes(changes)).toContain(shown);
  });
});
