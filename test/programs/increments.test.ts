/** What an edit costs, and that what runs after it is what `cargo run` would run. */
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareProgram, runCranefly, type Program } from "./support/compare.js";
import { mustRun } from "./support/process.js";
import { fixture } from "./support/projects.js";
import { cache, cranefly } from "./support/repository.js";
import { Watching } from "./support/watching.js";

/**
 * Counts starts of rustc and cargo: a wrapper as users set it (`RUSTC_WRAPPER`, sccache's way), and stand-ins in front on
 * the `PATH`.
 */
class StartLog {
  readonly #folder = path.join(cache, "start-log");
  readonly #log = path.join(this.#folder, "starts");
  env: Record<string, string> = {};

  async prepare(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(path.join(this.#folder, "bin"), { recursive: true });
    const script = async (name: string, body: string) => {
      const file = path.join(this.#folder, name);
      await writeFile(file, `#!/bin/sh\n${body}\n`);
      await chmod(file, 0o755);
      return file;
    };
    const wrapper = await script("wrapper", `echo "wrapper $*" >> '${this.#log}'\nexec "$@"`);
    for (const tool of ["rustc", "cargo"]) {
      const found = (await mustRun("sh", ["-c", `command -v ${tool}`], { cwd: "/" })).stdout.trim();
      await script(`bin/${tool}`, `echo "${tool} $*" >> '${this.#log}'\nexec '${found}' "$@"`);
    }
    this.env = { RUSTC_WRAPPER: wrapper, PATH: `${path.join(this.#folder, "bin")}:${process.env["PATH"] ?? ""}` };
  }

  /** The starts since the last call. */
  async take(): Promise<string[]> {
    const text = await readFile(this.#log, "utf8").catch(() => "");
    await rm(this.#log, { force: true });
    return text.split("\n").filter((line) => line !== "");
  }
}

const dir = await fixture("sample", "increments");
const sample: Program = { dir, name: "sample" };
const starts = new StartLog();

/** Replaces text in one file of the working copy; the text must be there. */
async function edit(file: string, from: string | RegExp, to: string): Promise<void> {
  const full = path.join(dir, file);
  const text = await readFile(full, "utf8");
  const edited = text.replace(from, to);
  if (edited === text) throw new Error(`${file} holds no ${from.toString()}`);
  await writeFile(full, edited);
}

/** A text that no cache has seen, also not that of an earlier run of these tests. */
const fresh = `values (${process.hrtime.bigint().toString(36)}) before overflow`;
const traits = "crates/app/src/traits.rs";
const panics = "crates/app/src/panics.rs";

const selection = ["--bin", "sample"];

describe("increments", () => {
  let watching: Watching;

  beforeAll(async () => {
    await starts.prepare();
    await mustRun(cranefly, ["build", "-q", ...selection], { cwd: dir, env: starts.env });
    await starts.take();
  });

  afterAll(async () => {
    await watching.interrupt();
    await fixture("sample", "increments");
  });

  it("a second run with nothing changed starts no compiler", async () => {
    await runCranefly(sample, { args: ["list"], env: starts.env });
    await starts.take();
    const run = await runCranefly(sample, { args: ["list"], env: starts.env });
    expect(run.code).toBe(0);
    expect(await starts.take()).toEqual([]);
  });

  it("a generation with nothing changed compiles and translates nothing", async () => {
    // (Beside a command that publishes the program, it would tell of that.) What is counted here is the crate lane's, which would follow
    // the body lane.
    watching = new Watching(["--no-body-lane", ...selection], { cwd: dir, env: starts.env });
    const report = await watching.next();
    expect(report).toMatchObject({ ok: true, stale: false, units: [], functions: { changed: 0, compiled: 0 } });
    expect(report.ms.translate).toBe(0);
    expect((await starts.take()).filter((line) => line.startsWith("wrapper"))).toEqual([]);
  });

  it("one string literal: one to three functions", async () => {
    await edit(traits, "values before overflow", fresh);
    const report = await watching.next();
    expect(report).toMatchObject({ ok: true, lane: "crate" });
    expect(report.functions.changed).toBeGreaterThanOrEqual(1);
    expect(report.functions.changed).toBeLessThanOrEqual(3);
    expect(report.functions.compiled).toBeLessThanOrEqual(3);
    expect(report.functions.total).toBeGreaterThan(500);
    const compilers = await starts.take();
    expect(compilers.filter((line) => line.startsWith("cargo"))).toEqual([]);
    expect(compilers.filter((line) => line.startsWith("wrapper"))).toHaveLength(1);
    const native = await compareProgram(sample, { args: ["iterators"] });
    expect(native.stdout).toContain(fresh);
  });

  it("a line added above: places in messages follow", async () => {
    await edit(panics, "use std::cell::RefCell;", "// One more line.\nuse std::cell::RefCell;");
    expect(await watching.next()).toMatchObject({ ok: true });
    for (const name of ["panic", "index", "unwrap"]) await compareProgram(sample, { args: [name] });
  });

  it("the old text again: nothing is compiled", async () => {
    await edit(traits, fresh, "values before overflow");
    const report = await watching.next();
    expect(report).toMatchObject({ ok: true, functions: { compiled: 0 } });
    expect((await compareProgram(sample, { args: ["iterators"] })).stdout).toContain("values before overflow");
  });

  it("a syntax error: rustc's diagnostics, the last good generation named stale, then well again", async () => {
    await edit(traits, "pub fn recursion() {", "pub fn recursion( {");
    const broken = await watching.next();
    expect(broken).toMatchObject({ ok: false, stale: true });
    expect(broken.diagnostics.some((d) => d.level === "error" && (d.rendered ?? "").includes("traits.rs"))).toBe(true);
    await edit(traits, "pub fn recursion( {", "pub fn recursion() {");
    expect(await watching.next()).toMatchObject({ ok: true, stale: false });
    await compareProgram(sample, { args: ["recursion"] });
  });

  it("a body in a library crate: one to three functions", async () => {
    await edit("crates/shapes/src/lib.rs", '"the square".to_owned()', '"a square".to_owned()');
    const report = await watching.next();
    expect(report).toMatchObject({ ok: true, units: expect.arrayContaining(["sample-shapes:lib"]) as string[] });
    expect(report.functions.changed).toBeGreaterThanOrEqual(1);
    expect(report.functions.changed).toBeLessThanOrEqual(3);
    expect(report.functions.compiled).toBeLessThanOrEqual(3);
    expect((await compareProgram(sample, { args: ["traits"] })).stdout).toContain("a square");
  });

  it("a generic function of a library crate: its dependents follow", async () => {
    await edit("crates/shapes/src/lib.rs", "is_none_or(|(_, b)| k > *b)", "is_none_or(|(_, b)| k < *b)");
    const report = await watching.next();
    expect(report.ok).toBe(true);
    expect(report.units.length).toBeGreaterThanOrEqual(2);
    await compareProgram(sample, { args: ["traits"] });
  });

  it("a build script's input", async () => {
    await edit("crates/tables/primes.txt", "37", "37 41");
    expect(await watching.next()).toMatchObject({ ok: true, lane: "cargo" });
    expect((await compareProgram(sample, { args: ["build-script"] })).stdout).toContain("41");
  });

  it("a procedural macro", async () => {
    await edit("crates/macros/src/lib.rs", 'format!("{items}usize")', 'format!("({items}usize + 100)")');
    expect(await watching.next()).toMatchObject({ ok: true, lane: "cargo" });
    expect((await compareProgram(sample, { args: ["derive"] })).stdout).toContain("103 100");
  });

  it("ends on Ctrl-C with exit code 0", async () => {
    expect(await watching.interrupt()).toBe(0);
  });
});
