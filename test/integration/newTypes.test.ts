/** New types, traits and statics in patch crates, with the real rustc and engine: what runs then, and that the crate lane agrees. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const MAIN = `#![allow(dead_code)]
mod shapes;
mod tools;

use std::fmt::Debug;
use std::error::Error;
use tools::*;

trait Doubled { fn doubled(&self) -> u32; fn named(&self) -> String { format!("<{}>", self.doubled()) } }
#[derive(Debug)]
struct Counter { start: u32 }
impl Doubled for Counter { fn doubled(&self) -> u32 { self.start * 2 } }

fn one() -> String { String::from("one") }
fn two() -> String { String::from("two") }
fn three() -> String { String::from("three") }
fn four() -> Result<u32, Box<dyn Error>> { Ok("4".parse::<u32>()?) }
fn shown<T: Debug>(value: T) -> String { format!("{value:?}") }

fn main() {
    println!("{}", one());
    println!("{}", two());
    println!("{}", three());
    println!("{:?}", four().map_err(|error| error.to_string()));
    println!("{} {} {}", Counter { start: 1 }.named(), shapes::area(), width());
    println!("{}", shown(Counter { start: 1 }));
}
`;

const FILES = {
  "Cargo.toml": '[package]\nname = "types"\nversion = "0.1.0"\nedition = "2024"\n',
  "src/main.rs": MAIN,
  "src/tools.rs": "pub fn width() -> u32 { 5 }\npub struct Size(pub u32);\n",
  "src/shapes.rs":
    "pub struct Square(pub u32);\nimpl Square {\n    pub fn side(&self) -> u32 { self.0 }\n}\npub fn area() -> u32 { Square(3).side() }\n",
};

describe.runIf(HAS_ENGINE)("new types", () => {
  let session: Session;

  // What a test leaves behind is none of the next one's business.
  afterEach(() => session.follow());
  beforeAll(async () => {
    session = await Session.open("types", FILES);
    // The crate is edited for the first time, so that its twin is made.
    await session.save(["src/main.rs", '"three"', '"three!"']);
    await session.follow();
  });
  afterAll(() => session.remove());

  /** A change of the body of `one`, with items in front of it. */
  function one(items: string, body: string): readonly Change[] {
    return [["src/main.rs", 'fn one() -> String { String::from("one") }', `${items}\nfn one() -> String { ${body} }`]];
  }

  it.each<[what: string, items: string, body: string, shown: string]>([
    [
      "a struct with derives and methods",
      "/// Documented.\n#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]\nstruct Point { x: u32, y: Vec<String> }\nimpl Point {\n    const ZERO: u32 = 0;\n    fn new(x: u32) -> Self { Point { x, y: vec![x.to_string()] } }\n    fn sum(&self) -> u32 { self.x + self.y.len() as u32 + Self::ZERO }\n}",
      'let p = Point::new(3); let q = p.clone(); format!("{p:?} {} {} {:?}", p == q, q.sum(), Point::default())',
      'Point { x: 3, y: ["3"] } true 4 Point { x: 0, y: [] }',
    ],
    [
      "an enum with a match, Display and Drop",
      'enum Kind { Plain, Tuple(String, u8), Named { n: u64 } }\nimpl std::fmt::Display for Kind {\n    fn fmt(&self, f: &mut std::fmt::Formatter<\'_>) -> std::fmt::Result {\n        match self { Kind::Plain => write!(f, "plain"), Self::Tuple(s, n) => write!(f, "{s}{n}"), Kind::Named { n } => write!(f, "n={n}") }\n    }\n}\nimpl Drop for Kind {\n    fn drop(&mut self) { println!("dropped {self}"); }\n}',
      '[Kind::Plain, Kind::Tuple("t".into(), 2), Kind::Named { n: 1 << 40 }].iter().map(|kind| kind.to_string()).collect::<Vec<_>>().join(",")',
      "plain,t2,n=1099511627776",
    ],
    [
      "a trait object of a new type, and closures that hold one",
      "struct Tripled(u32);\nimpl Doubled for Tripled {\n    fn doubled(&self) -> u32 { self.0 * 3 }\n}\nunion Bits { float: f32, bits: u32 }",
      'let all: Vec<Box<dyn Doubled>> = vec![Box::new(Tripled(5)), Box::new(Counter { start: 1 })]; let t = Tripled(7); let f = move |n: u32| n + t.0; format!("{} {} {}", all.iter().map(|it| it.named()).collect::<String>(), f(1), unsafe { Bits { float: 1.0 }.bits })',
      "<15><2> 8 1065353216",
    ],
    [
      "a generic type with its impls",
      "#[derive(Debug, Clone)]\nstruct Stack<T> { items: Vec<T> }\nimpl<T: Clone> Stack<T> {\n    fn with(items: &[T]) -> Self { Stack { items: items.to_vec() } }\n}\nimpl<T> IntoIterator for Stack<T> { type Item = T; type IntoIter = std::vec::IntoIter<T>; fn into_iter(self) -> Self::IntoIter { self.items.into_iter() } }\nimpl<'a, T> IntoIterator for &'a Stack<T> { type Item = &'a T; type IntoIter = std::slice::Iter<'a, T>; fn into_iter(self) -> Self::IntoIter { self.items.iter() } }",
      'let s = Stack::with(&[1, 2]); let n: i32 = (&s).into_iter().sum(); format!("{n} {} {}", shown(s.clone()), s.into_iter().rev().map(|n| n.to_string()).collect::<String>())',
      "3 Stack { items: [1, 2] } 21",
    ],
    [
      "a static",
      'static CALLS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(5);\nstatic TABLE: [&str; 2] = ["a", "b"];',
      'CALLS.fetch_add(1, std::sync::atomic::Ordering::SeqCst); format!("{CALLS:?} {TABLE:?}")',
      '6 ["a", "b"]',
    ],
    [
      "a trait with impls for new and existing types, and for all",
      'trait Loud { fn loud(&self) -> String; fn louder(&self) -> String { self.loud() + "!" } }\nimpl Loud for Counter { fn loud(&self) -> String { format!("COUNTER {}", self.start) } }\nimpl Loud for shapes::Square { fn loud(&self) -> String { format!("SQUARE {}", self.side()) } }\nstruct Horn;\nimpl Loud for Horn { fn loud(&self) -> String { "HORN".into() } }\ntrait Quiet { fn quiet(&self) -> String; }\nimpl<T: Debug> Quiet for T { fn quiet(&self) -> String { format!("{self:?}").to_lowercase() } }',
      'format!("{} {} {} {}", Counter { start: 4 }.louder(), shapes::Square(2).loud(), (&Horn as &dyn Loud).louder(), Counter { start: 9 }.quiet())',
      "COUNTER 4! SQUARE 2 HORN! counter { start: 9 }",
    ],
    [
      "an identity",
      "struct Marked;",
      'let any: Box<dyn std::any::Any> = Box::new(Marked); format!("{} {} {}", any.is::<Marked>(), any.downcast::<Marked>().is_ok(), std::any::type_name::<Marked>())',
      "true true types::Marked",
    ],
  ])("%s", async (_, items, body, shown) => {
    expect(await session.takes(one(items, body))).toContain(shown);
    // Everything is gone again.
    const [[file, before, after] = ["", "", ""]] = one(items, body);
    expect(await session.takes([[file, after, before]])).toContain("one\n");
  });

  it("an error that `?` makes another one of", async () => {
    expect(
      await session.takes([
        [
          "src/main.rs",
          'fn four() -> Result<u32, Box<dyn Error>> { Ok("4".parse::<u32>()?) }',
          '#[derive(Debug)]\nenum Failed { Parse(std::num::ParseIntError), Odd(u32) }\nimpl std::fmt::Display for Failed {\n    fn fmt(&self, f: &mut std::fmt::Formatter<\'_>) -> std::fmt::Result { write!(f, "failed: {self:?}") }\n}\nimpl Error for Failed {}\nimpl From<std::num::ParseIntError> for Failed {\n    fn from(error: std::num::ParseIntError) -> Self { Failed::Parse(error) }\n}\nfn inner(text: &str) -> Result<u32, Failed> { let n = text.parse::<u32>()?; if n % 2 == 1 { return Err(Failed::Odd(n)); } Ok(n) }\nfn four() -> Result<u32, Box<dyn Error>> { Ok(inner("4")? + inner("7")?) }',
        ],
      ]),
    ).toContain('Err("failed: Odd(7)")');
  });

  it("a module, and one in it", async () => {
    const module =
      'mod within {\n    //! Documented.\n    #![allow(dead_code)]\n    use super::*;\n    use std::collections::BTreeMap;\n    macro_rules! double { ($e:expr) => { $e * 2 }; }\n    pub const BASE: u32 = double!(4);\n    static NAMES: [&str; 2] = ["x", "y"];\n    #[derive(Debug)]\n    pub struct Held { pub(super) map: BTreeMap<u32, String>, size: tools::Size2 }\n    type Alias = Held;\n    impl Held {\n        pub fn new() -> Alias { Held { map: BTreeMap::from([(double!(BASE), NAMES[1].to_string())]), size: tools::Size2(1) } }\n    }\n    impl Doubled for Held { fn doubled(&self) -> u32 { self.map.len() as u32 + deep::more() } }\n    pub mod deep {\n        pub(in super::super) fn more() -> u32 { super::BASE + crate::width() }\n    }\n    mod tools {\n        #[derive(Debug)]\n        pub struct Size2(pub u8);\n    }\n}\nuse within::Held;';
    const body =
      'let held = Held::new(); format!("{held:?} {} {} {}", held.named(), within::deep::more(), held.map.len())';
    expect(await session.takes(one(module, body))).toContain('Held { map: {16: "y"}, size: Size2(1) } <14> 13 1');
  });

  it("a module in a file, with one below it", async () => {
    session.project.write(
      "src/fresh.rs",
      '//! Documented.\nuse crate::Doubled;\nmod below;\n#[derive(Debug, Default)]\npub struct Fresh(u32);\nimpl Doubled for Fresh {\n    fn doubled(&self) -> u32 { self.0 + below::four() }\n}\npub fn place() -> String { format!("{}:{} {}", file!(), line!(), module_path!()) }\n',
    );
    session.project.write("src/fresh/below.rs", "pub fn four() -> u32 { 4 }\n");
    const changes: Change[] = [
      ["src/main.rs", "mod shapes;", "mod fresh;\nmod shapes;"],
      [
        "src/main.rs",
        'String::from("two")',
        'format!("{:?} {} {}", fresh::Fresh::default(), fresh::Fresh::default().named(), fresh::place())',
      ],
    ];
    expect(await session.takes(changes)).toContain("Fresh(0) <4> src/fresh.rs:9 types::fresh");
  });
});
