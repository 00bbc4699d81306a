/** What surrounds a program: C code, configuration, profiles, odd paths, errors, several processes at once. */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildBoth, compareProgram, expectSame, normalise, runCranefly, type Program } from "./support/compare.js";
import { mustRun, run, type Outcome, type RunOptions } from "./support/process.js";
import { exists, fixture, sync } from "./support/projects.js";
import { cache, cranefly, fixtures } from "./support/repository.js";

const minimal: Program = { dir: await fixture("minimal"), name: "minimal" };
const native: Program = { dir: await fixture("native"), name: "native" };

function invoke(args: readonly string[], options: RunOptions): Promise<Outcome> {
  return run(cranefly, [...args], options);
}

describe("C and assembly", () => {
  beforeAll(() => buildBoth(native));

  it("is one program with Rust", async () => {
    const outcome = await compareProgram(native);
    expect(outcome.stdout).toContain('called back with 7 "from C 7"');
    expect(outcome.stdout).toContain('[Ok(21), Err("panicked")]');
  });

  it("follows a change of the C source", async () => {
    const source = path.join(native.dir, "c/sums.c");
    await writeFile(source, (await readFile(source, "utf8")).replace("from C", "out of C"));
    expect((await compareProgram(native)).stdout).toContain("out of C 7");
    await fixture("native");
  });
});

describe("configuration", () => {
  it("flags and environment of .cargo/config.toml, a package's own optimisation", async () => {
    const outcome = await compareProgram(minimal, { args: ["one", "two words"] });
    expect(outcome.stdout).toContain("configured: true, set by the configuration");
    expect(outcome.stdout).toContain('overflow: Err("checked")');
  });

  it("a profile of the project's own", async () => {
    const quick = { ...minimal, selection: ["--profile", "quick"] };
    expect((await compareProgram(quick)).stdout).toContain("overflow: Ok(0)");
  });

  it("RUSTFLAGS of the environment replace those of the configuration", async () => {
    const outcome = await compareProgram(minimal, { env: { RUSTFLAGS: "-Coverflow-checks=off" } });
    expect(outcome.stdout).toMatch(/configured: false[\s\S]*overflow: Ok\(0\)/);
  });

  it("CARGO_TARGET_DIR", async () => {
    const elsewhere = path.join(cache, "target of the user");
    await rm(elsewhere, { recursive: true, force: true });
    await compareProgram(minimal, { env: { CARGO_TARGET_DIR: elsewhere } });
    expect(await exists(path.join(elsewhere, "cranefly"))).toBe(true);
  });
});

describe("odd paths", () => {
  const folders = ["Mit Leerzeichen", "ünï 🦀 日本", "quotes' & (brackets)", "with, a comma"];
  const odd = path.join(cache, "odd paths");
  afterAll(() => rm(odd, { recursive: true, force: true }));

  it.each(folders)("a project in the folder «%s»", async (folder) => {
    const dir = path.join(odd, folder, "minimal");
    await sync(path.join(fixtures, "minimal"), dir);
    await compareProgram({ ...minimal, dir }, { args: ["argument with ü"] });
  });

  it("a project given by its folder, from another one", async () => {
    const sample = await fixture("sample");
    const outcome = await invoke(["run", "-q", sample, "--bin", "sample", "--", "args", "x"], { cwd: "/" });
    expect(outcome).toEqual({ code: 0, signal: null, stdout: '0 "x" 1\n', stderr: "" });
  });
});

describe("a single file", () => {
  const folder = path.join(cache, "single file");
  const file = path.join(folder, "single.rs");

  beforeEach(async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await cp(path.join(fixtures, "single.rs"), file);
  });

  it("is compiled with the given arguments and run", async () => {
    const plain = await invoke(["run", "-q", file, "--rustc-arg=--edition=2024", "--", "a", "b"], { cwd: folder });
    expect(plain).toEqual({ code: 0, signal: null, stdout: "a+b .\n", stderr: "" });
    const flags = ["--rustc-arg=--edition=2024", "--rustc-arg=--cfg", "--rustc-arg=shouting"];
    const loud = await invoke(["run", "-q", file, ...flags, "--", "a"], { cwd: folder });
    expect(loud.stdout).toBe("a !\n");
  });

  it("panics as it would natively", async () => {
    const flag = "--edition=2024";
    await mustRun("rustc", [flag, "-g", "-o", path.join(folder, "single"), "single.rs"], { cwd: folder });
    const theirs = await run(path.join(folder, "single"), ["a", "b", "c"], { cwd: folder });
    const args = ["run", "-q", "single.rs", `--rustc-arg=${flag}`, "--", "a", "b", "c"];
    expectSame(await invoke(args, { cwd: folder }), theirs);
  });

  it("follows its edits", async () => {
    const args = ["run", "-q", file, "--rustc-arg=--edition=2024", "--", "a", "b"];
    await invoke(args, { cwd: folder });
    await writeFile(file, (await readFile(file, "utf8")).replace('join("+")', 'join("-")'));
    expect((await invoke(args, { cwd: folder })).stdout).toBe("a-b .\n");
  });
});

describe("errors", () => {
  const dir = path.join(cache, "fixtures/broken");
  const broken: Program = { dir, name: "minimal" };
  const main = path.join(dir, "src/main.rs");
  const errors = (text: string) => normalise(text).match(/^error.*$/gm) ?? [];

  beforeEach(() => fixture("minimal", "broken"));

  it.each([
    ["a syntax error", (text: string) => text.replace("fn main() {", "fn main( {")],
    ["a type error", (text: string) => text.replace("fn main() {", 'fn main() { let n: u8 = "text";')],
    ["no main function", (text: string) => text.replace("fn main()", "fn mein()")],
    [
      "a borrow error",
      (text: string) => text.replace("fn main() {", "fn main() { let x; { let y = 1; x = &y; } dbg!(x);"),
    ],
    [
      "an overflow that rustc sees",
      (text: string) => text.replace("fn main() {", "fn main() { let n = 255u8 + 1; dbg!(n);"),
    ],
  ])("%s: rustc's words, cargo's exit code, nothing stale runs", async (_, change) => {
    await runCranefly(broken, {});
    await writeFile(main, change(await readFile(main, "utf8")));
    const theirs = await run("cargo", ["build", "--color=never"], { cwd: dir });
    const ours = await runCranefly(broken, {});
    expect(theirs.code).toBe(101);
    expect(ours.code).toBe(101);
    expect(ours.stdout).toBe("");
    expect(errors(ours.stderr)[0]).toBe(errors(theirs.stderr)[0]);
  });

  it("a broken manifest", async () => {
    await writeFile(path.join(dir, "Cargo.toml"), "[package\nname = ");
    const theirs = await run("cargo", ["run", "-q"], { cwd: dir });
    // Here cargo may well have the last word: what matters is that it is cargo's.
    const ours = await invoke(["run", "-q"], { cwd: dir });
    expect(ours.code).toBe(theirs.code);
    expect(ours.stderr).toContain("Cargo.toml");
  });

  it("a package or program that is not there", async () => {
    for (const args of [
      ["--bin", "nonsense"],
      ["-p", "nonsense"],
      ["--features", "nonsense"],
    ])
      expect((await invoke(["run", ...args], { cwd: dir })).code).toBe(101);
  });
});

describe("processes", () => {
  it("two on one workspace", async () => {
    const dir = await fixture("minimal", "two at once");
    await rm(path.join(dir, "target"), { recursive: true, force: true });
    const program: Program = { dir, name: "minimal" };
    const outcomes = await Promise.all([1, 2, 3].map((n) => runCranefly(program, { args: [String(n)] })));
    for (const [n, outcome] of outcomes.entries()) {
      expect(outcome.code).toBe(0);
      expect(outcome.stdout).toContain(`["${n + 1}"]`);
    }
  });

  it("the daemon stopped between two runs", async () => {
    await runCranefly(minimal, {});
    expect((await invoke(["stop"], { cwd: minimal.dir })).code).toBe(0);
    await compareProgram(minimal, { args: ["again"] });
    expect((await invoke(["status", "--json"], { cwd: minimal.dir })).stdout).toMatch(/^\s*\{/);
  });

  it("everything removed by clean", async () => {
    await runCranefly(minimal, {});
    expect((await invoke(["clean"], { cwd: minimal.dir })).code).toBe(0);
    expect(await exists(path.join(minimal.dir, "target/cranefly"))).toBe(false);
    await compareProgram(minimal);
  });
});
