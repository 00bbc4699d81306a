/** Edits of function bodies in a watched project: the body lane is taken, is right, and is followed by the crate lane. */
import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GenerationReport } from "../../shared/src/report.js";
import { HAS_ENGINE, Project } from "./project.js";
import { Watch } from "./watching.js";

const FILES: Readonly<Record<string, string>> = {
  "Cargo.toml": '[package]\nname = "edited"\nversion = "0.1.0"\nedition = "2021"\n',
  "src/lib.rs": [
    "use std::fmt::Debug;",
    "pub fn plain(n: u32) -> u32 {",
    "    n * 2 + 1",
    "}",
    "pub fn generic<T: Debug>(value: T) -> String {",
    '    format!("<{value:?}>")',
    "}",
    "",
  ].join("\n"),
  "src/main.rs": [
    "use std::sync::atomic::{AtomicU32, Ordering};",
    "static CALLS: AtomicU32 = AtomicU32::new(0);",
    "fn greeting(name: &str) -> String {",
    "    CALLS.fetch_add(1, Ordering::Relaxed);",
    '    format!("hello {name}")',
    "}",
    "fn untouched() -> Vec<u8> {",
    "    (0..4).map(|n| n * 2).collect()",
    "}",
    "fn main() {",
    '    println!("{} {:?}", greeting("you"), untouched());',
    "    let calls = CALLS.load(Ordering::Relaxed);",
    '    println!("{calls} {} {}", edited::plain(3), edited::generic(Own(7)));',
    "}",
    "struct Own(u8);",
    "impl std::fmt::Debug for Own {",
    "    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { self.0.fmt(f) }",
    "}",
    "",
  ].join("\n"),
};

describe.runIf(HAS_ENGINE)("an edit of a body", () => {
  let project: Project;
  let watch: Watch;

  beforeEach(async () => {
    project = new Project("bodies", FILES);
    // So that the library is the crate that is expected to be edited.
    fs.utimesSync(project.path("src/main.rs"), 1e9, 1e9);
    watch = new Watch(project, ["--run"]);
    expect(await watch.report()).toMatchObject({ ok: true });
    await watch.next((line) => line === "1 7 <7>");
  });
  afterEach(async () => {
    await watch.end();
    project.remove();
  });

  const edit = (file: string, from: string, to: string): void => project.edit(file, from, to);

  /** Waits until the overlays of so many crates are ready: the library's, and the program's once it was edited. */
  const arePrepared = async (crates: number): Promise<void> => {
    const units = project.path("target/cranefly/.cranefly/body");
    const ready = (): string[] =>
      fs.existsSync(units) ? fs.readdirSync(units).filter((unit) => fs.existsSync(`${units}/${unit}/bc-1`)) : [];
    while (ready().length < crates) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  it("takes the body lane once its crate was edited before, and the crate lane confirms it", async () => {
    edit("src/main.rs", "hello {name}", "hi {name}");
    expect(await watch.report()).toMatchObject({ lane: "crate", refused: "a crate that is edited for the first time" });
    await watch.next((line) => line === "hi you [0, 2, 4, 6]");
    await arePrepared(2);
    edit(
      "src/main.rs",
      'format!("hi {name}")',
      'format!("{} times hi, {name}", name.chars().rev().map(|c| c as u32).sum::<u32>())',
    );
    const report = await watch.report();
    expect(report).toMatchObject({ lane: "body", ok: true, units: ["edited:edited"] });
    expect(report.functions.compiled).toBeGreaterThan(0);
    await watch.next((line) => line === "349 times hi, you [0, 2, 4, 6]");
    await watch.next((line) => line === "1 7 <7>");
    const followed = await watch.report();
    expect(followed).toMatchObject({ lane: "crate", ok: true });
    expect(followed.programs[0]?.verified).toMatchObject({ diverged: [] });
    expect(followed.programs[0]?.verified?.equal).toBeGreaterThan(0);
    expect(project.cranefly(["run", "-q"]).stdout).toBe("349 times hi, you [0, 2, 4, 6]\n1 7 <7>\n");
  });

  it("takes it again before the crate lane has followed", async () => {
    edit("src/main.rs", "hello", "one");
    await watch.next((line) => line.startsWith("one you"));
    await arePrepared(2);
    for (const [from, to] of [
      ["one", "two"],
      ["two", "three"],
      ["three", "four"],
    ] as const) {
      edit("src/main.rs", from, to);
      await watch.next((line) => line === `${to} you [0, 2, 4, 6]`);
    }
    edit("src/main.rs", "n * 2", "n * 3");
    await watch.next((line) => line === "four you [0, 3, 6, 9]");
    expect(project.cranefly(["run", "-q"]).stdout).toBe("four you [0, 3, 6, 9]\n1 7 <7>\n");
  });

  it("leaves generic functions that other crates instantiate for their types, items and errors to the crate lane, with the reason", async () => {
    edit("src/lib.rs", "n * 2 + 1", "n * 2 + 2");
    await watch.next((line) => line === "1 8 <7>");
    // (The overlay of the library is ready by and by: whether the first edit was the crate lane's is a matter of luck.)
    let generic: GenerationReport | undefined;
    for (let n = 0; n < 20 && generic?.refused?.startsWith("an edited") !== true; n++) {
      await new Promise((resolve) => setTimeout(resolve, 100 * n));
      edit("src/lib.rs", n === 0 ? "<{value:?}>" : `${n - 1}-{value:?}`, `${n}-{value:?}`);
      generic = await watch.until((report) => report.refused !== undefined);
      await watch.next((line) => line === `1 8 ${n}-7`);
    }
    expect(generic).toMatchObject({
      lane: "crate",
      ok: true,
      refused: "an edited generic function has instances in other crates",
    });
    edit("src/lib.rs", "-{value:?}", "[{value:?}]");
    await watch.next((line) => /^1 8 \d+\[7\]$/.test(line));
    const shown = /"(\d+\[)\{value/.exec(fs.readFileSync(project.path("src/lib.rs"), "utf8"))?.[1] ?? "";
    // A save that follows so soon that nobody knows what the crate lane has read is left to it as well.
    let report: GenerationReport | undefined;
    for (let n = 3; n < 9 && report?.lane !== "body"; n++) {
      edit("src/lib.rs", `n * 2 + ${n - 1}`, `n * 2 + ${n}`);
      report = await watch.until(({ units }) => units.includes("edited:lib"));
      await watch.next((line) => line === `1 ${6 + n} ${shown}7]`);
    }
    expect(report).toMatchObject({ lane: "body", ok: true, units: ["edited:lib"] });
    // A mistake in a body has its place in the crate lane's report.
    edit("src/lib.rs", "n * 2", "missing() * 2");
    const { diagnostics, ...mistaken } = await watch.until((report) => !report.ok);
    expect(mistaken).toMatchObject({ lane: "crate", refused: "the edited function does not compile" });
    expect(diagnostics.map(({ rendered }) => rendered).join("\n")).toMatch(/`missing`[^]*src\/lib\.rs:3:5/);
    edit("src/lib.rs", "missing() * 2", "n * 2");
    await watch.until((report) => report.ok);
    edit("src/lib.rs", "n: u32", "n: u32, more: u32");
    expect(await watch.until((report) => !report.ok)).toMatchObject({ lane: "crate" });
    edit("src/lib.rs", "n: u32, more: u32", "n: u32");
    await watch.until((report) => report.ok);
  });
});
