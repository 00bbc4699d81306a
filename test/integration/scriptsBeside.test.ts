/** A build script that names no inputs runs at every save: beside rustc, and before anything is published. */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorkspace } from "../../bench/workspace.js";
import type { GenerationReport } from "../../shared/src/report.js";
import type { Workspace } from "../../server/src/core/workspace.js";
import { HAS_ENGINE, Project } from "./project.js";

const FILES = {
  "Cargo.toml": '[package]\nname = "scripted"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
  "build.rs": `fn main() {
    let source = std::fs::read_to_string("src/main.rs").unwrap();
    println!("cargo:rustc-env=LINES={}", source.lines().count());
}
`,
  "src/main.rs": `
fn text() -> &'static str {
    "one"
}
fn main() {
    println!("{} {}", text(), env!("LINES"));
}
`,
};

const signal = new AbortController().signal;

describe.runIf(HAS_ENGINE)("a build script that runs at every save", () => {
  let project: Project;
  let workspace: Workspace;
  const save = async (from: string, to: string): Promise<GenerationReport & { readonly output: string }> => {
    project.edit("src/main.rs", from, to);
    const { report } = await workspace.update(performance.now());
    const { stdout } = spawnSync(report.programs[0]?.executable ?? "", { encoding: "utf8" });
    await workspace.follow(signal);
    return { ...report, output: stdout };
  };

  beforeAll(async () => {
    project = new Project("scripted", FILES);
    workspace = openWorkspace({ folder: project.dir, targets: [], env: project.env, hasBodyLane: true });
    await workspace.update(performance.now());
    await save('"one"', '"two"');
  });
  afterAll(() => {
    workspace.close();
    project.remove();
  });

  it("does not keep an edit from the body lane", async () => {
    const report = await save('"two"', '"three"');
    expect(report).toMatchObject({ lane: "body", output: "three 7\n" });
    expect(workspace.bodyLane?.overlaid).toEqual([]);
    expect(report.ms.scripts).toBeGreaterThan(0);
    expect(workspace.bodyLane).toMatchObject({ patched: 1, divergences: 0 });
  });

  it("has its say before the edit is published", async () => {
    const report = await save('"three"', '\n    "four"');
    expect(report).toMatchObject({ lane: "cargo", output: "four 8\n" });
    expect(workspace.bodyLane).toMatchObject({ patched: 1, taken: 1 });
  });

  it("makes a comment more than that", async () => {
    const report = await save("fn main", "\n// Nothing.\nfn main");
    expect(report).toMatchObject({ lane: "cargo", output: "four 10\n" });
    expect(workspace.bodyLane).toMatchObject({ taken: 1 });
  });
});
