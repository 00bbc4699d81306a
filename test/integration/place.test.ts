/** Projects that are not where they were built: moved, copied, or another checkout with the same target directory. */
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project, type Result, WORKSPACE } from "./project.js";

const SAYS_WHERE = 'println!("in {}", env!("CARGO_MANIFEST_DIR"));\n    println!("{:?} {}"';

/** The workspace in `folder`, whose program says where it was compiled. */
function filesIn(folder: string): [string, string][] {
  return Object.entries(WORKSPACE).map(([file, text]) => [
    `${folder}/${file}`,
    file === "app/src/main.rs" ? text.replace('println!("{:?} {}"', SAYS_WHERE) : text,
  ]);
}

describe.runIf(HAS_ENGINE)("a project", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("place", Object.fromEntries(filesIn("old")));
    expect(run("old").stdout).toContain(`in ${project.path("old/app")}`);
  });
  afterAll(() => project.remove());

  const run = (folder: string, env: NodeJS.ProcessEnv = {}): Result =>
    project.cranefly(["run", "--manifest-path", `${folder}/app/Cargo.toml`], env);

  it("is built anew where it was moved to, without its dependencies", () => {
    fs.renameSync(project.path("old"), project.path("new"));
    const { code, stdout, stderr } = run("new");
    expect(stdout).toBe(`hello 42 MACRO BUILT 7\nin ${project.path("new/app")}\nOk("app") false\n[]\n`);
    expect(code).toBe(0);
    expect(stderr).toContain("Compiling core-lib");
    expect(stderr).not.toContain("Compiling itoa");
    expect(run("new").stderr).toContain("(crate lane, 0 of ");
  });

  it("follows there what its build script and procedural macro are made of", () => {
    project.edit("new/crates/util/src/lib.rs", "to_uppercase", "to_lowercase");
    expect(run("new").stdout).toContain("42 macro built 7");
    project.edit("new/crates/mac/src/lib.rs", '"macro"', '"spell"');
    expect(run("new").stdout).toContain("42 spell built 7");
    project.edit("new/app/build.rs", '"built"', '"made"');
    expect(run("new").stdout).toContain("42 spell made 7");
  });

  it("has nothing to do with its copy", () => {
    fs.cpSync(project.path("new"), project.path("copy"), { recursive: true, preserveTimestamps: true });
    project.edit("copy/app/build.rs", '"made"', '"copied"');
    expect(run("copy").stdout).toMatch(/spell copied 7\nin .*\/copy\/app\n/);
    const { stdout, stderr } = run("new");
    expect(stdout).toMatch(/spell made 7\nin .*\/new\/app\n/);
    expect(stderr).toContain("(crate lane, 0 of ");
  });

  it("is not taken for another checkout in the same target directory", () => {
    const env = { CARGO_TARGET_DIR: project.path("shared") };
    for (const folder of ["new", "copy", "new"])
      expect(run(folder, env).stdout).toContain(`in ${project.path(folder)}/app`);
    project.edit("new/app/src/main.rs", '"hello"', '"welcome"');
    expect(run("copy", env).stdout).toMatch(/^hello 42 spell copied 7\nin .*\/copy\/app\n/);
    expect(run("new", env).stdout).toMatch(/^welcome 42 spell made 7\nin .*\/new\/app\n/);
  });
});

describe.runIf(HAS_ENGINE)("a build that failed", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("failed", WORKSPACE);
  });
  afterAll(() => project.remove());

  it("has left a procedural macro whose edits count", () => {
    project.edit("app/src/main.rs", '"hello"', "7");
    expect(project.cranefly(["run", "-q", "-p", "app"]).code).toBe(101);
    project.edit("app/src/main.rs", "    7\n", '    "hello"\n');
    expect(project.cranefly(["run", "-q", "-p", "app"]).stdout).toContain("42 MACRO BUILT 7");
    project.edit("crates/mac/src/lib.rs", '"macro"', '"spell"');
    expect(project.cranefly(["run", "-q", "-p", "app"]).stdout).toContain("42 SPELL BUILT 7");
  });
});
