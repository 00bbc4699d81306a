/** Patch crates with the real rustc and engine: which functions have one, that they run right, and that the crate lane agrees. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const MAIN = `#![allow(dead_code)]
#[macro_use]
mod macros;
mod first;
mod shapes;

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU32, Ordering::*};

static RUNS: AtomicU32 = AtomicU32::new(40);
static NAMES: [&str; 2] = ["a", "b"];
thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(7) };
    static SEEN: std::cell::RefCell<Vec<u32>> = std::cell::RefCell::new(vec![1]);
}

#[derive(Debug, Clone, PartialEq)]
enum Mode { Fast(u8), Slow { by: u16 } }
use Mode::*;

struct Holder<'a> { text: &'a str, mode: Mode }

impl<'a> Holder<'a> {
    const SIZE: usize = 3;

    /// Documented.
    #[track_caller]
    pub(crate) fn describe(&self, mut n: usize) -> String {
        n += Self::SIZE;
        let texts: Vec<String> = (0..n).map(|i| format!("{}{i}", self.text)).collect();
        format!("{} {:?} line {} {}", texts.join("+"), self.mode, Location::caller().line(), "describe-1")
    }
    fn consume(self: Box<Self>) -> &'a str {
        let _ = std::hint::black_box("consume-1");
        self.text
    }
}

impl fmt::Display for Holder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", "display-1", self.text)
    }
}

impl Iterator for Holder<'_> {
    type Item = char;
    fn next(&mut self) -> Option<Self::Item> {
        let first = self.text.chars().next()?;
        self.text = &self.text[first.len_utf8()..];
        Some(if first == '1' { '!' } else { first })
    }
}

impl From<&Mode> for u32 {
    fn from(mode: &Mode) -> Self {
        match mode { Fast(n) => u32::from(*n) + 1, Slow { by } => u32::from(*by) }
    }
}

impl Drop for Holder<'_> {
    fn drop(&mut self) {
        println!("drop-1 {:?}", self.mode);
    }
}

fn state() -> u32 {
    DEPTH.with(|depth| depth.set(depth.get() + 1));
    SEEN.with(|seen| seen.borrow_mut().push(2));
    RUNS.fetch_add(1, Relaxed) + DEPTH.get() + NAMES.len() as u32
}

fn state_elsewhere() -> String {
    RUNS.fetch_add(5, Relaxed);
    DEPTH.with(|depth| depth.set(depth.get() + 10));
    SEEN.with(|seen| seen.borrow_mut().push(3));
    SEEN.with(|seen| format!("{:?}", seen.borrow()))
}

fn counted() -> u32 {
    static CALLS: AtomicU32 = AtomicU32::new(100);
    CALLS.fetch_add(1, Relaxed)
}

struct Meta { level: u32, text: &'static str }
struct Site { hits: AtomicU32, meta: &'static Meta }
impl Site {
    fn hit(&self) -> String { format!("{} {} {}", self.hits.fetch_add(1, Relaxed), self.meta.level, self.meta.text) }
}
macro_rules! event {
    ($level:expr, $text:expr) => {{
        static META: Meta = Meta { level: $level, text: $text };
        static SITE: Site = Site { hits: AtomicU32::new(0), meta: &META };
        SITE.hit()
    }};
}

fn events() -> String {
    let mut all = String::new();
    for _ in 0..2 {
        all += &event!(1, "first");
        all += &event!(1, "third");
    }
    all
}

fn event_and_item() -> u32 {
    fn nested() -> u32 { 1 }
    nested() + event!(7, "alone").len() as u32
}

fn places() -> String {
    format!("{} {} {} {}", module_path!(), file!(), line!(), column!())
}

fn macros_used() -> u32 {
    twice!(5) + exported!()
}

fn macro_by_path() -> u32 {
    shapes::shared!(5) + 1
}

fn generic<T: fmt::Debug>(value: T) -> String { format!("<{value:?}>") }

fn instances() -> String {
    generic(1u8) + &generic(Fast(2)) + &generic(vec![Slow { by: 3 }])
}

fn unwinds() -> String {
    let caught = std::panic::catch_unwind(|| {
        let _holder = Holder { text: "inner", mode: Fast(1) };
        if std::hint::black_box(true) { panic!("unwinds-1") }
    });
    caught.unwrap_err().downcast_ref::<&str>().unwrap().to_string()
}

fn calls(n: u32) -> u32 {
    if n == 0 { return 1 }
    calls(n - 1) + 1
}

extern "C" fn callback(n: i32) -> i32 {
    n + 1
}

unsafe fn raw(pointer: *const u8) -> u8 {
    unsafe { *pointer + 1 }
}

fn main() {
    std::panic::set_hook(Box::new(|_| ()));
    let holder = Holder { text: "x", mode: Slow { by: 9 } };
    println!("{}", holder.describe(1));
    println!("{holder} {}", u32::from(&Fast(3)));
    println!("{}", Box::new(Holder { text: "boxed", mode: Fast(0) }).consume());
    println!("{:?}", Holder { text: "a1b", mode: Fast(4) }.collect::<String>());
    println!("{} {} {} {}", state(), counted(), counted(), places());
    println!("{} {} {}", state_elsewhere(), state(), state_elsewhere());
    println!("{} {} {} {}", macros_used(), macro_by_path(), instances(), unwinds());
    println!("{} {}", events(), event_and_item());
    println!("{} {} {}", calls(5), callback(1), unsafe { raw(&7) });
    println!("{} {} {}", shapes::area(), shapes::inner::deep(), first::line());
}
`;

const SHAPES = `use std::collections::*;
macro_rules! shared { ($n:expr) => { $n + 1 } }
pub(crate) use shared;
pub(crate) struct HashMap(u32);
trait Area {
    fn area(&self) -> u32 { 1 }
}
impl Area for HashMap {
    fn area(&self) -> u32 {
        self.0 * 2 + BTreeMap::from([(1, 1)]).len() as u32
    }
}
fn hidden() -> u32 {
    HashMap(1).area()
}
pub fn area() -> u32 {
    hidden();
    let shape: &dyn Area = &HashMap(4);
    shape.area() + super::calls(1)
}
pub mod inner {
    use super::*;
    pub(super) struct Point { x: u32 }
    impl Point {
        fn x(&self) -> u32 {
            self.x + 1
        }
    }
    pub fn deep() -> u32 {
        Point { x: 1 }.x() + HashMap(2).area()
    }
}
`;

const FILES = {
  "Cargo.toml": '[package]\nname = "forms"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
  "src/main.rs": MAIN,
  "src/shapes.rs": SHAPES,
  "src/first.rs": `pub fn line() -> String { format!("first-1 {} {} {}", identity(line!()), column!(), module_path!()) }
use std::convert::identity;
`,
  "src/macros.rs": `macro_rules! twice {
    // Of one line in a patch.
    ($n:expr) => {
        $n * 2
    };
}
#[macro_export]
macro_rules! exported { () => { $crate::macros::base() } }
pub fn base() -> u32 { 10 }
`,
};

/** Edits that are patches. */
const PATCHED: readonly Change[] = [
  ["src/main.rs", "describe-1", "describe-2"],
  ["src/main.rs", 'format!("{}{i}", self.text)', 'format!("{}{i}{n}", self.text.len())'],
  ["src/main.rs", "consume-1", "consume-2"],
  ["src/main.rs", "CALLS.fetch_add(1, Relaxed)", "CALLS.fetch_add(2, Relaxed)"],
  ["src/main.rs", "display-1", "display-2"],
  ["src/main.rs", "if first == '1'", "if first == 'b'"],
  ["src/main.rs", "u32::from(*n) + 1", "u32::from(*n) + 20"],
  ["src/main.rs", "drop-1", "drop-2"],
  ["src/main.rs", "depth.get() + 1)", "depth.get() + 3)"],
  ["src/main.rs", "push(2)", "push(4)"],
  ["src/main.rs", 'format!("{} {} {} {}", module_path!()', '  format!("{}: {} {} {}", module_path!()'],
  ["src/main.rs", "exported!()", "exported!() + twice!(1)"],
  ["src/main.rs", "generic(1u8)", "generic(1i64)"],
  // Statics that macros make have no names of their own.
  ["src/main.rs", 'event!(1, "first")', 'event!(2, "first")'],
  ["src/main.rs", 'all += &event!(1, "third");', 'all += &event!(4, "second"); all += &event!(1, "third");'],
  ["src/main.rs", 'panic!("unwinds-1")', 'panic!("unwinds-2")'],
  ["src/main.rs", "calls(n - 1) + 1", "calls(n - 1) + 2"],
  ["src/main.rs", "    n + 1\n", "    n + 11\n"],
  ["src/main.rs", "*pointer + 1", "*pointer + 2"],
  ["src/main.rs", "calls(5)", "calls(6)"],
  ["src/first.rs", "first-1", "first-2"],
  ["src/shapes.rs", "self.0 * 2", "self.0 * 3"],
  ["src/shapes.rs", "HashMap(4)", "HashMap(5)"],
  ["src/shapes.rs", "self.x + 1", "self.x + 100"],
  ["src/shapes.rs", "HashMap(2).area()", "HashMap(2).area() + shared!(1)"],
];

/** Edits that have no patch, and why. */
const OVERLAID: readonly (readonly [from: string, to: string, why: string])[] = [
  ["shapes::shared!(5) + 1", "shapes::shared!(5) + 2", "a patch crate that does not compile (E0603)"],
];

describe.runIf(HAS_ENGINE)("patch crates", () => {
  let session: Session;

  beforeAll(async () => {
    session = await Session.open("patches", FILES);
    await session.save(
      ["src/main.rs", "fn main() {", "fn main() { "],
      ["src/main.rs", "DEPTH.get() + NAMES", "NAMES.len() as u32 + DEPTH.get() + NAMES"],
    );
    await session.follow();
    expect(session.output()).toBe(session.native());
  });
  afterAll(() => session.remove());

  it.each(PATCHED)("%s: %s → %s", async (file, from, to) => {
    const before = session.statistics;
    const report = await session.save([file, from, to]);
    expect({ lane: report.lane, refused: report.refused }).toEqual({ lane: "body", refused: undefined });
    expect(session.statistics.overlaid).toEqual(before.overlaid);
    expect(session.statistics.patched).toBe(before.patched + 1);
    const patched = session.output();
    expect(await session.follow()).toBeGreaterThan(0);
    expect(patched).toBe(session.output());
  });

  it("may pile up, and be taken back, before the crate lane follows", async () => {
    const before = session.statistics;
    for (const [file, from, to] of PATCHED) {
      expect((await session.save([file, to, from])).lane).toBe("body");
    }
    expect(session.statistics.overlaid).toEqual(before.overlaid);
    expect(session.statistics.patched).toBe(before.patched + PATCHED.length);
    const patched = session.output();
    expect(patched).toBe(session.native());
    await session.follow();
    expect(session.output()).toBe(patched);
    expect(session.statistics.divergences).toBe(0);
  });

  it.each(OVERLAID)("%s → %s goes through an overlay", async (from, to, why) => {
    expect((await session.save(["src/main.rs", from, to])).lane).toBe("body");
    expect(session.statistics.overlaid.map(({ reason }) => reason)).toContain(why);
    expect(session.output()).toBe(session.native());
    await session.follow();
  });

  it("do not take one static of a macro's for another one", async () => {
    await session.save([
      "src/main.rs",
      "nested() + event!",
      'nested() + event!(8, "before").len() as u32 * 3 + event!',
    ]);
    expect(session.output()).toBe(session.native());
    await session.follow();
    await session.save(["src/main.rs", '(8, "before")', '(9, "before it")']);
    expect(session.output()).toBe(session.native());
    await session.follow();
    expect(session.output()).toBe(session.native());
  });

  it("are none for a macro that reads a file", async () => {
    session.project.edit("src/main.rs", "*pointer + 1", '*pointer + include_str!("macros.rs").len().min(1) as u8');
    await session.update();
    expect(session.statistics.overlaid.map(({ reason }) => reason)).toContain("a macro that reads a file");
    expect(session.output()).toBe(session.native());
    await session.follow();
  });

  it("do not make private names public", async () => {
    const before = session.output();
    session.project.edit("src/main.rs", "calls(n - 1)", "shapes::hidden() + calls(n - 1)");
    const report = await session.update();
    expect(report).toMatchObject({ ok: false, stale: true });
    expect(report.diagnostics.map(({ message }) => message)).toContain("function `hidden` is private");
    expect(session.output()).toBe(before);
    session.project.edit("src/main.rs", "shapes::hidden() + calls(n - 1)", "calls(n - 1)");
    expect((await session.update()).ok).toBe(true);
    await session.follow();
  });

  it("leave mistakes in the middle of an edit to the crate lane at once", async () => {
    const before = session.statistics;
    const report = await session.save(["src/main.rs", "calls(n - 1)", "calls(n - 1).len()"]);
    expect(report).toMatchObject({
      ok: false,
      stale: true,
      lane: "crate",
      refused: "the edited function does not compile",
    });
    expect(session.statistics.overlaid).toEqual(before.overlaid);
    expect((await session.save(["src/main.rs", "calls(n - 1).len()", "calls(n - 1)"])).ok).toBe(true);
    await session.follow();
  });

  it("leave the programs as they are when comments change behind them, and take back what was edited", async () => {
    const before = session.statistics;
    await session.save(["src/main.rs", "    n + 1\n", "    n + 7\n"]);
    expect(await session.save(["src/shapes.rs", "use std", "// A comment.\nuse std"])).toMatchObject({
      lane: "body",
      units: [],
    });
    expect(session.statistics.taken).toBe(before.taken + 1);
    expect(session.output()).toBe(session.native());
    // Of all that was edited only the comment is left.
    expect((await session.save(["src/main.rs", "    n + 7\n", "    n + 1\n"])).units).not.toEqual([]);
    expect(session.output()).toBe(session.native());
    // A comment that moves an edited function in front of which it stands makes it another one.
    await session.save(["src/main.rs", "unwinds-1", "unwinds-7"]);
    expect((await session.save(["src/main.rs", "fn unwinds", "// Lines.\n\nfn unwinds"])).units).not.toEqual([]);
    expect(await session.follow()).toBeGreaterThan(0);
    expect(session.output()).toBe(session.native());
  });

  it("are right about backtraces: a method has its own name", async () => {
    session.project.edit("src/main.rs", "std::panic::set_hook(Box::new(|_| ()));", "");
    await session.update();
    await session.follow();
    session.project.edit(
      "src/main.rs",
      "if first == '1'",
      "if first == '1' { eprintln!(\"{}\", std::backtrace::Backtrace::force_capture()) }\n        Some(if first == '1'",
    );
    session.project.edit("src/main.rs", "Some(if first == '1' { eprintln", "if first == '1' { eprintln");
    session.project.edit("src/main.rs", ") }\n        Some", "); }\n        Some");
    const report = await session.update();
    expect({ lane: report.lane, refused: report.refused }).toEqual({ lane: "body", refused: undefined });
    const { stderr } = session.run();
    expect(stderr).toContain("<forms::Holder as core::iter::traits::iterator::Iterator>::next");
    expect(stderr).not.toContain("__cranefly");
  });
});
