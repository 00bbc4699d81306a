/** Build scripts that cargo would run again for every edit. */
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";

describe.runIf(HAS_ENGINE)("a build script that names no inputs", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("scripts", {
      "pkg/Cargo.toml": '[package]\nname = "scripted"\nversion = "0.1.0"\nedition = "2021"\n',
      "pkg/version.txt": "one",
      "pkg/build.rs": [
        "use std::{env, fs, io::Write};",
        "fn main() {",
        '    let version = fs::read_to_string("version.txt").unwrap();',
        '    println!("cargo:rustc-env=SCRIPTED={}", version.trim());',
        '    println!("this line is for people: {:?}", std::time::SystemTime::now());',
        '    let wrapped = env::var_os("RUSTC_WRAPPER").is_some();',
        '    let text = format!("pub const WRAPPED: bool = {wrapped}; pub const LENGTH: usize = {};", env::var("LENGTH").unwrap_or("1".into()));',
        '    fs::write(format!("{}/gen.rs", env::var("OUT_DIR").unwrap()), text).unwrap();',
        '    let mut log = fs::OpenOptions::new().append(true).create(true).open(env::var("RUN_LOG").unwrap()).unwrap();',
        '    writeln!(log, "{} {}", env::var("CARGO_PKG_NAME").unwrap(), env::current_dir().unwrap().display()).unwrap();',
        "}",
        "",
      ].join("\n"),
      "pkg/src/main.rs":
        'include!(concat!(env!("OUT_DIR"), "/gen.rs"));\nfn main() {\n    println!("hello {} {LENGTH} {WRAPPED}", env!("SCRIPTED"));\n}\n',
    });
    project.env["RUN_LOG"] = project.path("runs");
  });
  afterAll(() => project.remove());

  const runs = (): string[] => fs.readFileSync(project.path("runs"), "utf8").trimEnd().split("\n");
  const run = (env: NodeJS.ProcessEnv = {}): { stdout: string; lane: string | undefined } => {
    const { stdout, stderr, code } = project.cranefly(["run", "pkg"], env);
    expect(code, stderr).toBe(0);
    return { stdout, lane: /\((\w+) lane, /.exec(stderr)?.[1] };
  };

  it("is run by cargo at first, as if Cranefly were not there", () => {
    expect(run()).toEqual({ stdout: "hello one 1 false\n", lane: "cargo" });
    expect(runs()).toEqual([`scripted ${project.path("pkg")}`]);
  });

  it("is run again for an edit, and as it says the same, cargo is not", () => {
    project.edit("pkg/src/main.rs", "hello", "good day");
    expect(run()).toEqual({ stdout: "good day one 1 false\n", lane: "crate" });
    expect(runs()).toEqual([`scripted ${project.path("pkg")}`, `scripted ${project.path("pkg")}`]);
  });

  it("is not run when nothing changed", () => {
    const before = runs().length;
    expect(run().lane).toBe("crate");
    expect(runs()).toHaveLength(before);
  });

  it("is run for a file that was not there", () => {
    const before = runs().length;
    project.write("pkg/notes.txt", "new");
    expect(run().lane).toBe("crate");
    expect(runs()).toHaveLength(before + 1);
  });

  it("leaves it to cargo when it says something else", () => {
    project.write("pkg/version.txt", "two");
    expect(run()).toEqual({ stdout: "good day two 1 false\n", lane: "cargo" });
  });

  it("leaves it to cargo when it writes something else", () => {
    project.write("pkg/notes.txt", "newer");
    expect(run({ LENGTH: "22" })).toEqual({ stdout: "good day two 22 false\n", lane: "cargo" });
  });

  it("is run again when it was interrupted", () => {
    const build = project.path("pkg/target/cranefly/debug/build");
    const out = fs.readdirSync(build).find((name) => fs.existsSync(path.join(build, name, "out"))) ?? "";
    const before = runs().length;
    fs.writeFileSync(path.join(build, out, "cranefly-unsettled"), "");
    fs.writeFileSync(path.join(build, out, "out/gen.rs"), "half a fi");
    expect(run({ LENGTH: "22" })).toEqual({ stdout: "good day two 22 false\n", lane: "crate" });
    expect(runs()).toHaveLength(before + 1);
  });

  it("leaves its output as it was for another selection that is behind", () => {
    project.cranefly(["build", "pkg"]);
    project.write("pkg/version.txt", "three");
    expect(run().lane).toBe("cargo");
    const { stderr } = project.cranefly(["build", "pkg"]);
    // cargo has to be asked for this selection as well, but there is nothing left to compile.
    expect(stderr).toMatch(/\(cargo lane, 0 of /);
    expect(stderr).not.toContain("Compiling");
  });

  it("is not run for ever because of what it writes into its own package", () => {
    project.edit(
      "pkg/build.rs",
      "    let mut log",
      '    fs::write("src/runs.txt", format!("{:?}", std::time::SystemTime::now())).unwrap();\n    let mut log',
    );
    const settled = (): boolean => {
      const before = runs().length;
      run();
      return runs().length === before;
    };
    // By cargo, by us, and by us knowing what it does.
    expect([1, 2, 3].map(settled)).toEqual([false, false, false]);
    expect(settled()).toBe(true);
    project.edit("pkg/src/main.rs", "good day", "good night");
    expect([settled(), settled()]).toEqual([false, true]);
    expect(run().stdout).toContain("good night three");
  });
});

describe.runIf(HAS_ENGINE)("what changes while cargo builds", () => {
  let project: Project;
  // The build script makes the changes, when cargo has read the rest.
  beforeAll(() => {
    project = new Project("meanwhile", {
      "Cargo.toml": '[package]\nname = "meanwhile"\nversion = "0.1.0"\nedition = "2021"\n',
      ".cargo/config.toml": '[env]\nCONFIGURED = "yes"\n',
      "build.rs": [
        "fn main() {",
        '    println!("cargo:rerun-if-changed=build.rs");',
        '    let _ = std::fs::remove_file(".cargo/config.toml");',
        '    std::fs::create_dir_all("tests").unwrap();',
        '    std::fs::write("tests/new.rs", "#[test]\\nfn new() {}\\n").unwrap();',
        "}",
        "",
      ].join("\n"),
      "src/main.rs":
        'fn main() {\n    println!("{}", option_env!("CONFIGURED").unwrap_or("no"));\n}\n#[test]\nfn old() {}\n',
    });
  });
  afterAll(() => project.remove());

  it("is seen if it is configuration that goes", () => {
    const outputs = [1, 2].map(() => project.cranefly(["run"]).stdout);
    expect(outputs).toEqual(["yes\n", "no\n"]);
  });

  it("is seen if it is a test that comes", () => {
    fs.rmSync(project.path("tests"), { recursive: true });
    project.edit("build.rs", "fn main() {", "fn main() { // anew");
    const tests = [1, 2].map(() => /test new \.\.\. ok/.test(project.cranefly(["test"]).stdout));
    expect(tests).toEqual([false, true]);
  });
});
