/** A workspace with one function or item for each kind of edit; its program prints a line for each. */

const PACKAGE = (name: string, more = ""): string =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2024"\n${more}`;

export const FILES: Readonly<Record<string, string>> = {
  "Cargo.toml": PACKAGE(
    "edits",
    `[dependencies]
first = { path = "first" }
marked = { path = "marked" }
shapes = { path = "shapes" }
[workspace]
members = ["extra", "first", "marked", "marks", "shapes"]
default-members = ["."]
`,
  ),
  "build.rs": `fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build.txt");
    println!("cargo::rustc-env=SCRIPT=1");
    println!("cargo::rustc-env=READ={}", std::fs::read_to_string("build.txt").unwrap().trim());
}
`,
  "build.txt": "1\n",
  "src/included.txt": "1",
  "src/quoted.rs": "// Read as data, too.\npub fn quoted() -> u32 { 1 }\n",
  "src/main.rs": `mod quoted;

use std::fmt::{Debug, Display};
use std::hint::black_box;

// Newer than the parser's grammar.
unsafe extern "C" { safe fn labs(n: i64) -> i64; }

fn literal() -> u32 { black_box(1) }
fn statement() -> u32 { let n = black_box(1); n }
fn call() -> u32 { black_box(1) }
fn called_by_others(n: u32) -> u32 { n + 1 }
fn late_call() -> u32 { black_box(1) }
#[allow(dead_code)]
fn called_by_nobody(n: u32) -> u32 { n + 2 }
fn closure() -> u32 { (1..3).sum() }
fn instance() -> String { debugged(1u8) }
fn debugged<T: Debug>(value: T) -> String { format!("{value:?}") }
fn std_instance() -> usize { Vec::<u8>::new().len() }
fn local_use() -> usize { black_box(1) }
fn nesting() -> u32 { fn nested() -> u32 { black_box(1) } nested() }
fn new_nested() -> u32 { black_box(1) }
fn macro_call() -> String { format!("{}", black_box(1)) }
macro_rules! twice { ($n:expr) => { $n * 2 }; }
fn own_macro_call() -> u32 { twice!(black_box(1)) }

struct Counter { start: u32 }
impl Counter { fn method(&self) -> u32 { self.start + black_box(1) } }
impl Display for Counter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{}", self.start + black_box(1)) }
}
impl Drop for Counter { fn drop(&mut self) { show("dropped", black_box(1)); } }
trait Sided {
    fn sides(&self) -> u32 { black_box(1) }
}
impl Sided for Counter {}

#[cfg(test)]
mod tests {
    use super::*;
    fn expected() -> u32 { 3 }
    #[test]
    fn helped() { assert_eq!(called_by_others(2), expected()); }
    #[test]
    fn alone() { assert_eq!(called_by_others(1), 2); }
}

async fn later() -> u32 { black_box(1) }
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => unreachable!(),
    }
}
const fn constant_function() -> u32 { 1 }
fn generic<T: Display>(value: T) -> String { format!("{value}{}", black_box(1)) }
struct Many<T>(Vec<T>);
impl<T> Many<T> {
    // More of them.
    fn count(&self) -> usize { self.0.len() }
}
fn called_with(f: impl Fn(u32) -> u32) -> u32 { f(1) }
fn calls_with_closure() -> u32 { let one = black_box(1); called_with(|n| n + one) }
#[inline]
fn own_inline() -> u32 { black_box(1) }
fn hidden() -> impl Display { black_box(1) }
fn signature() -> u32 { u32::from(black_box(1u8)) }
struct Fields { one: u32 }
macro_rules! defined { () => { 1 }; }
const CONSTANT: u32 = 1;
static STATIC: u32 = 1;
fn inlined() -> u32 { black_box(1) }

fn calls_signature() -> String { signature().to_string() }
fn constant() -> u32 { CONSTANT }
fn calls_inlined() -> u32 { inlined() }
fn quoted_source() -> &'static str { include_str!("quoted.rs").lines().next().unwrap_or_default() }
fn included() -> &'static str { include_str!("included.txt") }

fn show(name: &str, value: impl Display) { println!("{name} {value}"); }

fn main() {
    show("extern", labs(-1));
    show("literal", literal());
    show("statement", statement());
    show("call", call());
    show("called", called_by_others(0));
    show("late call", late_call());
    show("closure", closure());
    show("instance", instance());
    show("std instance", std_instance());
    show("local use", local_use());
    show("nested", nesting());
    show("new nested", new_nested());
    show("macro", macro_call());
    show("own macro", own_macro_call());
    let counter = Counter { start: 0 };
    show("method", counter.method());
    show("trait method", &counter);
    show("default method", counter.sides());
    drop(counter);
    show("library", shapes::plain());
    show("library generic", shapes::generic(1u8));
    show("library inline", shapes::inlined());
    show("library default method", shapes::Named::name(&1u8));
    show("first", first::first());
    show("async", now(later()));
    show("const fn", constant_function());
    show("generic", generic(1));
    show("generic method", Many(vec![1]).count());
    show("generic closure", calls_with_closure());
    show("inner generic", shapes::calls_inner());
    show("inline", own_inline());
    show("impl Trait", hidden());
    show("attribute macro", marked::attributed());
    show("signature", calls_signature());
    show("fields", Fields { one: 1 }.one);
    show("macro_rules", defined!());
    show("const", constant());
    show("static", STATIC);
    show("attribute", calls_inlined());
    show("quoted", quoted::quoted());
    show("quoted source", quoted_source());
    show("included", included());
    show("script", env!("SCRIPT"));
    show("script input", env!("READ"));
    show("proc macro", marked::number());
    show("line", line!());
}
`,
  "shapes/Cargo.toml": PACKAGE("shapes"),
  "shapes/src/lib.rs": `use std::fmt::Display;
use std::hint::black_box;

pub fn prime() -> u32 { 1 }
pub fn plain() -> u32 { black_box(1) }
pub fn generic<T: Display>(value: T) -> String { format!("{value}{}", black_box(1)) }
fn inner<T: Display>(value: T) -> String { format!("{value}-{}", black_box(1)) }
pub fn calls_inner() -> String { inner(1u8) }
#[inline]
pub fn inlined() -> u32 { black_box(1) }
pub trait Named {
    fn name(&self) -> u32 { black_box(1) }
}
impl Named for u8 {}
`,
  "first/Cargo.toml": PACKAGE("first"),
  "first/src/lib.rs": "pub fn first() -> u32 { std::hint::black_box(1) }\n",
  "extra/Cargo.toml": PACKAGE("extra"),
  "extra/src/lib.rs": "pub fn extra() -> u32 { 2 }\n",
  "marked/Cargo.toml": PACKAGE("marked", '[dependencies]\nmarks = { path = "../marks" }\n'),
  "marked/src/lib.rs": `use std::hint::black_box;

#[marks::marked]
pub fn attributed() -> u32 { black_box(1) }
pub fn number() -> u32 { marks::number!() }
`,
  "marks/Cargo.toml": PACKAGE("marks", "[lib]\nproc-macro = true\n"),
  "marks/src/lib.rs": `use proc_macro::TokenStream;

/// Stands for \`#[tokio::main]\` and the like: a macro that may do anything to the function.
#[proc_macro_attribute]
pub fn marked(_: TokenStream, item: TokenStream) -> TokenStream {
    item
}

#[proc_macro]
pub fn number(_: TokenStream) -> TokenStream {
    "1".parse().unwrap()
}
`,
};

/** What the program prints before the first edit, line by line; behind these comes the number of the line itself. */
export const OUTPUT: ReadonlyMap<string, string> = new Map([
  ["extern", "1"],
  ["literal", "1"],
  ["statement", "1"],
  ["call", "1"],
  ["called", "1"],
  ["late call", "1"],
  ["closure", "3"],
  ["instance", "1"],
  ["std instance", "0"],
  ["local use", "1"],
  ["nested", "1"],
  ["new nested", "1"],
  ["macro", "1"],
  ["own macro", "2"],
  ["method", "1"],
  ["trait method", "1"],
  ["default method", "1"],
  ["dropped", "1"],
  ["library", "1"],
  ["library generic", "11"],
  ["library inline", "1"],
  ["library default method", "1"],
  ["first", "1"],
  ["async", "1"],
  ["const fn", "1"],
  ["generic", "11"],
  ["generic method", "1"],
  ["generic closure", "2"],
  ["inner generic", "1-1"],
  ["inline", "1"],
  ["impl Trait", "1"],
  ["attribute macro", "1"],
  ["signature", "1"],
  ["fields", "1"],
  ["macro_rules", "1"],
  ["const", "1"],
  ["static", "1"],
  ["attribute", "1"],
  ["quoted", "1"],
  ["quoted source", "// Read as data, too."],
  ["included", "1"],
  ["script", "1"],
  ["script input", "1"],
  ["proc macro", "1"],
]);
