/** The edits that docs/supported-edits.md speaks of, in the same order. */
import type { Lane } from "../../../shared/src/report.js";

/** In `file`, `from` is there exactly once and becomes `to`. */
export type Change = readonly [file: string, from: string, to: string];

export interface SupportedEdit {
  /** As the document calls it. */
  readonly edit: string;
  readonly lane: Lane;
  /** Why the body lane left it to the crate lane, as the dashboard counts it. */
  readonly refused?: string;
  /** One save of these files. What is not there yet has an empty `from`. */
  readonly changes: readonly Change[];
  /** Lines that the program prints otherwise from now on; or, of a test build, the tests that fail now. */
  readonly shows: Readonly<Record<string, string>> | readonly string[];
  /** There is no function to compile. */
  readonly isNothing?: boolean;
}

const main = (from: string, to: string): Change => ["src/main.rs", from, to];
const shapes = (from: string, to: string): Change => ["shapes/src/lib.rs", from, to];

/** A body whose `black_box(1)` becomes something else. */
const body = (header: string, to: string, from = "black_box(1)"): Change =>
  main(`${header} { ${from}`, `${header} { ${to}`);

export const PROGRAM_EDITS: readonly SupportedEdit[] = [
  { edit: "a literal", lane: "body", changes: [body("fn literal() -> u32", "black_box(2)")], shows: { literal: "2" } },
  {
    edit: "a statement",
    lane: "body",
    changes: [main("let n = black_box(1); n }", "let n = black_box(1); let n = n + 1; n }")],
    shows: { statement: "2" },
  },
  {
    edit: "a call",
    lane: "body",
    changes: [body("fn call() -> u32", "called_by_others(1)")],
    shows: { call: "2" },
  },
  {
    edit: "a call of a function that nothing has called before",
    lane: "body",
    changes: [body("fn late_call() -> u32", "called_by_nobody(0)")],
    shows: { "late call": "2" },
  },
  {
    edit: "a closure",
    lane: "body",
    changes: [main("(1..3).sum()", "(1..3).map(|n| n * black_box(2)).sum()")],
    shows: { closure: "6" },
  },
  {
    edit: "a new instance of the crate's own generic function",
    lane: "body",
    changes: [main("debugged(1u8)", "debugged([1u16, 2])")],
    shows: { instance: "[1, 2]" },
  },
  {
    edit: "a new instance of a generic function of std or of a dependency",
    lane: "body",
    changes: [main("Vec::<u8>::new().len()", "std::collections::VecDeque::from([[1u16; 3]]).len()")],
    shows: { "std instance": "1" },
  },
  {
    edit: "`use` in a body",
    lane: "body",
    changes: [
      main(
        "fn local_use() -> usize { black_box(1)",
        "fn local_use() -> usize { use std::collections::BTreeSet; BTreeSet::from([1, 2]).len()",
      ),
    ],
    shows: { "local use": "2" },
  },
  {
    edit: "the body of a nested function",
    lane: "body",
    changes: [body("fn nested() -> u32", "black_box(2)")],
    shows: { nested: "2" },
  },
  {
    edit: "the arguments of a macro call",
    lane: "body",
    changes: [main('format!("{}", black_box(1))', 'format!("{}!", black_box(2))')],
    shows: { macro: "2!" },
  },
  {
    edit: "the arguments of a call of the crate's own macro",
    lane: "body",
    changes: [main("twice!(black_box(1))", "twice!(black_box(2))")],
    shows: { "own macro": "4" },
  },
  {
    edit: "a method",
    lane: "body",
    changes: [main("self.start + black_box(1) } }", "self.start + black_box(2) } }")],
    shows: { method: "2" },
  },
  {
    edit: "a method in the `impl` of a trait",
    lane: "body",
    changes: [main('"{}", self.start + black_box(1)', '"{}", self.start + black_box(2)')],
    shows: { "trait method": "2" },
  },
  {
    edit: "a destructor",
    lane: "body",
    changes: [main('show("dropped", black_box(1))', 'show("dropped", black_box(2))')],
    shows: { dropped: "2" },
  },
  {
    edit: "a function of a library",
    lane: "body",
    changes: [shapes("plain() -> u32 { black_box(1)", "plain() -> u32 { black_box(2)")],
    shows: { library: "2" },
  },
  {
    edit: "anything under `#[cfg(test)]`, in a build without tests",
    lane: "body",
    changes: [main("    fn expected()", "    #[test]\n    fn another() {}\n    fn expected()")],
    shows: {},
    isNothing: true,
  },
  {
    edit: "a comment, white space",
    lane: "body",
    changes: [
      main("fn called_by_nobody(n: u32) -> u32 { n + 2 }", "fn called_by_nobody(n: u32) -> u32 { /* two */  n + 2 }"),
    ],
    shows: {},
    isNothing: true,
  },
  {
    edit: "lines above a function",
    lane: "body",
    changes: [main("fn show(", "// A comment.\n\nfn show(")],
    shows: {},
    isNothing: true,
  },
  {
    edit: "the first edit ever of a library that an open program uses",
    lane: "body",
    changes: [["first/src/lib.rs", "black_box(1)", "black_box(2)"]],
    shows: { first: "2" },
  },
  {
    edit: "an `async fn` whose future stays as it is",
    lane: "body",
    changes: [body("async fn later() -> u32", "black_box(2)")],
    shows: { async: "2" },
  },
  {
    edit: "an `async fn` that keeps more while it waits, or waits more often",
    lane: "crate",
    refused: "the future of an async fn has another layout",
    changes: [body("async fn later() -> u32", "std::future::ready(3).await", "black_box(2)")],
    shows: { async: "3" },
  },
  {
    edit: "a `const fn`",
    lane: "crate",
    refused: "a const fn may run at compile time",
    changes: [main("const fn constant_function() -> u32 { 1 }", "const fn constant_function() -> u32 { 2 }")],
    shows: { "const fn": "2" },
  },
  {
    edit: "a function that returns `impl Trait`",
    lane: "crate",
    refused: "the body decides the type behind impl Trait",
    changes: [body("fn hidden() -> impl Display", "black_box(2u8)")],
    shows: { "impl Trait": "2" },
  },
  {
    edit: "a generic function",
    lane: "body",
    changes: [main('format!("{value}{}", black_box(1))', 'format!("{value}{}", black_box(2))')],
    shows: { generic: "12" },
  },
  {
    edit: "a trait's default method",
    lane: "body",
    changes: [body("fn sides(&self) -> u32", "black_box(2)")],
    shows: { "default method": "2" },
  },
  {
    edit: "a method of a generic type",
    lane: "body",
    changes: [main("-> usize { self.0.len()", "-> usize { 1 + self.0.len()")],
    shows: { "generic method": "2" },
  },
  {
    edit: "a generic function that is called with closures",
    lane: "body",
    changes: [body("fn called_with(f: impl Fn(u32) -> u32) -> u32", "f(2)", "f(1)")],
    shows: { "generic closure": "3" },
  },
  {
    edit: "a generic function of a library, which only the library calls",
    lane: "body",
    changes: [shapes('format!("{value}-{}", black_box(1))', 'format!("{value}-{}", black_box(2))')],
    shows: { "inner generic": "1-2" },
  },
  {
    edit: "a generic function of a library, which others call",
    lane: "body",
    changes: [shapes('format!("{value}{}", black_box(1))', 'format!("{value}{}", black_box(2))')],
    shows: { "library generic": "12" },
  },
  {
    edit: "an `#[inline]` function of a library",
    lane: "body",
    changes: [shapes("inlined() -> u32 { black_box(1)", "inlined() -> u32 { black_box(2)")],
    shows: { "library inline": "2" },
  },
  {
    edit: "an `#[inline]` or generic function of a library, and one of a crate that uses the library",
    lane: "body",
    changes: [
      shapes("inlined() -> u32 { black_box(2)", "inlined() -> u32 { black_box(3)"),
      body("fn own_inline() -> u32", "black_box(2)"),
    ],
    shows: { "library inline": "3", inline: "2" },
  },
  {
    edit: "an `#[inline]` function of a program",
    lane: "body",
    changes: [body("fn own_inline() -> u32", "black_box(3)", "black_box(2)")],
    shows: { inline: "3" },
  },
  {
    edit: "a default method of a library's trait",
    lane: "crate",
    refused: "an edited generic function has instances in other crates",
    changes: [shapes("name(&self) -> u32 { black_box(1)", "name(&self) -> u32 { black_box(2)")],
    shows: { "library default method": "2" },
  },
  {
    edit: "a default method of a library's trait, and a function of a crate that uses the library",
    lane: "crate",
    refused: "a generic or inline function of a library, and one of a crate that uses it",
    changes: [
      shapes("name(&self) -> u32 { black_box(2)", "name(&self) -> u32 { black_box(3)"),
      body("fn own_inline() -> u32", "black_box(4)", "black_box(3)"),
    ],
    shows: { "library default method": "3", inline: "4" },
  },
  {
    edit: "a function under an attribute macro that is not known",
    lane: "crate",
    refused: "the attribute #[marks::marked] may be a macro",
    changes: [["marked/src/lib.rs", "attributed() -> u32 { black_box(1)", "attributed() -> u32 { black_box(2)"]],
    shows: { "attribute macro": "2" },
  },
  {
    edit: "a new function, constant or static in a body",
    lane: "body",
    changes: [body("fn new_nested() -> u32", "fn nested() -> u32 { 2 } nested()")],
    shows: { "new nested": "2" },
  },
  {
    edit: "a new type, trait or impl in a body",
    lane: "body",
    changes: [
      body(
        "fn new_nested() -> u32",
        "struct Three(u32); impl Three { fn get(self) -> u32 { self.0 } } Three(3).get()",
        "fn nested() -> u32 { 2 } nested()",
      ),
    ],
    shows: { "new nested": "3" },
  },
  {
    edit: "a new impl in a body, for a type that others have",
    lane: "crate",
    refused: "an item in the body of …",
    changes: [
      body(
        "fn new_nested() -> u32",
        "struct Four(u32); impl From<Four> for u32 { fn from(four: Four) -> u32 { four.0 } } Four(4).into()",
        "struct Three(u32); impl Three { fn get(self) -> u32 { self.0 } } Three(3).get()",
      ),
    ],
    shows: { "new nested": "4" },
  },
  {
    edit: "a new function, and a call of it",
    lane: "body",
    changes: [
      main("async fn later", "fn added() -> u32 { black_box(7) }\nasync fn later"),
      body("fn call() -> u32", "added()", "called_by_others(1)"),
    ],
    shows: { call: "7" },
  },
  {
    edit: "a new function that nothing calls",
    lane: "body",
    changes: [main("async fn later", "#[allow(dead_code)]\nfn uncalled() {}\nasync fn later")],
    shows: {},
    isNothing: true,
  },
  {
    edit: "a new generic function, `const fn`, or function that returns `impl Trait`",
    lane: "body",
    changes: [
      main(
        "async fn later",
        "fn among(values: &[u32]) -> impl Iterator<Item = &u32> { values.iter() }\nconst fn sum_of<const N: usize>() -> usize { N }\nasync fn later",
      ),
      main("let n = black_box(1); let n", "let n = among(&[3]).sum::<u32>() + sum_of::<4>() as u32; let n"),
    ],
    shows: { statement: "8" },
  },
  {
    edit: "a new method, associated function or associated constant",
    lane: "body",
    changes: [
      main(
        "impl Counter { fn method(&self) -> u32 {",
        "impl Counter {\n    const STEP: u32 = 5;\n    fn stepped(&self) -> u32 { self.start + Self::STEP }\n    fn method(&self) -> u32 { self.stepped() +",
      ),
    ],
    shows: { method: "7" },
  },
  {
    edit: "a new constant or type alias",
    lane: "body",
    changes: [
      main("async fn later", "type Number = u32;\nconst NEW: Number = 20;\nasync fn later"),
      body("fn literal() -> u32", "NEW", "black_box(2)"),
    ],
    shows: { literal: "20" },
  },
  {
    edit: "a function that is gone, and nobody mentions it",
    lane: "body",
    changes: [
      main("fn added() -> u32 { black_box(7) }\n", ""),
      body("fn call() -> u32", "called_by_others(1)", "added()"),
    ],
    shows: { call: "2" },
  },
  {
    edit: "a function at another place of its module",
    lane: "body",
    changes: [
      main("#[allow(dead_code)]\nfn uncalled() {}\n", ""),
      main("#[inline]\nfn own_inline", "#[allow(dead_code)]\nfn uncalled() {}\n#[inline]\nfn own_inline"),
    ],
    shows: {},
    isNothing: true,
  },
  {
    edit: "an import of a type, a function or a module",
    lane: "body",
    changes: [
      main("use std::hint::black_box;", "use std::collections::BTreeSet;\nuse std::hint::black_box;"),
      body(
        "fn local_use() -> usize",
        "BTreeSet::from([1, 2, 3]).len()",
        "use std::collections::BTreeSet; BTreeSet::from([1, 2]).len()",
      ),
    ],
    shows: { "local use": "3" },
  },
  {
    edit: "an import of a trait, in a module with generic functions",
    lane: "crate",
    refused: "… may be a trait, and there are functions that a patch crate cannot hold",
    changes: [
      main("use std::hint::black_box;", "#[allow(unused_imports)]\nuse std::io::Write;\nuse std::hint::black_box;"),
    ],
    shows: {},
  },
  {
    edit: "a signature",
    lane: "body",
    changes: [
      main(
        "fn signature() -> u32 { u32::from(black_box(1u8)) }",
        "fn signature() -> u64 { u64::from(black_box(2u8)) }",
      ),
    ],
    shows: { signature: "2" },
  },
  {
    edit: "a method's signature",
    lane: "body",
    changes: [
      main("fn stepped(&self) -> u32 { self.start", "fn stepped(&self, by: u32) -> u32 { by + self.start"),
      main("self.stepped()", "self.stepped(1)"),
    ],
    shows: { method: "8" },
  },
  {
    edit: "a new method of a generic type",
    lane: "body",
    changes: [
      main("// More of them.", "fn first(&self) -> Option<&T> { self.0.first() }"),
      main("{ 1 + self.0.len()", "{ self.first().into_iter().count() + 1 + self.0.len()"),
    ],
    shows: { "generic method": "3" },
  },
  {
    edit: "a generic function's signature",
    lane: "body",
    changes: [
      main(
        'fn debugged<T: Debug>(value: T) -> String { format!("{value:?}',
        'fn debugged<T>(value: T) -> String where T: Debug { format!("{value:?}!',
      ),
    ],
    shows: { instance: "[1, 2]!" },
  },
  {
    edit: "a new function of a name that a variable has",
    lane: "body",
    isNothing: true,
    changes: [main("fn uncalled() {}", "fn context() {}")],
    shows: {},
  },
  {
    edit: "a new function of a name of the prelude",
    lane: "crate",
    refused: "… would hide a name that macros may mean",
    changes: [main("async fn later", "#[allow(dead_code)]\nfn align_of() {}\nasync fn later")],
    shows: {},
  },
  {
    edit: "a field of a struct",
    lane: "body",
    changes: [main("struct Fields { one: u32 }", "struct Fields { one: u64 }")],
    shows: {},
  },
  {
    edit: "an `impl` of a trait",
    lane: "body",
    changes: [main("impl Sided for Counter {}", "impl Sided for Counter { fn sides(&self) -> u32 { 3 } }")],
    shows: { "default method": "3" },
  },
  {
    edit: "a `macro_rules!` definition",
    lane: "crate",
    refused: "the macro …",
    changes: [main("macro_rules! defined { () => { 1 }; }", "macro_rules! defined { () => { 2 }; }")],
    shows: { macro_rules: "2" },
  },
  {
    edit: "a `const`",
    lane: "body",
    changes: [main("const CONSTANT: u32 = 1", "const CONSTANT: u32 = 2")],
    shows: { const: "2" },
  },
  {
    edit: "a `static`",
    lane: "body",
    changes: [main("static STATIC: u32 = 1", "static STATIC: u32 = 2")],
    shows: { static: "2" },
  },
  {
    edit: "an attribute of a function",
    lane: "body",
    changes: [main("fn signature()", "#[inline(always)] fn signature()")],
    shows: {},
  },
  {
    edit: "a new module with its file",
    lane: "body",
    changes: [
      ["src/added.rs", "", "pub fn added() -> u32 { 2 }\n"],
      main("mod quoted;", "mod added; mod quoted;"),
      main("own_macro_call() -> u32 { twice!(black_box(2))", "own_macro_call() -> u32 { added::added()"),
    ],
    shows: { "own macro": "2" },
  },
  {
    edit: "a file that `include_str!` reads",
    lane: "crate",
    refused: "a file that is no source",
    changes: [["src/included.txt", "1", "2"]],
    shows: { included: "2" },
  },
  {
    edit: "anything in a source that is read as data, too",
    lane: "crate",
    refused: "… may be read by an include macro",
    changes: [["src/quoted.rs", "// Read as data, too.", "// And shown."]],
    shows: { "quoted source": "// And shown." },
  },
  {
    edit: "a file that a build script reads",
    lane: "cargo",
    changes: [["build.txt", "1", "2"]],
    shows: { "script input": "2" },
  },
  {
    edit: "a build script",
    lane: "cargo",
    changes: [["build.rs", "SCRIPT=1", "SCRIPT=2"]],
    shows: { script: "2" },
  },
  {
    edit: "a procedural macro",
    lane: "cargo",
    changes: [["marks/src/lib.rs", '"1".parse()', '"2".parse()']],
    shows: { "proc macro": "2" },
  },
  {
    edit: "a dependency in `Cargo.toml`",
    lane: "cargo",
    changes: [
      ["Cargo.toml", "[dependencies]", '[dependencies]\nextra = { path = "extra" }'],
      main("fn literal() -> u32 { NEW", "fn literal() -> u32 { extra::extra() + 1"),
    ],
    shows: { literal: "3" },
  },
];

export const TEST_EDITS: readonly SupportedEdit[] = [
  {
    edit: "a test, in a build with tests",
    lane: "body",
    changes: [main("assert_eq!(called_by_others(1), 2)", "assert_eq!(called_by_others(1), 3)")],
    shows: ["tests::alone"],
  },
  {
    edit: "a function under `#[cfg(test)]`, in a build with tests",
    lane: "body",
    changes: [main("fn expected() -> u32 { 3 }", "fn expected() -> u32 { 4 }")],
    shows: ["tests::alone", "tests::helped"],
  },
  {
    edit: "a test that is new, gone, or another one by its name or attributes",
    lane: "body",
    changes: [
      main(
        "#[test]\n    fn alone()",
        "#[test]\n    fn all_alone() { panic!() }\n    #[test]\n    #[ignore]\n    fn alone()",
      ),
    ],
    shows: ["tests::all_alone", "tests::helped"],
  },
];
