/** What a linker decides by names is decided as in cargo's build: weak and strong, members of archives, exports, order. */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";

const BUILD = `
use std::{env, process::Command};
fn run(program: &str, args: &[String]) { assert!(Command::new(program).args(args).status().unwrap().success()); }
fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let path = |name: &str| format!("{out}/{name}");
    let strings = |args: &[&str]| args.iter().map(|arg| arg.to_string()).collect::<Vec<_>>();
    for name in ["weak", "hooked", "hook", "twice", "left", "right", "chosen", "unused"] {
        run("cc", &[strings(&["-c", "-fPIC", "-O1", "-o"]), vec![path(&format!("{name}.o")), format!("c/{name}.c")]].concat());
    }
    for (library, members) in [("hooks", &["weak", "hooked", "hook", "chosen", "unused"][..]), ("left", &["left", "twice"]), ("right", &["right", "twice"])] {
        let file = path(&format!("lib{library}.a"));
        let _ = std::fs::remove_file(&file);
        run("ar", &[strings(&["crs"]), vec![file], members.iter().map(|name| path(&format!("{name}.o"))).collect()].concat());
        println!("cargo::rustc-link-lib=static={library}");
    }
    let shared = path("libshared.so");
    run("cc", &[strings(&["-shared", "-fPIC", "-o"]), vec![shared, "c/shared.c".to_string()]].concat());
    println!("cargo::rustc-link-lib=dylib=shared");
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rerun-if-changed=c");
}
`;

const MAIN = `
unsafe extern "C" {
    safe fn fire_weak() -> i32;
    safe fn fire_hooked() -> i32;
    safe fn left(n: i32) -> i32;
    safe fn right(n: i32) -> i32;
    safe fn chosen(n: i32) -> i32;
    safe fn ask_program() -> i32;
    static shared_data: i32;
    safe fn nowhere() -> i32;
    fn dlsym(handle: *mut u8, name: *const i8) -> *mut u8;
    fn strdup(text: *const i8) -> *mut i8;
}
#[unsafe(no_mangle)] pub extern "C" fn on_weak() -> i32 { 42 }
// EDIT
#[unsafe(no_mangle)] pub extern "C" fn program_answer() -> i32 { 7 }
#[unsafe(no_mangle)] pub extern "C" fn strtok(_: *mut i8, _: *const i8) -> *mut i8 { std::ptr::null_mut() }
pub fn never_called() -> i32 { nowhere() }
fn main() {
    println!("weak {} hooked {}", fire_weak(), fire_hooked());
    println!("left {} right {}", left(1), right(1));
    println!("ifunc {} {}", chosen(4), std::hint::black_box(chosen as extern "C" fn(i32) -> i32)(5));
    println!("shared {} {}", ask_program(), unsafe { shared_data });
    let sees = |name: &std::ffi::CStr| unsafe { !dlsym(std::ptr::null_mut(), name.as_ptr()).is_null() };
    println!("sees fire_weak {} program_answer {}", sees(c"fire_weak"), sees(c"program_answer"));
    println!("sees on_weak {} main {}", sees(c"on_weak"), sees(c"main"));
    unsafe { println!("libc {:?}", std::ffi::CStr::from_ptr(strdup(c"text".as_ptr()))); }
    // CALL
}
`;

const FILES = {
  "Cargo.toml": '[package]\nname = "linked"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
  "build.rs": BUILD,
  "src/main.rs": MAIN,
  "c/weak.c": "__attribute__((weak)) int on_weak(void) { return 1; }\nint fire_weak(void) { return on_weak(); }\n",
  "c/hooked.c": "int on_hooked(void);\nint fire_hooked(void) { return on_hooked(); }\n",
  // Left out by a linker where the program defines it.
  "c/hook.c": "int on_hooked(void) { return 1; }\n",
  "c/twice.c": "int twice(int n) { return 2 * n; }\n",
  "c/left.c": "int twice(int);\nint left(int n) { return twice(n) + 1; }\n",
  "c/right.c": "int twice(int);\nint right(int n) { return twice(n) + 2; }\n",
  "c/chosen.c":
    '__attribute__((target_clones("avx2", "default"))) int chosen(int n) { int s = 0; for (int i = 0; i <= n; i++) s += i; return s; }\n',
  // Taken only when something needs it.
  "c/unused.c":
    '#include <stdio.h>\n__attribute__((constructor)) static void start(void) { puts("unused starts"); fflush(stdout); }\nint unused(void) { return 9; }\n',
  "c/shared.c": "int program_answer(void);\nint shared_data = 5;\nint ask_program(void) { return program_answer(); }\n",
};

describe.skipIf(!HAS_ENGINE)("a program with C libraries", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("links", FILES);
  });
  afterAll(() => project.remove());

  /** (The C compiler may have its say as well, in cargo's build and not in ours, or the other way round.) */
  const compare = (): string => project.expectNative({ errors: () => "" });

  it("has its own functions called by them, and theirs as a linker selects them", () => {
    const stdout = compare();
    expect(stdout).toContain(
      "weak 42 hooked 1\nleft 3 right 4\nifunc 10 15\nshared 7 5\nsees fire_weak false program_answer true",
    );
    expect(stdout).not.toContain("unused");
  });

  it("has its base image linked anew when an edit changes what it defines for them, or needs of them", () => {
    project.edit("src/main.rs", "// EDIT", '#[unsafe(no_mangle)] pub extern "C" fn on_hooked() -> i32 { 43 }');
    expect(compare()).toContain("weak 42 hooked 43");
    project.edit("src/main.rs", "// CALL", 'unsafe extern "C" { safe fn unused() -> i32; } println!("{}", unused());');
    expect(compare()).toContain("unused starts");
    project.edit("src/main.rs", 'println!("{}", unused());', "");
    expect(compare()).not.toContain("unused starts");
  });

  it("is run by cargo when it calls what nothing defines", () => {
    project.edit("src/main.rs", 'println!("weak', 'println!("{}", never_called()); println!("weak');
    const ours = project.cranefly(["run", "-q"]);
    expect(ours.stderr).toContain("defines `nowhere`");
    expect(ours.code).toBe(project.cargo(["run", "-q"]).code);
  });
});

/** Its own names are those of parts of every image, and libraries know a thread-local of it. */
const NAMES = `
std::arch::global_asm!(
    ".globl program_count, program_start", ".pushsection .tdata,\\"awT\\",@progbits", ".type program_count,@object", ".balign 8",
    "program_count: .quad 5", ".size program_count, 8", ".popsection", "program_start: lea rax, [rip + __ehdr_start]", "ret",
);
unsafe extern "C" {
    safe fn ask() -> i32;
    safe fn ask_count() -> i64;
    safe fn program_start() -> *const u8;
}
#[unsafe(no_mangle)] pub extern "C" fn start_init(n: i32) -> i32 { n + 1 }
#[unsafe(no_mangle)] pub extern "C" fn start_check(n: i32) -> i32 { n * 2 }
fn main() {
    println!("{} {} {}", ask(), ask_count(), unsafe { *program_start().add(1) } as char);
}
`;

const NAMES_BUILD = `
fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    let cc = |args: &[&str]| assert!(std::process::Command::new("cc").args(args).status().unwrap().success());
    cc(&["-c", "-fPIC", "-o", &format!("{out}/ask.o"), "ask.c"]);
    assert!(std::process::Command::new("ar").args(["crs", &format!("{out}/libask.a"), &format!("{out}/ask.o")]).status().unwrap().success());
    cc(&["-shared", "-fPIC", "-o", &format!("{out}/libcount.so"), "count.c"]);
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rustc-link-lib=static=ask");
    println!("cargo::rustc-link-lib=dylib=count");
    println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN/lib");
}
`;

describe.skipIf(!HAS_ENGINE)("a program whose names are special", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("names", {
      "Cargo.toml": '[package]\nname = "named"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
      "build.rs": NAMES_BUILD,
      "src/main.rs": NAMES,
      "ask.c":
        "int start_init(int);\nint start_check(int);\nint ask(void) { return 100 * start_init(1) + start_check(3); }\n",
      "count.c": "extern __thread long program_count;\nlong ask_count(void) { return program_count; }\n",
    });
  });
  afterAll(() => project.remove());

  it("is what cargo makes of it", () => {
    expect(project.expectNative({ errors: () => "" })).toBe("206 5 E\n");
  });

  it("leaves the loader to say where the complete program is", () => {
    const dynamic = spawnSync("readelf", ["-dW", project.path("target/cranefly/debug/named")], { encoding: "utf8" });
    expect(dynamic.stdout).toMatch(/\((RUNPATH|RPATH)\).*\$ORIGIN\/lib/);
    expect(dynamic.stdout).not.toMatch(/Shared library: \[\/dev\/shm/);
  });
});
