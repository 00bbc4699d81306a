/** Edits of generic and inline functions with the real rustc and engine: which take the body lane, and what runs then. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GenerationReport } from "../../shared/src/report.js";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

/** So many callers that compiling all of them again is no gain. */
const MANY = Array.from({ length: 65 }, (_, i) => i);

const MAIN = `#![allow(dead_code)]
use std::fmt::{Debug, Display};
use std::hint::black_box;
use std::rc::Rc;

fn show<T: Debug>(value: T) -> String {
    let closed = |times: usize| format!("<{value:?}>").repeat(times);
    closed(1) + "show-1"
}
fn shows_number() -> String {
    show(1u8)
}
fn shows_text() -> String {
    show("text")
}
static TABLE: [fn(u16) -> String; 1] = [show::<u16>];

fn apply<F: Fn(u32) -> u32>(f: F) -> u32 {
    f(1) + black_box(1)
}
fn applies(n: u32) -> u32 {
    let a = [n; 4];
    apply(move |i| a[i as usize] + i) + apply(|i| i * 2)
}

trait Area {
    fn area(&self) -> u32;
    fn twice(&self) -> u32 {
        self.area() * black_box(2)
    }
}
struct Square(u32);
struct Circle;
impl Area for Square {
    fn area(&self) -> u32 {
        self.0 * self.0
    }
}
impl Area for Circle {
    fn area(&self) -> u32 {
        3
    }
}
fn areas() -> u32 {
    let all: Vec<Box<dyn Area>> = vec![Box::new(Square(2)), Box::new(Circle)];
    all.iter().map(|it| it.twice()).sum()
}

struct Stack<T>(Vec<T>);
impl<T: Display> Stack<T> {
    fn joined(&self) -> String {
        self.0.iter().map(|it| format!("{it}joined-1")).collect()
    }
}
fn stacks() -> String {
    Stack(vec![1, 2]).joined() + &Stack(vec!['a']).joined()
}

struct Guard<T: Debug>(T);
impl<T: Debug> Drop for Guard<T> {
    fn drop(&mut self) {
        println!("dropped-1 {:?}", self.0);
    }
}
fn guards() {
    drop(Rc::new(Guard(vec![1])));
    let _boxed: Box<dyn std::any::Any> = Box::new(Guard("any"));
}

struct Inner<T>(T);
impl<T: Display> Debug for Inner<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "inner-1 {}", self.0)
    }
}
#[derive(Debug)]
struct Wrapped {
    inner: Inner<u8>,
}
fn derived() -> String {
    format!("{:?}", Wrapped { inner: Inner(1) })
}

fn inner<T: Display>(value: T) -> String {
    format!("{value} inner-fn-1")
}
fn outer<T: Display>(value: T) -> String {
    inner(value)
}
fn chained() -> String {
    outer(5)
}

fn in_async<T: Display>(value: T) -> String {
    format!("{value} async-1")
}
async fn later() -> String {
    in_async('x')
}
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => unreachable!(),
    }
}

fn in_macro<T: Debug>(value: T) -> String {
    format!("{value:?} macro-1")
}
macro_rules! make {
    ($name:ident) => {
        fn $name() -> String {
            in_macro(7i8)
        }
    };
}
make!(made);

fn nesting<T: Debug>(value: T) -> String {
    fn nested() -> u32 {
        black_box(1)
    }
    format!("{value:?} {}", nested())
}

fn unused<T: Debug>(value: T) -> String {
    format!("{value:?} unused-1")
}

fn counted<const N: usize>() -> usize {
    N + black_box(1)
}

#[inline]
fn own_inline() -> u32 {
    black_box(1)
}

fn edited_with(n: u32) -> u32 {
    let a = [n; 3];
    apply(move |i| i + black_box(0)) + a[0]
}

fn many<F: Fn() -> u32>(value: F) -> String {
    format!("{} many-1", value())
}
${MANY.map((i) => `fn many_${i}() -> String {\n    many(|| ${i})\n}`).join("\n")}

fn main() {
    println!("{}", [${MANY.map((i) => `many_${i}()`).join(", ")}].concat());
    println!("{} {} {}", shows_number(), shows_text(), TABLE[0](1));
    println!("{} {} {}", applies(3), areas(), stacks());
    guards();
    println!("{} {} {} {}", derived(), chained(), now(later()), made());
    println!("{} {} {} {}", nesting(1), counted::<3>(), own_inline(), edited_with(1));
    println!("{} {} {}", shapes::uses_here(), shapes::inlined(), shapes::uses_inlined());
    println!("{} {}", shapes::outside(2u8), shapes::only_outside());
    println!("{}", shapes::outside_with(|n| n + 1));
    println!("{} {}", shapes::always(), shapes::always());
    // (Lines below an edit are the crate lane's to tell.)
    println!("{}", shapes::located() - line!());
    let pointer: fn() -> u32 = shapes::only_outside;
    let located: fn() -> u32 = shapes::located;
    println!("{} {}", pointer(), located() > 0);
    let shape: Box<dyn shapes::Sided> = Box::new(shapes::Triangle(0));
    println!("{} {}", shape.sides(), shapes::plain());
}
`;

const SHAPES = `use std::fmt::Display;
use std::hint::black_box;

fn here<T: Display>(value: T) -> String {
    format!("{value} here-1")
}
pub fn uses_here() -> String {
    here(1u8) + &here("x")
}
pub fn outside<T: Display>(value: T) -> String {
    format!("{value} outside-1")
}
pub fn outside_with<F: Fn(u32) -> u32>(f: F) -> String {
    format!("{} outside-with-1", f(1))
}
fn private(n: u32) -> u32 {
    n + 1
}
#[inline]
pub fn inlined() -> u32 {
    let add = |n: u32| private(n) + black_box(1);
    add(1)
}
pub fn uses_inlined() -> u32 {
    inlined()
}
#[inline]
pub fn only_outside() -> u32 {
    let add = |n: u32| private(n) + black_box(1);
    add(1)
}
#[inline(always)]
pub fn always() -> u32 {
    black_box(1)
}
#[inline]
#[track_caller]
pub fn located() -> u32 {
    std::panic::Location::caller().line() + black_box(0)
}
pub trait Sided {
    fn sides(&self) -> u32;
}
pub struct Triangle(pub u32);
impl Sided for Triangle {
    #[inline]
    fn sides(&self) -> u32 {
        black_box(3) + self.0
    }
}
impl Drop for Triangle {
    #[inline]
    fn drop(&mut self) {
        println!("triangle-1");
    }
}
pub fn plain() -> u32 {
    black_box(1)
}
`;

const PACKAGE = (name: string, more: string): string =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2024"\n${more}`;

const FILES = {
  "Cargo.toml": PACKAGE("generics", '[dependencies]\nshapes = { path = "shapes" }\n[workspace]\n'),
  "src/main.rs": MAIN,
  "shapes/Cargo.toml": PACKAGE("shapes", ""),
  "shapes/src/lib.rs": SHAPES,
};

const main = (from: string, to: string): Change => ["src/main.rs", from, to];
const shapes = (from: string, to: string): Change => ["shapes/src/lib.rs", from, to];

/** Edits that the body lane takes; all changes of one are one save. */
const TAKEN: readonly (readonly [what: string, changes: readonly Change[]])[] = [
  ["a function with several instances, and one in a static", [main("show-1", "show-2")]],
  ["the closure in it", [main("closed(1)", "closed(2)")]],
  ["one that moves lines", [main('closed(2) + "show-2"', 'let two = 2;\n\n    closed(two) + "show-3"')]],
  ["a function whose instances are for closures' types", [main("f(1) + black_box(1)", "f(2) + black_box(2)")]],
  ["a default method that is called through vtables", [main("* black_box(2)", "* black_box(3)")]],
  ["a method of a generic impl", [main("joined-1", "joined-2")]],
  ["a generic destructor", [main("dropped-1", "dropped-2")]],
  ["what a derive instantiates", [main("inner-1", "inner-2")]],
  ["what a generic function instantiates", [main("inner-fn-1", "inner-fn-2")]],
  ["what an async fn instantiates", [main("async-1", "async-2")]],
  ["what a macro's function instantiates", [main("macro-1", "macro-2")]],
  ["a generic function with a nested one", [main('"{value:?} {}", nested()', '"{value:?}: {}", nested()')]],
  [
    "the nested one",
    [main("{\n        black_box(1)\n    }\n    format", "{\n        black_box(2)\n    }\n    format")],
  ],
  ["a constant's instances", [main("N + black_box(1)", "N + black_box(2)")]],
  [
    "an instance for a closure that changes as well",
    [main("f(2) + black_box(2)", "f(3) + black_box(3)"), main("i + black_box(0)", "i + a[1]")],
  ],
  [
    "an instance that is not needed any more",
    [main("two)", 'two) + "!"'), main("    show(1u8)", '    String::from("none")')],
  ],
  ["a new instance", [main('show("text")', "show([1, 2])"), main("show-3", "show-4")]],
  [
    "an inline function of a program",
    [main("fn own_inline() -> u32 {\n    black_box(1)", "fn own_inline() -> u32 {\n    black_box(2)")],
  ],
  ["a generic function of which only the library has instances", [shapes("here-1", "here-2")]],
  [
    "an inline function with copies in both crates",
    [shapes("private(n) + black_box(1);\n    add(1)\n}\npub", "private(n) + black_box(2);\n    add(1)\n}\npub")],
  ],
  [
    "an inline function with a copy in the other crate only",
    [shapes("private(n) + black_box(1)", "private(n) * black_box(5)")],
  ],
  ["a generic function with an instance in the other crate only", [shapes("outside-1", "outside-2")]],
  [
    "a function that is always inline",
    [shapes("always() -> u32 {\n    black_box(1)", "always() -> u32 {\n    black_box(2)")],
  ],
  ["an inline function that knows its caller", [shapes("line() + black_box(0)", "line() + black_box(1000)")]],
  ["an inline method behind a vtable", [shapes("black_box(3)", "black_box(4)")]],
  ["an inline destructor", [shapes("triangle-1", "triangle-2")]],
];

/** Edits that the body lane leaves to the crate lane. */
const LEFT: readonly (readonly [why: string, changes: readonly Change[]])[] = [
  ["very many functions lead to an edited generic function", [main("many-1", "many-2")]],
  ["an edited generic function has instances in other crates", [shapes("outside-with-1", "outside-with-2")]],
  [
    "a generic or inline function of a library, and one of a crate that uses it",
    [shapes("black_box(4)", "black_box(5)"), main("* black_box(3)", "* black_box(4)")],
  ],
];

describe.runIf(HAS_ENGINE)("generic and inline functions", () => {
  let session: Session;
  const save = async (changes: readonly Change[]): Promise<GenerationReport> => {
    const report = await session.save(...changes);
    expect(report.diagnostics.filter(({ level }) => level === "error")).toEqual([]);
    return report;
  };

  beforeAll(async () => {
    session = await Session.open("generics", FILES);
    await save([shapes("n + 1", "1 + n"), main("        3\n", "        1 + 2\n")]);
    await session.follow();
    expect(session.output()).toBe(session.native());
  });
  afterAll(() => session.remove());

  it.each(TAKEN)("takes %s", async (_, changes) => {
    const before = session.output();
    const report = await save(changes);
    expect({ lane: report.lane, refused: report.refused }).toEqual({ lane: "body", refused: undefined });
    const taken = session.output();
    expect(taken).not.toBe(before);
    expect(await session.follow()).toBeGreaterThan(0);
    expect(session.output()).toBe(taken);
  });

  it("is what cargo builds of the same sources", () => {
    expect(session.output()).toBe(session.native());
  });

  it("takes a function that nothing instantiates", async () => {
    const report = await save([main("unused-1", "unused-2")]);
    expect(report.lane).toBe("body");
    expect(report.functions).toMatchObject({ changed: 0, compiled: 0 });
    await session.follow();
  });

  it("lets edits pile up, and be taken back", async () => {
    await save([main("joined-2", "joined-3")]);
    await save([main("inner-2", "inner-3")]);
    await save([
      main("async-2", "async-3"),
      main("own_inline() -> u32 {\n    black_box(2)", "own_inline() -> u32 {\n    black_box(3)"),
    ]);
    const report = await save([main("joined-3", "joined-2")]);
    expect(report.lane).toBe("body");
    const taken = session.output();
    expect(taken).toBe(session.native());
    expect(await session.follow()).toBeGreaterThan(0);
    expect(session.output()).toBe(taken);
  });

  it.each(LEFT)("leaves to the crate lane: %s", async (why, changes) => {
    const report = await save(changes);
    expect({ lane: report.lane, refused: report.refused }).toEqual({ lane: "crate", refused: why });
    expect(session.output()).toBe(session.native());
    await session.follow();
  });

  it("never instantiates an edited function of a library as it was", async () => {
    expect((await save([shapes("black_box(5)", "black_box(6)")])).lane).toBe("body");
    // The program's crate knows the library as the crate lane compiled it.
    const report = await save([main("* black_box(4)", "* shapes::Sided::sides(&shapes::Triangle(1))")]);
    expect(report).toMatchObject({ lane: "crate", refused: "a function that other crates may instantiate" });
    expect(session.output()).toBe(session.native());
    await session.follow();
    expect((await save([main("&shapes::Triangle(1)", "&shapes::Triangle(2)")])).lane).toBe("body");
    expect(session.output()).toBe(session.native());
    expect(await session.follow()).toBeGreaterThan(0);
    expect(session.statistics).toMatchObject({ divergences: 0 });
  });
});
