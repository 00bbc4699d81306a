import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationReport } from "../../shared/src/report.js";
import { HAS_ENGINE, Project, WORKSPACE } from "./project.js";

describe.runIf(HAS_ENGINE)("the command line", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("cli ö", WORKSPACE, { CARGO_TARGET_DIR: "" });
    project.env["CARGO_TARGET_DIR"] = project.path("my target");
  });
  afterAll(() => {
    project.cranefly(["clean"]);
    project.remove();
  });

  const same = (args: string[]): void => {
    const ours = project.cranefly(["run", "-q", ...args]);
    const natives = project.cargo(["run", "-q", ...args]);
    expect(ours).toEqual(natives);
  };

  it("runs a program as cargo does", () => same(["-p", "app", "--", "a", "b c"]));
  it("passes on features", () => same(["-p", "app", "--features", "extra"]));
  it("ends by the program's signal", () => {
    const { code, signal } = project.cranefly(["run", "-q", "-p", "app", "--", "abort"]);
    expect({ code, signal }).toEqual({ code: null, signal: "SIGABRT" });
  });

  it("uses the target directory that the user set", () => {
    expect(fs.existsSync(project.path("my target/cranefly/debug/app"))).toBe(true);
    expect(fs.existsSync(project.path("target"))).toBe(false);
  });

  it("starts neither cargo nor rustc, and compiles nothing, when nothing changed", () => {
    const env = { PATH: "/nonexistent" };
    const { code, stderr } = project.cranefly(["run", "-p", "app"], env);
    expect(stderr).toContain("(crate lane, 0 of ");
    expect(code).toBe(0);
  });

  it("runs the new code after an edit", () => {
    project.edit("app/src/main.rs", '"hello"', '"good day"');
    expect(project.cranefly(["run", "-q", "-p", "app"]).stdout).toMatch(/^good day 42 MACRO BUILT 7\n/);
  });

  it("follows a library into the build script and the macro", () => {
    project.edit("crates/util/src/lib.rs", "to_uppercase", "to_lowercase");
    expect(project.cranefly(["run", "-q", "-p", "app"]).stdout).toContain("42 macro built 7");
    project.edit("crates/util/src/lib.rs", "to_lowercase", "to_uppercase");
  });

  it("ends with rustc's diagnostics and cargo's exit code on an error", () => {
    project.edit("app/src/main.rs", '"good day"', "7");
    const { code, stderr, stdout } = project.cranefly(["run", "-p", "app"]);
    expect(code).toBe(101);
    expect(stdout).toBe("");
    expect(stderr).toContain("error[E0308]: mismatched types");
    expect(stderr).toContain("could not compile");
    project.edit("app/src/main.rs", "7\n", '"good day"\n');
    expect(project.cranefly(["run", "-q", "-p", "app"]).code).toBe(0);
  });

  it("says what cargo says about a wrong selection", () => {
    const ours = project.cranefly(["run", "--bin", "nope"]);
    const natives = project.cargo(["run", "--bin", "nope"]);
    expect(ours.code).toBe(natives.code);
    expect(ours.stderr).toContain(natives.stderr.split("\n")[0]);
  });

  it("runs the tests of a workspace", () => {
    const names = (text: string): string[] =>
      text
        .split("\n")
        .filter((line) => /^test .* \.\.\. /.test(line))
        .sort();
    const ours = project.cranefly(["test", "--workspace"]);
    const natives = project.cargo(["test", "--workspace", "--lib", "--bins", "--tests"]);
    expect(ours.stderr).toContain("Running unittests src/main.rs (my target/cranefly/debug/deps/app-");
    expect(names(ours.stdout)).toEqual(names(natives.stdout));
    expect(names(ours.stdout)).toContain("test runs_the_program ... ok");
    expect(ours.code).toBe(0);
    expect(names(project.cranefly(["test", "-p", "core-lib", "number"]).stdout)).toEqual([
      "test tests::number_works ... ok",
    ]);
  });

  it("ends with 101 when a test fails", () => {
    project.edit("crates/core-lib/src/lib.rs", 'super::number(3), "3"', 'super::number(3), "4"');
    const { code, stdout } = project.cranefly(["test", "-p", "core-lib"]);
    expect(stdout).toContain("test tests::number_works ... FAILED");
    expect(code).toBe(101);
    project.edit("crates/core-lib/src/lib.rs", 'super::number(3), "4"', 'super::number(3), "3"');
  });

  it("falls back to cargo, with the reason, without an engine", () => {
    const { code, stdout, stderr } = project.cranefly(["run", "-q", "-p", "app", "--", "x"], {
      CRANEFLY_ENGINE: "/nonexistent/engine",
    });
    expect(stderr).toContain("the engine is missing");
    expect(stderr).toContain("falling back to: cargo run --quiet --package app -- x");
    expect(stdout).toContain('["x"]');
    expect(code).toBe(1);
  });

  it("falls back to cargo for a target that it does not know", () => {
    const { stderr } = project.cranefly(["build", "-p", "app"], { CARGO_BUILD_TARGET: "wasm32-unknown-unknown" });
    expect(stderr).toContain("the target wasm32-unknown-unknown is not supported");
  });

  it("compiles anew what was damaged or lost on disk", () => {
    const units = project.path("my target/cranefly/.cranefly/units");
    const unit = fs.readdirSync(units).find((name) => name.startsWith("core_lib-")) ?? "";
    project.cranefly(["stop"]);
    for (const generation of fs.readdirSync(`${units}/${unit}`).filter((name) => name.startsWith("bc-"))) {
      for (const file of fs.readdirSync(`${units}/${unit}/${generation}`)) {
        fs.truncateSync(`${units}/${unit}/${generation}/${file}`, 100);
      }
    }
    const damaged = project.cranefly(["run", "-q", "-p", "app"]);
    expect(damaged).toMatchObject({ code: 0, stderr: "" });
    fs.rmSync(`${units}/${unit}/unit.json`);
    const lost = project.cranefly(["run", "-q", "-p", "app"]);
    expect(lost).toMatchObject({ code: 0, stderr: "", stdout: damaged.stdout });
  });

  it("compiles anew when every record is lost", () => {
    const before = project.cranefly(["run", "-q", "-p", "app"]);
    for (const name of fs.readdirSync(project.path("my target/cranefly/.cranefly/units"))) {
      fs.rmSync(project.path(`my target/cranefly/.cranefly/units/${name}`), { recursive: true });
    }
    const lost = project.cranefly(["run", "-q", "-p", "app"]);
    expect(lost).toEqual(before);
    const { stderr } = project.cranefly(["run", "-p", "app"]);
    expect(stderr).toContain("(crate lane, 0 of ");
  });

  it("keeps a job server's variables from the compiler, and gives them to the program", () => {
    const env = { MAKEFLAGS: "-j --jobserver-auth=98,99", CARGO_MAKEFLAGS: "-j --jobserver-auth=98,99" };
    project.edit("crates/core-lib/src/lib.rs", "to_owned()", "to_string()");
    expect(project.cranefly(["run", "-q", "-p", "app"], env)).toMatchObject({ code: 0, stderr: "" });
  });

  it("waits for another one in the same workspace", () => {
    const lock = project.path("my target/cranefly/.cranefly/lock");
    const stat = fs.readFileSync(`/proc/${process.pid}/stat`, "utf8");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    fs.writeFileSync(lock, `${process.pid} ${started}\n`);
    const child = project.start(["run", "-p", "app"]);
    return new Promise<void>((resolve, reject) => {
      let text = "";
      child.stderr?.on("data", (data: Buffer) => {
        text += data.toString();
        if (text.includes(`waiting for another cranefly (pid ${process.pid})`)) fs.rmSync(lock, { force: true });
      });
      child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(text))));
    });
  });

  it("tells its state", () => {
    const { stdout, code } = project.cranefly(["status", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ running: true });
    expect(code).toBe(0);
    const lines = project.cranefly(["status"]).stdout;
    expect(lines).toMatch(/^memory \d+\.\d MiB, of it \d+ functions in store with \d/m);
    expect(lines).toMatch(/^first calls \d+$/m);
    expect(lines).toMatch(/^program debug\/app in .*: generation \d+, \d+ functions, /m);
  });

  it("reports every function", () => {
    const main = fs.readFileSync(project.path("app/src/main.rs"), "utf8");
    project.edit("app/src/main.rs", "args.len() as i32", "args.len() as i32 + 100");
    const file = project.path("a report.json");
    expect(project.cranefly(["build", "-p", "app", "--report", file]).code).toBe(0);
    const report = GenerationReport.parse(JSON.parse(fs.readFileSync(file, "utf8")));
    const entries = report.programs.find((program) => program.program === "debug/app")?.entries ?? [];
    expect(entries.length).toBe(report.functions.total);
    const line = main.slice(0, main.indexOf("fn main")).split("\n").length;
    const entry = entries.find((item) => item.name === "app::main");
    expect(entry).toMatchObject({ line, tier: "cranelift", status: "compiled" });
    expect(entry?.file).toMatch(/app\/src\/main\.rs$/);
    expect(entry?.bytes).toBeGreaterThan(0);
    expect(entry?.us.compile).toBeGreaterThan(0);
    expect(entries.filter((item) => item.status === "compiled")).toHaveLength(report.functions.compiled);
    project.write("app/src/main.rs", main);
  });
});

describe.runIf(HAS_ENGINE)("a single file", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("single", {
      "hello-world.rs":
        'fn main() {\n    let args: Vec<_> = std::env::args().skip(1).collect();\n    println!("{args:?} {}", cfg!(marked));\n    std::process::exit(3);\n}\n',
      "named.rs":
        '/*\n#![crate_name = "other"]\n*/\n#![crate_name = "chosen"]\nfn main() {\n    println!("{}", module_path!());\n}\n',
      "no_main.rs": "fn other() {}\n",
    });
  });
  afterAll(() => project.remove());

  it("runs with the user's arguments for rustc", () => {
    expect(project.cranefly(["run", "-q", "hello-world.rs", "--", "a"])).toMatchObject({
      code: 3,
      stdout: '["a"] false\n',
      stderr: "",
    });
    const marked = [
      "run",
      "-q",
      "hello-world.rs",
      "--rustc-arg=--cfg",
      "--rustc-arg=marked",
      "--rustc-arg=--edition=2021",
    ];
    expect(project.cranefly(marked)).toMatchObject({ code: 3, stdout: "[] true\n" });
  });

  it("has the name that rustc gives it", () => {
    expect(project.cranefly(["run", "-q", "named.rs"])).toMatchObject({ code: 0, stdout: "chosen\n", stderr: "" });
  });

  it("is compiled anew after an edit", () => {
    project.edit("hello-world.rs", "exit(3)", "exit(4)");
    expect(project.cranefly(["run", "-q", "hello-world.rs"]).code).toBe(4);
  });

  it("needs a main", () => {
    const { code, stderr } = project.cranefly(["run", "no_main.rs"]);
    expect(code).toBe(1);
    expect(stderr).toContain("error[E0601]: `main` function not found");
  });
});

describe.runIf(HAS_ENGINE)("a package with a static C library and a native one of its own", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("native", {
      "Cargo.toml":
        '[package]\nname = "nat"\nversion = "0.1.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib", "rlib"]\n[profile.release]\nlto = "fat"\npanic = "abort"\n',
      "build.rs":
        'use std::process::Command;\nfn main() {\n    let out = std::env::var("OUT_DIR").unwrap();\n    assert!(Command::new("cc").args(["-c", "-fPIC", "c/x.c", "-o"]).arg(format!("{out}/x.o")).status().unwrap().success());\n    assert!(Command::new("ar").arg("crs").arg(format!("{out}/libx.a")).arg(format!("{out}/x.o")).status().unwrap().success());\n    println!("cargo:rustc-link-search=native={out}");\n    println!("cargo:rustc-link-lib=static=x");\n}\n',
      "c/x.c": "int x(int a) { return a + 40; }\n",
      "src/lib.rs":
        'extern "C" {\n    fn x(a: i32) -> i32;\n}\n#[cfg(windows)]\n#[link(name = "kernel32")]\nextern "C" {}\npub fn call(a: i32) -> i32 {\n    unsafe { x(a) }\n}\n#[no_mangle]\npub extern "C" fn exported() -> i32 {\n    5\n}\n',
      "src/main.rs": 'fn main() {\n    println!("{}", nat::call(2));\n}\n',
    });
  });
  afterAll(() => project.remove());

  it("runs, and makes the native library as cargo does", () => {
    expect(project.cranefly(["run", "-q"])).toMatchObject({ code: 0, stdout: "42\n", stderr: "" });
    expect(fs.existsSync(project.path("target/cranefly/debug/libnat.so"))).toBe(true);
  });

  it("runs in a profile with link-time optimisation and without unwinding", () => {
    expect(project.cranefly(["run", "-q", "--release"])).toMatchObject({ code: 0, stdout: "42\n", stderr: "" });
  });

  it("follows an edit of the C source", () => {
    project.edit("c/x.c", "40", "50");
    expect(project.cranefly(["run", "-q"])).toMatchObject({ code: 0, stdout: "52\n", stderr: "" });
  });
});
