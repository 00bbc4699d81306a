/** Types of a library that are others now, in the programs that use it, with the real rustc and engine: what holds values of them comes along. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, manifest } from "./project.js";
import { type Change, Session } from "./session.js";

const LIB = `pub mod config;
pub mod event;
pub mod shape;
pub mod pair;
pub mod store;

pub fn first<T>(all: Vec<T>) -> Option<T> {
    all.into_iter().next()
}
`;

const MAIN = `#![allow(dead_code)]
mod config;
mod event;
mod shape;
mod pair;
mod store;

fn warm() -> u32 {
    1
}

fn main() {
    println!("{}", warm());
    println!("config {}", config::shown());
    println!("event {}", event::shown());
    println!("shape {}", shape::shown());
    println!("pair {}", pair::shown());
    println!("store {}", store::shown());
}
`;

/** A module of the library, and the one of the program that uses it. */
const MODULES: Readonly<Record<string, readonly [library: string, program: string]>> = {
  // A struct that is held in several ways, with and without its name.
  config: [
    `#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub name: String,
}

impl Config {
    pub fn read(name: &str) -> Config {
        Config { name: name.to_string() }
    }
    pub fn name(&self) -> &str {
        &self.name
    }
}

pub struct Reader;

impl Reader {
    pub fn config(&self) -> Config {
        Config::read("read")
    }
}

pub fn reader() -> Reader {
    Reader
}
`,
    `use ml::config::Config;

struct App {
    config: Config,
    runs: u32,
}

impl App {
    fn run(&mut self) -> String {
        self.runs += 1;
        format!("{:?} {}", self.config, self.runs)
    }
}

fn app() -> App {
    App { config: Config::read("app"), runs: 0 }
}

fn unnamed() -> usize {
    ml::config::reader().config().name().len()
}

fn boxed() -> Box<dyn Fn(&Config) -> usize> {
    Box::new(|it| it.name().len())
}

fn generic() -> usize {
    let all = vec![Config::read("a"), Config::read("bc")];
    let last = all.iter().max_by_key(|it| it.name.len()).cloned();
    assert_ne!(last, ml::first(all));
    last.map_or(0, |it| boxed()(&it))
}

pub fn shown() -> String {
    let mut app = app();
    app.run();
    format!("{} {} {} {}", app.run(), unnamed(), generic(), std::mem::size_of_val(&app) >= 40)
}
`,
  ],
  // An enum, and a type of the program that has its name.
  event: [
    `#[derive(Debug, Clone, Copy)]
pub enum Event {
    Start,
    Stop(u32),
}

pub fn next(n: u32) -> Event {
    if n == 0 { Event::Start } else { Event::Stop(n) }
}
`,
    `use ml::event::{Event, next};

mod own {
    pub struct Event(pub u32);
    pub fn own() -> u32 {
        Event(4).0
    }
}

fn number(event: Event) -> u32 {
    match event {
        Event::Start => 1,
        Event::Stop(n) => 10 + n,
    }
}

pub fn shown() -> String {
    format!("{} {} {} {:?}", number(next(0)), number(next(1)), own::own(), next(2))
}
`,
  ],
  // Traits of the one for types of the other.
  shape: [
    `pub trait Area {
    fn area(&self) -> u32;
}

pub struct Square {
    pub side: u32,
}

impl Area for Square {
    fn area(&self) -> u32 {
        self.side * self.side
    }
}

pub fn total(all: &[Box<dyn Area>]) -> u32 {
    all.iter().map(|it| it.area()).sum()
}
`,
    `use ml::shape::{Area, Square, total};

trait Round {
    fn rounds(&self) -> u32;
}

impl Round for Square {
    fn rounds(&self) -> u32 {
        self.side + 1
    }
}

impl Round for u32 {
    fn rounds(&self) -> u32 {
        *self
    }
}

struct Line(u32);

impl Area for Line {
    fn area(&self) -> u32 {
        self.0
    }
}

impl From<Line> for Square {
    fn from(line: Line) -> Square {
        Square { side: line.0 }
    }
}

impl From<Square> for Line {
    fn from(square: Square) -> Line {
        Line(square.area())
    }
}

fn all() -> Vec<Box<dyn Area>> {
    vec![Box::new(Square { side: 2 }), Box::new(Line(3))]
}

fn rounds() -> u32 {
    let all: [&dyn Round; 2] = [&Square { side: 7 }, &5u32];
    all.iter().map(|it| it.rounds()).sum()
}

fn turned() -> u32 {
    let square: Square = Line(6).into();
    Line::from(square).area()
}

pub fn shown() -> String {
    format!("{} {} {}", total(&all()), rounds(), turned())
}
`,
  ],
  // A generic one, which the program says arguments of.
  pair: [
    `#[derive(Clone, Default)]
pub struct Pair<T> {
    pub left: T,
    pub right: T,
}

impl<T: Clone> Pair<T> {
    pub fn swap(&self) -> Pair<T> {
        Pair { left: self.right.clone(), right: self.left.clone() }
    }
}

pub fn of(n: u32) -> Pair<u32> {
    Pair { left: n, right: n + 1 }
}
`,
    `use ml::pair::{Pair, of};

type Words = Pair<String>;

const NONE: Option<Pair<u8>> = None;

impl Sum for Pair<u32> {
    fn sum(&self) -> u32 {
        self.left + self.right
    }
}

trait Sum {
    fn sum(&self) -> u32;
}

fn words() -> Words {
    Words { left: "l".to_string(), ..Default::default() }.swap()
}

pub fn shown() -> String {
    format!("{} {} {}", of(3).swap().sum(), words().right, NONE.is_none())
}
`,
  ],
  // Statics, and identities.
  store: [
    `use std::sync::Mutex;

pub struct Store {
    pub n: u32,
}

pub static STORE: Mutex<Store> = Mutex::new(Store { n: 3 });

pub fn put(n: u32) {
    STORE.lock().unwrap().n += n;
}
`,
    `use ml::store::{STORE, Store, put};
use std::any::Any;
use std::sync::Mutex;

static OWN: Mutex<Option<Store>> = Mutex::new(None);

fn any() -> Box<dyn Any> {
    Box::new(Store { n: 70 })
}

fn known(any: &dyn Any) -> u32 {
    any.downcast_ref::<Store>().map_or(0, |it| it.n)
}

pub fn shown() -> String {
    put(5);
    let n = STORE.lock().unwrap().n;
    *OWN.lock().unwrap() = Some(Store { n: 20 });
    format!("{} {} {}", n, OWN.lock().unwrap().take().map_or(0, |it| it.n), known(&*any()))
}
`,
  ],
};

const FILES: Record<string, string> = {
  "Cargo.toml": manifest("app") + '\n[dependencies]\nml = { path = "ml" }\n',
  "ml/Cargo.toml": manifest("ml"),
  "ml/src/lib.rs": LIB,
  "src/main.rs": MAIN,
};
for (const [name, [library, program]] of Object.entries(MODULES)) {
  FILES[`ml/src/${name}.rs`] = library;
  FILES[`src/${name}.rs`] = program;
}

describe.runIf(HAS_ENGINE)("types of a library that are others", () => {
  let session: Session;

  // What a test leaves behind is none of the next one's business.
  afterEach(() => session.follow());
  beforeAll(async () => {
    session = await Session.open("ltypes", FILES);
    // Both crates are edited for the first time, so that their twins are made.
    await session.save(["src/main.rs", "    1\n", "    2\n"], ["ml/src/config.rs", '"read"', '"reader"']);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each<[what: string, changes: readonly Change[], shown: string]>([
    [
      "a field",
      [
        ["ml/src/config.rs", "    pub name: String,\n", "    pub level: [u64; 4],\n    pub name: String,\n"],
        ["ml/src/config.rs", "Config { name:", "Config { level: [7; 4], name:"],
      ],
      'config Config { level: [7, 7, 7, 7], name: "app" } 2 6 2 true',
    ],
    [
      "a method's signature, beside a field",
      [
        ["ml/src/config.rs", "[u64; 4]", "u64"],
        ["ml/src/config.rs", "[7; 4]", "8"],
        [
          "ml/src/config.rs",
          "name(&self) -> &str {\n        &self.name",
          'name(&self) -> String {\n        self.name.clone() + "!"',
        ],
      ],
      'config Config { level: 8, name: "app" } 2 7 3 true',
    ],
    [
      "a variant, and an arm for it",
      [
        ["ml/src/event.rs", "    Start,\n", "    Wait(u8),\n    Start,\n"],
        ["ml/src/event.rs", "if n == 0 {", "if n == 2 { Event::Wait(9) } else if n == 0 {"],
        [
          "src/event.rs",
          "        Event::Start => 1,\n",
          "        Event::Wait(n) => 100 + u32::from(n),\n        Event::Start => 2,\n",
        ],
      ],
      "event 2 11 4 Wait(9)",
    ],
    [
      "a type that a trait of the program is for",
      [
        ["ml/src/shape.rs", "    pub side: u32,\n", "    pub side: u32,\n    pub more: u64,\n"],
        ["src/shape.rs", "Square { side: line.0 }", "Square { side: line.0, more: 1 }"],
        ["src/shape.rs", "Square { side: 2 }", "Square { side: 2, more: 2 }"],
        ["src/shape.rs", "Square { side: 7 }", "Square { more: 3, side: 7 }"],
        ["src/shape.rs", "self.side + 1", "self.side + self.more as u32"],
      ],
      "shape 7 15 36",
    ],
    [
      "a trait that types of the program have",
      [
        [
          "ml/src/shape.rs",
          "    fn area(&self) -> u32;\n",
          "    fn area(&self) -> u32;\n    fn twice(&self) -> u32 {\n        self.area() * 2\n    }\n",
        ],
        ["ml/src/shape.rs", "it.area()", "it.twice()"],
      ],
      "shape 14 15 36",
    ],
    [
      "a generic type",
      [
        ["ml/src/pair.rs", "    pub left: T,\n", "    pub count: u8,\n    pub left: T,\n"],
        [
          "ml/src/pair.rs",
          "Pair { left: self.right.clone(),",
          "Pair { count: self.count + 1, left: self.right.clone(),",
        ],
        ["ml/src/pair.rs", "Pair { left: n,", "Pair { count: 10, left: n,"],
        ["src/pair.rs", "self.left + self.right", "self.left + self.right + u32::from(self.count)"],
      ],
      "pair 18 l true",
    ],
    [
      "a derive",
      [
        ["ml/src/event.rs", "#[derive(Debug, Clone, Copy)]", "#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]"],
        ["src/event.rs", "number(next(0))", "u32::from(next(0) == Event::Start) + number(next(0))"],
      ],
      "event 3 11 4 Wait(9)",
    ],
    [
      "a type of statics, of which there is an identity",
      [
        ["ml/src/store.rs", "    pub n: u32,\n", "    pub more: [u64; 5],\n    pub n: u32,\n"],
        ["ml/src/store.rs", "Store { n: 3 }", "Store { more: [1; 5], n: 4 }"],
        ["src/store.rs", "Store { n: 70 }", "Store { more: [2; 5], n: 71 }"],
        ["src/store.rs", "Store { n: 20 }", "Store { more: [3; 5], n: 21 }"],
      ],
      "store 9 21 71",
    ],
    [
      "an impl of a trait for a type that there is",
      [
        [
          "ml/src/store.rs",
          "pub static",
          'impl std::fmt::Display for Store {\n    fn fmt(&self, f: &mut std::fmt::Formatter<\'_>) -> std::fmt::Result {\n        write!(f, "<{}>", self.n)\n    }\n}\n\npub static',
        ],
        ["src/store.rs", "let n = STORE.lock().unwrap().n;", "let n = STORE.lock().unwrap().to_string();"],
      ],
      "store <9> 21 71",
    ],
  ])("%s", async (_, changes, shown) => {
    expect(await session.takes(changes)).toContain(shown);
  });

  it.each<[what: string, changes: readonly Change[], reason: string]>([
    [
      "one that a thread-local of the program holds",
      [
        [
          "src/store.rs",
          "static OWN",
          "thread_local! {\n    static HELD: std::cell::RefCell<Vec<Store>> = const { std::cell::RefCell::new(Vec::new()) };\n}\n\nstatic OWN",
        ],
      ],
      "the macro",
    ],
    [
      "a field of it",
      [
        ["ml/src/store.rs", "    pub more: [u64; 5],\n", "    pub more: [u64; 5],\n    pub(crate) hidden: u8,\n"],
        ["ml/src/store.rs", "more: [1; 5]", "hidden: 1, more: [1; 5]"],
        ["src/store.rs", "Some(Store { more: [3; 5], n: 21 })", "None"],
        ["src/store.rs", "Box::new(Store { more: [2; 5], n: 71 })", "Box::new(7u8)"],
      ],
      "`Store` is mentioned where a patch crate cannot follow",
    ],
  ])("leaves to the crate lane: %s", async (_, changes, reason) => {
    const { lane, refused } = await session.save(...changes);
    expect({ lane, refused }).toEqual({ lane: "crate", refused: expect.stringContaining(reason) as string });
    await session.runsAsNative();
  });
});
