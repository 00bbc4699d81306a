/** Patch crates with the real rustc and engine: which functions have one, that they run right, and that the crate lane agrees. */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorkspace } from "../../bench/workspace.js";
import type { BodyLaneStatistics } from "../../shared/src/report.js";
import type { Workspace } from "../../server/src/core/workspace.js";
import { HAS_ENGINE, Project } from "./project.js";

const MAIN = `#![allow(dead_code)]
#[macro_use]
mod macros;
mod shapes;

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU32, Ordering::*};

static RUNS: AtomicU32 = AtomicU32::new(40);
static NAMES: [&str; 2] = ["a", "b"];
thread_local! { static DEPTH: Cell<u32> = const { Cell::new(7) }; }

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
    RUNS.fetch_add(1, Relaxed) + DEPTH.get() + NAMES.len() as u32
}

fn counted() -> u32 {
    static CALLS: AtomicU32 = AtomicU32::new(100);
    CALLS.fetch_add(1, Relaxed)
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
    println!("{} {} {} {}", macros_used(), macro_by_path(), instances(), unwinds());
    println!("{} {} {}", calls(5), callback(1), unsafe { raw(&7) });
    println!("{} {}", shapes::area(), shapes::inner::deep());
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

/** Edits that are patches: file, what is replaced, and by what. */
const PATCHED: readonly (readonly [file: string, from: string, to: string])[] = [
  ["src/main.rs", "describe-1", "describe-2"],
  ["src/main.rs", 'format!("{}{i}", self.text)', 'format!("{}{i}{n}", self.text.len())'],
  ["src/main.rs", "consume-1", "consume-2"],
  ["src/main.rs", "display-1", "display-2"],
  ["src/main.rs", "if first == '1'", "if first == 'b'"],
  ["src/main.rs", "u32::from(*n) + 1", "u32::from(*n) + 20"],
  ["src/main.rs", "drop-1", "drop-2"],
  ["src/main.rs", "depth.get() + 1)", "depth.get() + 3)"],
  ["src/main.rs", 'format!("{} {} {} {}", module_path!()', '  format!("{}: {} {} {}", module_path!()'],
  ["src/main.rs", "exported!()", "exported!() + twice!(1)"],
  ["src/main.rs", "generic(1u8)", "generic(1i64)"],
  ["src/main.rs", 'panic!("unwinds-1")', 'panic!("unwinds-2")'],
  ["src/main.rs", "calls(n - 1) + 1", "calls(n - 1) + 2"],
  ["src/main.rs", "    n + 1\n", "    n + 11\n"],
  ["src/main.rs", "*pointer + 1", "*pointer + 2"],
  ["src/main.rs", "calls(5)", "calls(6)"],
  ["src/shapes.rs", "self.0 * 2", "self.0 * 3"],
  ["src/shapes.rs", "HashMap(4)", "HashMap(5)"],
  ["src/shapes.rs", "self.x + 1", "self.x + 100"],
  ["src/shapes.rs", "HashMap(2).area()", "HashMap(2).area() + shared!(1)"],
];

/** Edits that have no patch, and why. */
const OVERLAID: readonly (readonly [from: string, to: string, why: string])[] = [
  ["CALLS.fetch_add(1, Relaxed)", "CALLS.fetch_add(2, Relaxed)", "items in the body"],
  ["shapes::shared!(5) + 1", "shapes::shared!(5) + 2", "macro `shared` is private"],
];

const signal = new AbortController().signal;

describe.runIf(HAS_ENGINE)("patch crates", () => {
  let project: Project;
  let workspace: Workspace;
  let executable = "";
  const statistics = (): BodyLaneStatistics => {
    const { bodyLane } = workspace;
    if (bodyLane === undefined) throw new Error("no body lane");
    return bodyLane;
  };
  const output = (): string => {
    const { stdout, stderr, status } = spawnSync(executable, { cwd: project.dir, encoding: "utf8" });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    return stdout;
  };
  const native = (): string => {
    const { stdout, stderr } = project.cargo(["run", "--quiet"]);
    expect(stdout, stderr).not.toBe("");
    return stdout;
  };

  beforeAll(async () => {
    project = new Project("patches", FILES);
    workspace = openWorkspace({ folder: project.dir, targets: [], env: project.env, hasBodyLane: true });
    await workspace.update(performance.now());
    project.edit("src/main.rs", "fn main() {", "fn main() { ");
    project.edit("src/main.rs", "DEPTH.get() + NAMES", "NAMES.len() as u32 + DEPTH.get() + NAMES");
    executable = (await workspace.update(performance.now())).report.programs[0]?.executable ?? "";
    await workspace.follow(signal);
    expect(output()).toBe(native());
  });
  afterAll(() => {
    workspace.close();
    project.remove();
  });

  it.each(PATCHED)("%s: %s → %s", async (file, from, to) => {
    const before = statistics();
    project.edit(file, from, to);
    const { report } = await workspace.update(performance.now());
    expect(report.lane).toBe("body");
    expect(statistics().overlaid).toEqual(before.overlaid);
    expect(statistics().patched).toBe(before.patched + 1);
    const patched = output();
    const followed = await workspace.follow(signal);
    const verified = followed?.report.programs.flatMap((program) => program.verified ?? []) ?? [];
    expect(verified).toMatchObject([{ diverged: [] }]);
    expect(verified[0]?.equal).toBeGreaterThan(0);
    expect(patched).toBe(output());
  });

  it("may pile up, and be taken back, before the crate lane follows", async () => {
    const before = statistics();
    for (const [file, from, to] of PATCHED) {
      project.edit(file, to, from);
      expect((await workspace.update(performance.now())).report.lane).toBe("body");
    }
    expect(statistics().overlaid).toEqual(before.overlaid);
    expect(statistics().patched).toBe(before.patched + PATCHED.length);
    const patched = output();
    expect(patched).toBe(native());
    await workspace.follow(signal);
    expect(output()).toBe(patched);
    expect(statistics().divergences).toBe(0);
  });

  it.each(OVERLAID)("%s → %s goes through an overlay", async (from, to, why) => {
    project.edit("src/main.rs", from, to);
    expect((await workspace.update(performance.now())).report.lane).toBe("body");
    expect(statistics().overlaid.map(({ reason }) => reason)).toContain(why);
    expect(output()).toBe(native());
    await workspace.follow(signal);
  });

  it("are none for a macro that reads a file", async () => {
    project.edit("src/main.rs", "*pointer + 1", '*pointer + include_str!("macros.rs").len().min(1) as u8');
    await workspace.update(performance.now());
    expect(statistics().overlaid.map(({ reason }) => reason)).toContain("a macro that reads a file");
    expect(output()).toBe(native());
    await workspace.follow(signal);
  });

  it("do not make private names public", async () => {
    const before = output();
    project.edit("src/main.rs", "calls(n - 1)", "shapes::hidden() + calls(n - 1)");
    const { report } = await workspace.update(performance.now());
    expect(report).toMatchObject({ ok: false, stale: true });
    expect(report.diagnostics.map(({ message }) => message)).toContain("function `hidden` is private");
    expect(output()).toBe(before);
    project.edit("src/main.rs", "shapes::hidden() + calls(n - 1)", "calls(n - 1)");
    expect((await workspace.update(performance.now())).report.ok).toBe(true);
    await workspace.follow(signal);
  });

  it("are right about backtraces: a method has its own name", async () => {
    project.edit("src/main.rs", "std::panic::set_hook(Box::new(|_| ()));", "");
    await workspace.update(performance.now());
    await workspace.follow(signal);
    project.edit(
      "src/main.rs",
      "if first == '1'",
      "if first == '1' { eprintln!(\"{}\", std::backtrace::Backtrace::force_capture()) }\n        Some(if first == '1'",
    );
    project.edit("src/main.rs", "Some(if first == '1' { eprintln", "if first == '1' { eprintln");
    project.edit("src/main.rs", ") }\n        Some", "); }\n        Some");
    const { report } = await workspace.update(performance.now());
    expect(report.lane).toBe("body");
    const { stderr } = spawnSync(executable, { cwd: project.dir, encoding: "utf8" });
    expect(stderr).toContain("<forms::Holder as core::iter::traits::iterator::Iterator>::next");
    expect(stderr).not.toContain("__cranefly");
  });
});
