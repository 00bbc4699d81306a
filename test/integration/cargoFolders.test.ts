/** cargo's folders: wherever the user has them, cargo without us finds nothing of ours; and however cargo lays ours out, it works. */
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { walk } from "../../server/src/core/support/stamps.js";
import { HAS_ENGINE, Project, type Result } from "./project.js";

const FILES = {
  "Cargo.toml":
    '[package]\nname = "folders"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nnames = { path = "names" }\n[workspace]\n',
  "build.rs":
    'fn main() {\n    println!("cargo:rerun-if-changed=build.rs");\n    println!("cargo:rustc-env=SAID=said");\n}\n',
  "src/main.rs": 'fn main() {\n    println!("{} {}", names::name(), env!("SAID"));\n}\n',
  "tests/it.rs":
    '#[test]\nfn runs_the_program() {\n    let out = std::process::Command::new(env!("CARGO_BIN_EXE_folders")).output().unwrap();\n    assert_eq!(out.stdout, b"folder said\\n");\n}\n#[test]\nfn runs_it_where_cargo_leaves_it() {\n    let out = std::process::Command::new("target/debug/folders").output().unwrap();\n    assert_eq!(out.stdout, b"folder said\\n");\n}\n',
  "names/Cargo.toml": '[package]\nname = "names"\nversion = "0.1.0"\nedition = "2021"\n',
  "names/src/lib.rs": 'pub fn name() -> &\'static str {\n    "folder"\n}\n',
};

describe.runIf(HAS_ENGINE)("a build directory of the user's own", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("folders", FILES);
  });
  afterAll(() => project.remove());

  const cargo = (env: NodeJS.ProcessEnv): Result => project.exec("cargo", ["run", "-q"], env);
  const here = (files: readonly string[]): string[] => files.map((file) => path.relative(project.dir, file));

  it.each([
    ["its configuration", '[build]\nbuild-dir = "{workspace-root}/else where/{workspace-path-hash}"\n', {}],
    // (The environment is stronger than a file.)
    [
      "the environment",
      '[build]\ntarget-dir = "else where"\nbuild-dir = "x"\n',
      { CARGO_BUILD_BUILD_DIR: "else where" },
    ],
  ])("is left to cargo, set by %s", (_, config, env) => {
    project.write(".cargo/config.toml", config);
    expect(project.cranefly(["run", "-q"], env)).toMatchObject({ code: 0, stdout: "folder said\n", stderr: "" });
    const found = walk(project.path("else where"), { nestedPackages: true, everything: true });
    expect(here(found).filter((file) => !file.includes("/cranefly/") && !file.endsWith(".rustc_info.json"))).toEqual(
      [],
    );
    expect(cargo(env)).toMatchObject({ code: 0, stdout: "folder said\n", stderr: "" });
    expect(project.cranefly(["run", "-q"], env).stdout).toBe("folder said\n");
    expect(cargo(env)).toMatchObject({ code: 0, stdout: "folder said\n" });
    for (const folder of ["else where", "target"]) fs.rmSync(project.path(folder), { recursive: true, force: true });
  });

  it("may have cargo's layout to come", () => {
    project.write(".cargo/config.toml", "");
    // (What cargo's own tests use; a cargo that does not know the layout ignores it.)
    const env = {
      __CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS: "nightly",
      CARGO_UNSTABLE_BUILD_DIR_NEW_LAYOUT: "true",
    };
    expect(project.cranefly(["run", "-q"], env)).toMatchObject({ code: 0, stdout: "folder said\n", stderr: "" });
    const program = project.path("target/debug/folders");
    expect(project.cranefly(["test", "-q"], env)).toMatchObject({ code: 0, stderr: "" });
    expect(fs.existsSync(program)).toBe(false);
    project.write("target/debug/folders", "another build's");
    expect(project.cranefly(["test", "-q"], env)).toMatchObject({ code: 0, stderr: "" });
    expect(fs.readFileSync(program, "utf8")).toBe("another build's");
    project.edit("names/src/lib.rs", '"folder"', '"edited"');
    expect(project.cranefly(["run"], env)).toMatchObject({ code: 0, stdout: "edited said\n" });
    project.edit("build.rs", "SAID=said", "SAID=says");
    expect(project.cranefly(["run", "-q"], env)).toMatchObject({ code: 0, stdout: "edited says\n", stderr: "" });
  });
});
