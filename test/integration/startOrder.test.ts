/** Constructors and destructors of all crates and C libraries run in the order in which the linker puts them, as in cargo's build. */
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project, manifest } from "./project.js";

/** Functions in the arrays of a crate; `prefix` is what they say. */
const starts = (prefix: string): string => `
pub mod order {
    fn say(text: &str) { unsafe extern "C" { fn write(file: i32, text: *const u8, size: usize) -> isize; } unsafe { write(1, text.as_ptr(), text.len()); } }
    macro_rules! entry { ($name:ident, $section:literal, $text:literal) => {
        #[used] #[unsafe(link_section = $section)] static $name: extern "C" fn() = { extern "C" fn run() { say(concat!($text, "\\n")); } run };
    } }
    entry!(PLAIN, ".init_array", "${prefix} start");
    entry!(EARLY, ".init_array.00099", "${prefix} start 99");
    entry!(LATE, ".init_array.65000", "${prefix} start 65000");
    #[used] #[unsafe(link_section = ".init_array")] static AT_EXIT: extern "C" fn() = {
        extern "C" fn noted() { say("${prefix} at exit\\n"); }
        extern "C" fn note() { unsafe extern "C" { fn atexit(function: extern "C" fn()) -> i32; } unsafe { atexit(noted); } }
        note
    };
    entry!(END, ".fini_array", "${prefix} end");
    entry!(END_EARLY, ".fini_array.00099", "${prefix} end 99");
    // MORE
}
`;

const C = (prefix: string): string => `
#include <unistd.h>
#include <string.h>
static void say(const char *text) { if (write(1, text, strlen(text)) < 0) return; }
__attribute__((constructor)) static void plain(void) { say("${prefix} C start\\n"); }
__attribute__((constructor(200))) static void early(void) { say("${prefix} C start 200\\n"); }
__attribute__((destructor)) static void end(void) { say("${prefix} C end\\n"); }
int ${prefix}_answer(void) { return 1; }
`;

/** `kind`: as cargo takes it. */
const BUILD = (prefix: string, kind = "static"): string => `
use std::{env, process::Command};
fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let run = |program: &str, args: &[&str]| assert!(Command::new(program).args(args).status().unwrap().success());
    let (object, library) = (format!("{out}/own.o"), format!("{out}/lib${prefix}_c.a"));
    run("cc", &["-c", "-fPIC", "-o", &object, "own.c"]);
    let _ = std::fs::remove_file(&library);
    run("ar", &["crs", &library, &object]);
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rustc-link-lib=${kind}=${prefix}_c");
    println!("cargo::rerun-if-changed=own.c");
}
`;

const answer = (prefix: string): string =>
  `unsafe extern "C" { safe fn ${prefix}_answer() -> i32; }\npub fn answer() -> i32 { ${prefix}_answer() }\n`;

const FILES = {
  "Cargo.toml": manifest(
    "order",
    '[workspace]\nmembers = ["near", "far", "apart"]\n[dependencies]\nouter = { version = "1", registry = "own" }\nnear = { path = "near" }\nfar = { path = "far" }\napart = { path = "apart" }\n',
  ),
  "src/main.rs": `${starts("program")}
extern "C" fn at_exit() { println!("at exit"); }
fn main() {
    unsafe extern "C" { fn atexit(function: extern "C" fn()) -> i32; }
    unsafe { atexit(at_exit); }
    apart::answer();
    println!("main {} {} {}", near::answer(), far::answer(), outer::answer());
}
`,
  "near/Cargo.toml": manifest("near", '[dependencies]\nouter = { version = "1", registry = "own" }\n'),
  "near/src/lib.rs": `${starts("near")}${answer("near")}pub fn outer() -> i32 { outer::answer() }\n`,
  "near/build.rs": BUILD("near"),
  "near/own.c": C("near"),
  "far/Cargo.toml": manifest("far", '[dependencies]\nnear = { path = "../near" }\n'),
  "far/src/lib.rs": `${starts("far")}${answer("far")}pub fn near() -> i32 { near::answer() }\n`,
  "far/build.rs": BUILD("far", "static:+whole-archive"),
  "far/own.c": C("far"),
  // Could use another crate, and does not yet.
  "apart/Cargo.toml": manifest("apart", '[dependencies]\nnear = { path = "../near" }\n'),
  "apart/src/lib.rs": `${starts("apart")}pub fn answer() -> i32 { 1 }\n`,
  ".cargo/config.toml":
    '[registries.own]\nindex = "file:///nowhere"\n[source.own]\nregistry = "file:///nowhere"\nreplace-with = "folder"\n[source.folder]\ndirectory = "folder"\n',
  "folder/outer/Cargo.toml": manifest("outer"),
  "folder/outer/.cargo-checksum.json": '{"files":{},"package":null}',
  "folder/outer/src/lib.rs": `${starts("outer")}${answer("outer")}`,
  "folder/outer/build.rs": BUILD("outer"),
  "folder/outer/own.c": C("outer"),
};

/** The toolchain's own linker, and GNU's. */
const LINKERS = ["", "-Clink-arg=-fuse-ld=bfd"].filter((flag) => flag === "" || fs.existsSync("/usr/bin/ld.bfd"));

describe.skipIf(!HAS_ENGINE).each(LINKERS)("what runs at start and at exit, with `%s`", (flags) => {
  let project: Project;
  beforeAll(() => {
    project = new Project("start order", FILES, flags === "" ? {} : { RUSTFLAGS: flags });
  });
  afterAll(() => project.remove());

  it("runs in the order of the linker's line", () => {
    const output = project.expectNative();
    expect(output).toContain("main 1 1 1\nat exit\n");
    // Ahead of all that is called at exit without having been noted.
    expect(output).toMatch(/program at exit\n(?:\w+ at exit\n)*(?:\w+ (?:C )?end)/);
    for (const text of ["program start 99", "outer start", "near C start 200", "outer C end", "far end 99"]) {
      expect(output.split("\n").filter((line) => line === text)).toHaveLength(1);
    }
  });

  it("does so after an edit by which a crate uses another one", () => {
    const orderOf = (output: string): string[] =>
      output.split("\n").filter((line) => line === "apart start" || line === "near start");
    const before = orderOf(project.expectNative());
    project.edit("apart/src/lib.rs", "{ 1 }", "{ near::answer() }");
    expect(orderOf(project.expectNative())).toEqual(before.toReversed());
  });

  it("does so after an edit that gives some of it a priority of its own", () => {
    project.edit("src/main.rs", "// MORE", 'entry!(NEW, ".init_array.00150", "program start 150");');
    project.edit("near/src/lib.rs", "// MORE", 'entry!(NEW, ".fini_array.00150", "near end 150");');
    expect(project.expectNative()).toContain("program start 150");
  });

  it("does so after an edit that takes all of a crate's away", () => {
    project.edit("src/main.rs", "pub mod order {", "#[cfg(any())] pub mod order {");
    expect(project.expectNative()).not.toContain("program start");
  });
});
