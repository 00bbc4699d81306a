/** The sample project: every subcommand through Cranefly is what `cargo build`'s executable is, byte for byte. */
import { execFileSync } from "node:child_process";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { buildBoth, buildNative, compareProgram, nativeExecutable, type Program } from "./support/compare.js";
import { buildTests, cargoTest, craneflyTest, differences } from "./support/libtest.js";
import { fixture } from "./support/projects.js";

const dir = await fixture("sample");
const sample: Program = { dir, name: "sample" };
// The subcommands are listed by the program itself, so one that is added is tested without being named here.
await buildNative(sample);
const subcommands = execFileSync(nativeExecutable(sample), ["list"], { encoding: "utf8" }).trim().split("\n");

/** Arguments beyond the subcommand's name, for those that take some. */
const variants: Readonly<Record<string, readonly (readonly string[])[]>> = {
  index: [["4"], ["-1"], ["3"]],
  slice: ["0", "1", "2", "3", "4", "5", "6"].map((n) => [n]),
  overflow: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"].map((n) => [n]),
  divide: ["0", "1", "2", "3", "4", "5"].map((n) => [n]),
  exit: [["0"], ["3"], ["255"], ["-1"]],
  "exit-code": [["0"], ["42"]],
  args: [[], ["one", "two words", "", "--flag", "-x=1", "ünï 🦀", "a\nb", "$HOME", "*"]],
  spawn: [["0"], ["2"]],
};

describe("the sample project", () => {
  beforeAll(() => buildBoth(sample));

  it("lists a subcommand for every corner", () => {
    expect(subcommands.length).toBeGreaterThan(60);
  });

  it("tours without arguments", async () => {
    const native = await compareProgram(sample);
    expect(native.stdout).toMatch(/^Hello from the sample/);
  });

  it.each(subcommands)("%s", async (name) => {
    for (const args of variants[name] ?? [[]]) await compareProgram(sample, { args: [name, ...args] });
  });

  it("ends by the same signals", async () => {
    expect((await compareProgram(sample, { args: ["abort"] })).signal).toBe("SIGABRT");
    expect((await compareProgram(sample, { args: ["signal"] })).signal).toBe("SIGTERM");
  });

  it("echoes standard input, text and broken UTF-8", async () => {
    await compareProgram(sample, { args: ["echo"], stdin: "first\nzweite Zeile ü\n\nno newline" });
    await compareProgram(sample, { args: ["echo"], stdin: Buffer.from([0x61, 0x0a, 0xff, 0xfe, 0x0a, 0x62]) });
    await compareProgram(sample, { args: ["echo"], stdin: "long ".repeat(100_000) });
  });

  it("sees the caller's environment and working directory", async () => {
    const cwd = path.join(dir, "crates");
    const native = await compareProgram(sample, {
      args: ["env"],
      cwd,
      env: { SAMPLE_SETTING: "set by the test", SAMPLE_DIR: "crates" },
    });
    expect(native.stdout).toContain('Ok("set by the test")');
  });

  it.each(["panic", "catch", "unwrap", "index", "overflow", "panic-thread"])(
    "%s with RUST_BACKTRACE=1: the same functions and lines",
    async (name) => {
      const native = await compareProgram(sample, { args: [name], env: { RUST_BACKTRACE: "1" } });
      expect(native.stderr).toContain("stack backtrace:");
    },
  );

  it("panic with RUST_BACKTRACE=full", async () => {
    await compareProgram(sample, { args: ["panic"], env: { RUST_BACKTRACE: "full" } });
  });

  it("has a program with an allocator of its own", async () => {
    const counting: Program = { dir, name: "counting" };
    await buildBoth(counting);
    const native = await compareProgram(counting);
    expect(native.stdout).toContain("box: 1 allocations");
  });

  it("has an example", async () => {
    const greet: Program = { dir, name: "greet", kind: "example" };
    await buildBoth(greet);
    await compareProgram(greet, { args: ["Ada", "Grace Hopper"] });
  });

  it("is built with features", async () => {
    const loud: Program = { dir, name: "sample", selection: ["--features", "loud"] };
    await buildBoth(loud);
    const native = await compareProgram(loud);
    expect(native.stdout).toContain("AND LOUD.");
    await buildBoth(sample);
    expect((await compareProgram(sample)).stdout).not.toContain("AND LOUD.");
  });

  it("passes the tests that cargo test passes", async () => {
    const selection = ["--workspace"];
    await buildTests(dir, { selection });
    const native = await cargoTest(dir, { selection });
    expect(native.outcome.code).toBe(0);
    expect([...native.results.values()].reduce((sum, tests) => sum + tests.size, 0)).toBeGreaterThan(12);
    const ours = await craneflyTest(dir, { selection });
    expect(differences(native.results, ours.results)).toEqual([]);
    expect(ours.outcome.code).toBe(0);
  });
});
