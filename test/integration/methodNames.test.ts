/**
 * Methods that change beside others of their name, in places where it is easily overlooked which one is meant: what runs is what cargo's
 * build is, whichever lane takes it.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, manifest } from "./project.js";
import { type Change, Session } from "./session.js";

const MAIN = `#![allow(dead_code)]
mod other;
use std::cell::RefCell;
use std::rc::Rc;

macro_rules! show { ($e:expr) => { format!("{} = {}", stringify!($e), $e) } }
macro_rules! twice { ($e:expr) => { $e + $e } }
macro_rules! ask { ($x:expr) => { $x.asked() } }

#[derive(Debug, Clone, Copy)]
struct A(u32);
type B = A;

trait ByValue { fn taken(self) -> u32; }
impl ByValue for A {
    fn taken(self) -> u32 { 1 }
}
trait OfReference { fn referred(self) -> u32; }
impl OfReference for &A {
    fn referred(self) -> u32 { 2 }
}
trait Alike { fn alike(&self) -> u32; }
impl Alike for A {
    fn alike(&self) -> u32 { 3 }
}
trait Viewed { fn viewed(&self) -> u32; }
impl Viewed for other::A {
    fn viewed(&self) -> u32 { 4 }
}

impl A {
    fn taken(&self) -> u32 { self.0 + 10 }
    fn referred(&self) -> u32 { self.0 + 20 }
    fn alike(&self) -> u32 { self.0 + 30 }
    fn viewed(&self) -> u32 { self.0 + 35 }
    fn boxed(&self) -> u32 { self.0 + 40 }
    fn run(&self) -> u32 { self.0 + 50 }
    fn shown(&self) -> u32 { self.0 + 60 }
    fn twofold(&self) -> u32 { self.0 + 70 }
    fn asked(&self) -> u32 { self.0 + 80 }
    fn held(&self) -> u32 { self.0 + 90 }
    const fn fixed() -> u32 { 100 }
    fn made(n: u32) -> Self { A(n) }
    fn of(&self) -> u32 { self.0 + 110 }
    fn x(&self) -> u32 { self.0 + 120 }
    unsafe fn risky(&self) -> u32 { self.0 + 130 }
    extern "C" fn foreign(&self) -> u32 { self.0 + 140 }
    async fn later(&self) -> u32 { self.0 + 150 }
    fn named(&self) -> u32 { self.0 + 160 }
    fn counts(&self) -> impl Iterator<Item = u32> { 0..self.0 }
    fn optional(&self, #[cfg(windows)] more: u8, #[allow(unused_mut)] mut by: u32) -> u32 { by + self.0 }
    fn mutual(&self, n: u32) -> u32 { if n == 0 { self.0 } else { self.mutual_too(n - 1) } }
    fn mutual_too(&self, n: u32) -> u32 { if n == 0 { 7 } else { self.mutual(n - 1) } }
}

struct Held { run: fn(u32) -> u32 }
static POINTER: fn(&A) -> u32 = A::held;
const FIXED: u32 = A::fixed();
fn alike_of<T: Alike>(value: T) -> u32 { value.alike() }

fn by_value() -> u32 { A(1).taken() }
fn by_reference() -> u32 { (&A(1)).referred() * 1000 + A(1).referred() }
fn alike() -> u32 { let d: &dyn Alike = &A(1); A(1).alike() * 10000 + d.alike() * 100 + alike_of(A(1)) }
fn viewed() -> u32 { A(1).viewed() * 10 + other::A.viewed() }
fn boxed() -> u32 { let shared = Rc::new(RefCell::new(A(1))); Box::new(A(1)).boxed() + shared.borrow().boxed() }
fn run() -> u32 { let held = Held { run: |n| n * 3 }; let run = 5; let text = format!("{run}"); (held.run)(1) + A(1).run() + text.len() as u32 }
fn shown() -> String { show!(A(1).shown()) }
fn twofold() -> u32 { twice!(A(1).twofold()) }
fn asked() -> u32 { ask!(A(1)) }
fn held() -> u32 { POINTER(&A(1)) }
fn fixed() -> u32 { FIXED + [0; A::fixed() as usize].len() as u32 }
fn made() -> u32 { B::made(1).0 + <A>::made(2).0 + other::made(4).0 }
fn of() -> u32 { A(1).of() + A(1).x() }
fn risky() -> u32 { A(1).foreign() + unsafe { A(1).risky() } }
fn later() -> u32 {
    let mut future = std::pin::pin!(A(1).later());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::future::Future::poll(future.as_mut(), &mut context) { std::task::Poll::Ready(n) => n, _ => 0 }
}
fn named() -> String { format!("{} {}", A(1).named(), std::any::type_name_of_val(&A::named)) }
fn counts() -> u32 { A(4).counts().map(|n| n + 1).sum() }
fn mutual() -> u32 { A(1).mutual(3) }
fn optional() -> u32 { A(1).optional(4) }
fn failing() -> u32 { 0 }

fn main() {
    println!("{} {} {} {} {} {}", by_value(), by_reference(), alike(), viewed(), boxed(), run());
    println!("{} {} {} {} {} {}", shown(), twofold(), asked(), held(), fixed(), made());
    println!("{} {} {} {} {} {}", of(), risky(), later(), named(), counts(), mutual());
    println!("{} {}", failing(), optional());
}
`;

const OTHER = `pub struct A;
impl A {
    pub fn made(n: u32) -> super::A { super::A(n * 10) }
    pub fn of(&self) -> u32 { 9 }
}
impl super::A {
    pub fn beyond(&self) -> u32 { self.0 + 5 }
}
pub fn made(n: u32) -> super::A { super::A(n * super::A(1).beyond()) }
`;

/** A method of `A` with a parameter of its own for a lifetime: the same receiver, but another signature; and another result. */
function changed(method: string, add: number): readonly Change[] {
  const [name, receiver = ""] = method.split("(");
  const text = `fn ${name}(${receiver}) -> u32 { self.0 + ${add} }`;
  return [["src/main.rs", text, `fn ${name}<'a>(${receiver.replace("&", "&'a ")}) -> u32 { self.0 + ${add + 5} }`]];
}

describe.runIf(HAS_ENGINE)("which method is meant", () => {
  let session: Session;

  beforeAll(async () => {
    session = await Session.open("which", {
      "Cargo.toml": manifest("which"),
      "src/main.rs": MAIN,
      "src/other.rs": OTHER,
    });
    // The crate is edited for the first time, so that its twin is made.
    await session.save(["src/main.rs", "fn failing() -> u32 { 0 }", "fn failing() -> u32 { 0 + 0 }"]);
    await session.follow();
  });
  afterEach(() => session.follow());
  afterAll(() => session.remove());

  const IN_USE = "a function that is gone, or has another signature, is still in use";
  const SEVERAL = (name: string): string =>
    `several methods of the name \`${name}\`, of types that one may be for the other`;

  it.each<[what: string, refused: string | undefined, changes: readonly Change[]]>([
    ["a trait's takes the value", SEVERAL("taken"), changed("taken(&self", 10)],
    [
      "a trait's takes it, and now the method as well",
      undefined,
      [["src/main.rs", "fn taken<'a>(&'a self) -> u32 {", "fn taken(self) -> u32 {"]],
    ],
    ["a trait's is that of a reference", SEVERAL("referred"), changed("referred(&self", 20)],
    ["a trait's is hidden", undefined, changed("alike(&self", 30)],
    [
      "a trait's is that of another type of the name",
      "a patch crate that does not compile (E0599)",
      changed("viewed(&self", 35),
    ],
    ["behind pointers", undefined, changed("boxed(&self", 40)],
    ["a field, a variable, a name in a text", undefined, changed("run(&self", 50)],
    ["a macro shows it", IN_USE, changed("shown(&self", 60)],
    ["a macro does not show it", undefined, changed("twofold(&self", 70)],
    ["a macro writes it", IN_USE, changed("asked(&self", 80)],
    ["a static holds it", "`held` is mentioned where a patch crate cannot follow", changed("held(&self", 90)],
    [
      "a constant is computed by it",
      "`fixed` is mentioned where a patch crate cannot follow",
      [["src/main.rs", "const fn fixed() -> u32 { 100 }", "const fn fixed<'a>() -> u32 { 101 }"]],
    ],
    [
      "an alias, and types of the same name",
      undefined,
      [["src/main.rs", "fn made(n: u32) -> Self { A(n) }", "fn made<'a>(n: u32) -> Self { A(n + 1) }"]],
    ],
    ["a short name", undefined, changed("of(&self", 110)],
    ["a very short name", "a method whose name leaves no other", changed("x(&self", 120)],
    [
      "unsafe",
      undefined,
      [
        [
          "src/main.rs",
          "unsafe fn risky(&self) -> u32 { self.0 + 130 }",
          "unsafe fn risky<'a>(&'a self) -> u32 { self.0 + 131 }",
        ],
      ],
    ],
    [
      "of another calling convention",
      undefined,
      [
        [
          "src/main.rs",
          'extern "C" fn foreign(&self) -> u32 { self.0 + 140 }',
          `extern "C" fn foreign<'a>(&'a self) -> u32 { self.0 + 141 }`,
        ],
      ],
    ],
    [
      "a future",
      IN_USE,
      [
        [
          "src/main.rs",
          "async fn later(&self) -> u32 { self.0 + 150 }",
          "async fn later<'a>(&'a self) -> u32 { self.0 + 151 }",
        ],
      ],
    ],
    ["its name is shown", "the name of a type that is made in the edited function", changed("named(&self", 160)],
    [
      "impl Trait",
      undefined,
      [
        [
          "src/main.rs",
          "-> impl Iterator<Item = u32> { 0..self.0 }",
          "-> impl Iterator<Item = u32> { (0..self.0).rev().skip(1) }",
        ],
        ["src/main.rs", "fn counts(&self)", "fn counts<'a>(&'a self)"],
      ],
    ],
    [
      "two that call each other",
      undefined,
      [
        ["src/main.rs", "fn mutual(&self, n: u32) -> u32", "fn mutual(&self, n: u64) -> u32"],
        [
          "src/main.rs",
          "fn mutual_too(&self, n: u32) -> u32 { if n == 0 { 7 }",
          "fn mutual_too(&self, n: u64) -> u32 { if n == 0 { 8 }",
        ],
      ],
    ],
    [
      "parameters with attributes",
      undefined,
      [["src/main.rs", "mut by: u32) -> u32 { by + self.0 }", "mut by: u32) -> u32 { by += 1; by + self.0 }"]],
    ],
    [
      "parameters with attributes, in another signature",
      undefined,
      [
        ["src/main.rs", "mut by: u32) -> u32 {", "mut by: u64) -> u32 { let mut by = by as u32;"],
        ["src/main.rs", "A(1).optional(4)", "A(1).optional(5)"],
      ],
    ],
    [
      "an impl beside the type",
      undefined,
      [
        [
          "src/other.rs",
          "pub fn beyond(&self) -> u32 { self.0 + 5 }",
          "pub fn beyond<'a>(&'a self) -> u32 { self.0 + 6 }",
        ],
      ],
    ],
  ])("%s", async (_, refused, changes) => {
    const report = await session.save(...changes);
    expect({ lane: report.lane, refused: report.refused }).toEqual({
      lane: refused === undefined ? "body" : "crate",
      refused,
    });
    expect(session.output()).toBe(session.native());
  });
});

const TRICKS = `#![allow(dead_code)]
use shown::Pipe;
mod util;
use util::{deep, wide};
mod score {
    pub trait Score { fn score(self) -> u32; }
}
use score::Score as Scored;

macro_rules! row { ($p:expr; $($m:ident),*) => { 0 $(+ $p.$m())* } }
macro_rules! both { ($a:expr, $b:expr => $($then:tt)*) => { { let it = $a; it $($then)* } + { let it = $b; it $($then)* } } }

pub struct Bag { n: u32 }
impl Bag {
    fn size(&self) -> u32 { self.n }
    #[inline]
    fn norm(&self) -> u32 { self.n + 1 }
    #[inline]
    fn high(&self) -> u32 { self.n + 2 }
    fn score(&self) -> u32 { self.n + 3 }
    fn piped(&self) -> u32 { self.n + 4 }
    fn told(&self) -> u32 { self.n + 5 }
    fn held(&self) -> u32 { self.n + 6 }
    fn items(&self) -> Vec<u32> { vec![self.n] }
    const fn fixed(&self) -> u32 { 1 }
    fn put(&mut self) -> u32 { self.n += 1; self.n }
    fn left(&self) -> u32 { 4 }
}
impl Scored for Bag { fn score(self) -> u32 { 7 } }

struct Other { n: u32 }
impl Other {
    fn area(&self) -> u32 { self.n }
    fn high(&self) -> u32 { 1000 }
}

fn bag() -> Bag { Bag { n: 1 } }
fn sizes() -> u32 { bag().size() + Other { n: 10 }.area() }
fn norms() -> u32 { row!(bag(); norm) }
fn heights() -> u32 { both!(Other { n: 1 }, bag() => .high()) }
fn scores() -> u32 { bag().score() }
fn pipes() -> u32 { bag().piped() }
fn tells() -> String { shown::log!(bag().told()) }
fn holds() -> u32 { shown::Tracked(bag()).held() }
fn items() -> u32 { bag().items().into_iter().sum() }
fn puts() -> u32 { let mut bag = bag(); let _ = bag.put(); bag.n + bag.fixed() }
fn dead(bag: &Bag) -> u32 { bag.left() }
fn generic<T>(_: T, bag: &Bag) -> u32 { bag.left() + deep() + wide() }
fn failing() -> u32 { 0 }

fn main() {
    println!("{} {} {} {} {}", sizes(), norms(), heights(), scores(), pipes());
    println!("{} {} {} {} {}", tells(), holds(), items(), puts(), failing());
}
`;

const SHOWN = `pub trait Pipe: Sized { fn piped(self) -> u32 { 400 } }
impl<T> Pipe for T {}
pub struct Tracked<T>(pub T);
impl<T> Tracked<T> { pub fn held(&self) -> u32 { 500 } }
impl<T> std::ops::Deref for Tracked<T> { type Target = T; fn deref(&self) -> &T { &self.0 } }
#[macro_export]
macro_rules! log { ($e:expr) => { format!("{} = {}", stringify!($e), $e) } }
`;

describe.runIf(HAS_ENGINE)("what comes before a method, and what rustc would say", () => {
  let session: Session;

  beforeAll(async () => {
    session = await Session.open("tricks", {
      "Cargo.toml": `${manifest("tricks").replace("2024", "2021")}\n[dependencies]\nshown = { path = "shown" }\n`,
      "src/main.rs": TRICKS,
      "src/util.rs": "pub fn deep() -> u32 { 1 }\npub fn wide() -> u32 { 2 }\n",
      "shown/Cargo.toml": manifest("shown"),
      "shown/src/lib.rs": SHOWN,
    });
    await session.save(["src/main.rs", "fn failing() -> u32 { 0 }", "fn failing() -> u32 { 0 + 0 }"]);
    await session.follow();
  });
  afterEach(() => session.follow());
  afterAll(() => session.remove());

  const SEVERAL = (name: string): string =>
    `several methods of the name \`${name}\`, of types that one may be for the other`;
  const FIXED = (name: string): string => `\`${name}\` is mentioned where a patch crate cannot follow`;
  const form = (kind: string): string => `a method of a form that traits do not have (\`${kind}\`)`;
  const other = (name: string, body: string, add: string): Change => [
    "src/main.rs",
    `fn ${name}(&self) -> u32 { ${body} }`,
    `fn ${name}<'a>(&'a self) -> u32 { ${body} + ${add} }`,
  ];

  it.each<[what: string, refused: string | undefined, changes: readonly Change[]]>([
    ["names of one length", undefined, [other("size", "self.n", "10"), other("area", "self.n", "20")]],
    ["a macro that gets the name alone", FIXED("norm"), [other("norm", "self.n + 1", "10")]],
    [
      "a macro that uses its input twice",
      "a patch crate that does not compile (E0599)",
      [other("high", "self.n + 2", "10")],
    ],
    ["a trait by another name", SEVERAL("score"), [other("score", "self.n + 3", "10")]],
    ["another crate's trait for all types", SEVERAL("piped"), [other("piped", "self.n + 4", "10")]],
    [
      "another crate's macro of a known name",
      "a function that is gone, or has another signature, is still in use",
      [other("told", "self.n + 5", "10")],
    ],
    ["another crate's pointer", SEVERAL("held"), [other("held", "self.n + 6", "10")]],
    [
      "a lifetime that is not captured",
      form("impl Trait"),
      [
        [
          "src/main.rs",
          "fn items(&self) -> Vec<u32> { vec![self.n] }",
          "fn items(&self) -> impl Iterator<Item = u32> { Some(self.n).into_iter() }",
        ],
      ],
    ],
    [
      "a constant function that computes",
      form("const fn"),
      [["src/main.rs", "const fn fixed(&self) -> u32 { 1 }", "const fn fixed<'a>(&'a self) -> u32 { 1 + 1 }"]],
    ],
    ["what must be used", undefined, [["src/main.rs", "fn put(&mut self)", "#[must_use] fn put(&mut self)"]]],
  ])("%s", async (_, refused, changes) => {
    const report = await session.save(...changes);
    expect({ lane: report.lane, refused: report.refused }).toEqual({
      lane: refused === undefined ? "body" : "crate",
      refused,
    });
    expect(session.output()).toBe(session.native());
  });

  it.each<[what: string, refused: string, change: Change]>([
    [
      "a function that an import still names",
      "`deep` is gone and still mentioned",
      ["src/util.rs", "pub fn deep() -> u32 { 1 }\n", ""],
    ],
    [
      "a function that others do not see any more",
      "`wide` is gone and still mentioned",
      ["src/util.rs", "pub fn wide", "fn wide"],
    ],
    [
      "a method that what nobody runs calls",
      "a patch crate that does not compile (E0061)",
      ["src/main.rs", "fn left(&self)", "fn left(&self, _: u32)"],
    ],
    [
      "a method that is gone",
      "`left` is gone and still mentioned",
      ["src/main.rs", "    fn left(&self) -> u32 { 4 }\n", ""],
    ],
  ])("%s", async (_, refused, [file, from, to]) => {
    const source = path.join(session.project.dir, file);
    const before = fs.readFileSync(source, "utf8");
    const report = await session.save([file, from, to]);
    expect({ lane: report.lane, refused: report.refused }).toEqual({ lane: "crate", refused });
    expect(report.diagnostics.length).toBeGreaterThan(0);
    fs.writeFileSync(source, before);
    await session.update();
  });
});
