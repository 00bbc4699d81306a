/** What Cranefly cannot do: the reason is named, and cargo does it. */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { HAS_ENGINE, Project, type Result } from "./project.js";

const FILES: Record<string, string> = {
  "Cargo.toml": '[package]\nname = "plain"\nversion = "0.1.0"\nedition = "2021"\n',
  "src/main.rs": 'fn main() {\n    println!("ran");\n}\n',
};

/** Mounts of a file system of its own need root; without it those tests say that they were skipped. */
const CAN_MOUNT = ((): boolean => {
  if (process.getuid?.() !== 0) return false;
  const directory = fs.mkdtempSync("/tmp/cranefly-mount-");
  const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "cranefly", directory]).status === 0;
  if (isMounted) execFileSync("umount", [directory]);
  fs.rmdirSync(directory);
  return isMounted;
})();

/** A build script that makes a static library of a C source. */
const WORDS_BUILD = `
use std::{env, process::Command};
fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let run = |program: &str, args: &[&str]| assert!(Command::new(program).args(args).status().unwrap().success());
    run("cc", &["-c", "-fPIC", "-o", &format!("{out}/word.o"), "word.c"]);
    run("ar", &["crs", &format!("{out}/libword.a"), &format!("{out}/word.o")]);
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rustc-link-lib=static=word");
}
`;

/** A package as it lies in a folder that stands for the registry. */
function vendored(
  name: string,
  dependencies: string,
  files: Record<string, string>,
  more = "",
): Record<string, string> {
  const all = {
    "Cargo.toml": `[package]\nname = "${name}"\nversion = "1.0.0"\nedition = "2024"\n${more}[dependencies]\n${dependencies}`,
    ".cargo-checksum.json": '{"files":{},"package":null}',
    ...files,
  };
  return Object.fromEntries(Object.entries(all).map(([file, text]) => [`vendor/${name}/${file}`, text]));
}

describe.runIf(HAS_ENGINE)("cargo does it, and the reason is named", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("fallback", FILES);
  });
  afterAll(() => project.remove());

  const expectNative = (result: Result, reason: RegExp): void => {
    expect(result.stderr).toMatch(reason);
    expect(result.stderr).toContain("falling back to: cargo run");
    expect(result).toMatchObject({ code: 0, stdout: "ran\n" });
  };

  /** Nothing of the project was compiled by Cranefly before cargo did it. */
  const expectBeforeBuilding = (result: Result, reason: RegExp, in_ = project): void => {
    expectNative(result, reason);
    expect(fs.existsSync(in_.path("target/cranefly/debug/plain"))).toBe(false);
  };

  it("where a dependency is a Rust dynamic library that a build script links to as well", () => {
    const dynamic = new Project("dylib", {
      ...FILES,
      "Cargo.toml": `${FILES["Cargo.toml"] ?? ""}[dependencies]\ndynamic = { path = "dynamic" }\n[build-dependencies]\ndynamic = { path = "dynamic" }\n`,
      "build.rs": 'fn main() {\n    assert_eq!(dynamic::word(), "ran");\n}\n',
      "dynamic/Cargo.toml":
        '[package]\nname = "dynamic"\nversion = "0.1.0"\nedition = "2021"\n[lib]\ncrate-type = ["dylib"]\n',
      "dynamic/src/lib.rs": 'pub fn word() -> &\'static str {\n    "ran"\n}\n',
      "src/main.rs": 'fn main() {\n    println!("{}", dynamic::word());\n}\n',
    });
    onTestFinished(() => dynamic.remove());
    expectBeforeBuilding(dynamic.cranefly(["run"]), /dynamic is a Rust dynamic library/, dynamic);
  });

  it("where RUSTFLAGS, or the configuration, hold an option that changes what a program is", () => {
    const flags = project.cranefly(["run"], { RUSTFLAGS: "-Crelocation-model=static" });
    expectBeforeBuilding(flags, /the compiler option `-C relocation-model=static` is not supported/);
    project.write(".cargo/config.toml", "[target.'cfg(unix)']\nrustflags = ['-Clink-arg=-Wl,--wrap=plain']\n");
    expectBeforeBuilding(project.cranefly(["run"]), /the link argument `--wrap=plain` is not supported/);
    const triple = "target.x86_64-unknown-linux-gnu.rustflags = ['-Clink-args=-Xlinker --defsym -Xlinker plain=1']\n";
    project.write(".cargo/config.toml", triple);
    expectBeforeBuilding(project.cranefly(["run"]), /the link argument `--defsym` is not supported/);
    fs.rmSync(project.path(".cargo/config.toml"));
    const encoded = project.cranefly(["run"], { CARGO_ENCODED_RUSTFLAGS: "-C\x1flink-arg=-Wl,-Bsymbolic" });
    expectBeforeBuilding(encoded, /the link argument `-Bsymbolic` is not supported/);
    const linker = project.path("own-linker.sh");
    fs.writeFileSync(linker, '#!/bin/sh\nexec cc "$@"\n', { mode: 0o755 });
    for (const key of ["x86_64-unknown-linux-gnu", "'cfg(unix)'"]) {
      project.write(
        ".cargo/config.toml",
        `[target.${key}]\nlinker = "own-linker.sh"\n`.replace("own-linker.sh", linker),
      );
      expectBeforeBuilding(
        project.cranefly(["run"]),
        /the compiler option `-C linker=.*own-linker.sh` is not supported/,
      );
      expect(fs.existsSync(project.path("target/cranefly/debug"))).toBe(false);
    }
    fs.rmSync(project.path(".cargo/config.toml"));
    const config = ["--config", "build.rustflags=['-Clink-arg=-Wl,--export-dynamic-symbol=main']"];
    expect(project.cranefly(["run", ...config]).stderr).toMatch(
      /the link argument `--export-dynamic-symbol=main` is not/,
    );
    project.write("words", "-Wl,--dynamic-list=list");
    project.write("list", "{ main; };\n");
    const inFile = { CARGO_ENCODED_RUSTFLAGS: `-Clink-arg=@${project.path("words")}` };
    expectBeforeBuilding(project.cranefly(["run"], inFile), /the link argument `--dynamic-list=list` is not supported/);
    const single = project.cranefly(["run", "src/main.rs", "--rustc-arg=-Clink-arg=-no-pie"]);
    expect(single.stderr).toMatch(/the link argument `-no-pie` is not supported\n.*falling back to: rustc/);
    expect(single.stdout).toBe("ran\n");
  });

  it("where a build script gives the linker an argument that Cranefly cannot follow", () => {
    project.write("build.rs", 'fn main() { println!("cargo::rustc-link-arg=-Wl,--defsym=plain_defined=1"); }\n');
    const all = /the link argument `--defsym=plain_defined=1` of a build script is not supported/;
    expectBeforeBuilding(project.cranefly(["run"]), all);
    project.write("build.rs", 'fn main() { println!("cargo::rustc-link-arg-bin=plain=-Wl,-z,execstack"); }\n');
    expectBeforeBuilding(project.cranefly(["run"]), /the link argument `-z execstack` of plain:plain is not supported/);
    fs.rmSync(project.path("build.rs"));
    expect(project.cranefly(["run", "-q"])).toMatchObject({ code: 0, stdout: "ran\n", stderr: "" });
  });

  it("where the workspace adds to a section that a C library of a dependency adds to as well", () => {
    const bounds = '#[link_name = "__start_words"] static START: u8;\n#[link_name = "__stop_words"] static STOP: u8;\n';
    const registry = new Project("registry", {
      ...FILES,
      "Cargo.toml": `${FILES["Cargo.toml"] ?? ""}[dependencies]\nwords = "1"\n`,
      ".cargo/config.toml": '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n',
      "vendor/words/Cargo.toml": '[package]\nname = "words"\nversion = "1.0.0"\nedition = "2024"\n',
      "vendor/words/word.c":
        '__attribute__((section("words"), used)) static char word[2] = "ra";\nint words_are_here(void) { return word[0]; }\n',
      "vendor/words/build.rs": WORDS_BUILD,
      "vendor/words/.cargo-checksum.json": '{"files":{},"package":null}',
      "vendor/words/src/lib.rs":
        `unsafe extern "C" {\nfn words_are_here() -> i32;\n${bounds}}\n` +
        "pub fn all() -> Vec<u8> {\n    unsafe { words_are_here() };\n    let (start, stop) = (&raw const START, &raw const STOP);\n" +
        "    let mut all = unsafe { std::slice::from_raw_parts(start, stop.offset_from_unsigned(start)) }.to_vec();\n" +
        "    all.sort();\n    all\n}\n",
      "src/main.rs":
        '#[used]\n#[link_section = "words"]\nstatic mut WORD: [u8; 1] = *b"n";\n' +
        'fn main() {\n    println!("{}", if words::all() == b"anr" { "ran" } else { "missing" });\n}\n',
    });
    onTestFinished(() => registry.remove());
    expectNative(
      registry.cranefly(["run"]),
      /section `words`, which both the workspace and a dependency add to, needs a linker/,
    );
  });

  it("after a build, of which cargo takes what is certainly what it would build itself", () => {
    const script = (body: string): string =>
      `fn main() {\n    let out = std::env::var("OUT_DIR").unwrap();\n    ${body}\n    println!("cargo::rustc-check-cfg=cfg(asked)\\ncargo::rustc-cfg=asked");\n}\n`;
    const late = new Project("late", {
      ...FILES,
      "Cargo.toml": `${FILES["Cargo.toml"] ?? ""}[dependencies]\nlent = "1"\nuser = "1"\n`,
      ".cargo/config.toml": '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n',
      ...vendored("lent", 'made = "1"\n', {
        "build.rs": script("let _ = out;"),
        "src/lib.rs": "#[cfg(asked)]\npub const WORD: &str = made::word!();\n",
      }),
      ...vendored(
        "made",
        "",
        {
          "src/lib.rs":
            '#[proc_macro]\npub fn word(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n    "\\"ran\\"".parse().unwrap()\n}\n',
        },
        "[lib]\nproc-macro = true\n",
      ),
      ...vendored("writer", "", {
        "build.rs": script('std::fs::write(format!("{out}/word.txt"), "ran").unwrap();'),
        "src/lib.rs": 'pub const WORD: &str = include_str!(concat!(env!("OUT_DIR"), "/word.txt"));\n',
      }),
      ...vendored("user", 'writer = "1"\n', { "src/lib.rs": "pub const WORD: &str = writer::WORD;\n" }),
      // What only a linker knows, and only the engine finds.
      "src/main.rs":
        'unsafe extern "C" {\n    static end: u8;\n}\nfn main() {\n    if !(&raw const end).is_null() && lent::WORD == user::WORD {\n        println!("{}", lent::WORD);\n    }\n}\n',
    });
    onTestFinished(() => late.remove());
    const result = late.cranefly(["run"]);
    expectNative(result, /`?end`?/);
    const [, byCargo = ""] = result.stderr.split("falling back to");
    const compiled = [...byCargo.matchAll(/Compiling (\w+)/g)].map(([, name]) => name);
    expect(compiled.sort()).toEqual(["plain", "user", "writer"]);
    // What a linker may write into is not the same file.
    const linksOf = (end: string): number[] =>
      fs
        .readdirSync(late.path("target/debug/deps"))
        .filter((name) => /^lib(?:lent|made)-/.test(name) && name.endsWith(end))
        .map((name) => fs.statSync(late.path(`target/debug/deps/${name}`)).nlink);
    expect({ macro: linksOf(".so"), library: linksOf(".rlib") }).toEqual({ macro: [1], library: [2] });
    // cargo goes on with it, and so does Cranefly.
    late.write("src/main.rs", FILES["src/main.rs"] ?? "");
    expect(late.exec("cargo", ["run"], {}).stderr).not.toMatch(/Compiling (?!plain)/);
    expect(late.cranefly(["run", "-q"])).toMatchObject({ code: 0, stdout: "ran\n", stderr: "" });
  });

  it("after a build that was ended while a script ran, of whose work cargo takes nothing", () => {
    const half = new Project("half", {
      ...FILES,
      "Cargo.toml": `${FILES["Cargo.toml"] ?? ""}[dependencies]\nslow = "1"\n`,
      ".cargo/config.toml": '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n',
      ...vendored("slow", "", {
        // As CMake: it does not go on with what another folder's run has left. In its first run it is not done before the end.
        "build.rs": `use std::{env, fs, thread, time::Duration};
fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let cache = format!("{out}/cache.txt");
    if let Ok(known) = fs::read_to_string(&cache) {
        assert_eq!(known, out, "the cache is another folder's");
    }
    fs::write(&cache, &out).unwrap();
    let is_first = fs::metadata("started").is_err();
    fs::write("started", "").unwrap();
    if is_first {
        thread::sleep(Duration::from_secs(60));
    }
}
`,
        "src/lib.rs": 'pub const WORD: &str = "ran";\n',
      }),
      "build.rs": `use std::{fs, thread, time::Duration};
fn main() {
    for _ in 0..3000 {
        if fs::metadata("vendor/slow/started").is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    println!("cargo::rustc-link-arg=-Wl,--defsym=plain_defined=1");
}
`,
      "src/main.rs": 'fn main() {\n    println!("{}", slow::WORD);\n}\n',
    });
    onTestFinished(() => half.remove());
    expectNative(half.cranefly(["run"], { CARGO_BUILD_JOBS: "2" }), /`--defsym=plain_defined=1` of a build script/);
  });

  it("but not where the configuration sets a runner by cfg, which is used", () => {
    project.write(".cargo/config.toml", '[target.\'cfg(unix)\']\nrunner = ["echo", "run"]\n');
    const { stdout, stderr } = project.cranefly(["run", "-q"]);
    expect(stdout).toMatch(/^run /);
    expect(stderr).not.toContain("falling back");
    fs.rmSync(project.path(".cargo/config.toml"));
  });

  it("where the toolchain has no libLLVM", () => {
    const sysroot = project.path("sysroot");
    fs.mkdirSync(`${sysroot}/lib`, { recursive: true });
    const rustc = project.path("rustc");
    fs.writeFileSync(
      rustc,
      `#!/bin/sh\nif [ "$*" = "--print sysroot" ]; then echo '${sysroot}'; else exec rustc "$@"; fi\n`,
      { mode: 0o755 },
    );
    expectNative(project.cranefly(["run"], { RUSTC: rustc }), /the toolchain in .*sysroot has no libLLVM/);
  });

  it("where the cache folder cannot be written: one question to cargo more, no less speed", () => {
    fs.writeFileSync(project.path("no folder"), "");
    const result = project.cranefly(["run", "-q"], { XDG_CACHE_HOME: project.path("no folder") });
    expect(result).toMatchObject({ code: 0, stdout: "ran\n", stderr: "" });
  });

  it.runIf(CAN_MOUNT)("where the disk is full", () => {
    const small = project.path("small");
    fs.mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "cranefly", small]);
    onTestFinished(() => void execFileSync("umount", ["-l", small]));
    const full = project.cranefly(["run"], { CARGO_TARGET_DIR: small });
    const natively = spawnSync("cargo", ["run"], {
      cwd: project.dir,
      env: { ...project.env, CARGO_TARGET_DIR: small },
      encoding: "utf8",
    });
    expect(natively.status).not.toBe(0);
    expect(full.code).toBe(natively.status);
    expect(full.stderr).toMatch(/No space left on device|no space left on device/);
  });

  it.runIf(CAN_MOUNT)("or another folder is taken, where the one for images is full", () => {
    const small = project.path("run");
    fs.mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=711", "cranefly", small]);
    onTestFinished(() => {
      project.cranefly(["stop"], { XDG_RUNTIME_DIR: small });
      execFileSync("umount", ["-l", small]);
    });
    expect(spawnSync("dd", ["if=/dev/zero", `of=${small}/filler`, "bs=4k"]).status).not.toBe(0);
    const result = project.cranefly(["run"], { XDG_RUNTIME_DIR: small });
    expect(result).toMatchObject({ code: 0, stdout: "ran\n" });
  });

  it("publishes two programs of one workspace at a time", async () => {
    const pair = new Project("pair", {
      ...FILES,
      "src/bin/one.rs": 'fn main() {\n    println!("one");\n}\n',
      "src/bin/two.rs": 'fn main() {\n    println!("two");\n}\n',
    });
    onTestFinished(() => pair.remove());
    const outputs = ["one", "two", "plain", "one", "two"].map(
      (name) =>
        new Promise<string>((resolve) => {
          const child = pair.start(["run", "-q", "--bin", name]);
          let text = "";
          child.stdout?.on("data", (data: Buffer) => (text += data.toString()));
          child.stderr?.on("data", (data: Buffer) => (text += data.toString()));
          child.once("close", () => resolve(text));
        }),
    );
    expect(await Promise.all(outputs)).toEqual(["one\n", "two\n", "ran\n", "one\n", "two\n"]);
  });
});
