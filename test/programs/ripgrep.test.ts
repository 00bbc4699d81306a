/** ripgrep as published: searches, output formats, errors and its own tests, against the native build. */
import { beforeAll, describe, expect, it } from "vitest";
import { buildBoth, compareProgram, type Program } from "./support/compare.js";
import { buildTests, cargoTest, count, craneflyTest, differences } from "./support/libtest.js";
import { RIPGREP_MEMBERS, published, publishedWorkspace } from "./support/projects.js";

const ripgrep = { name: "ripgrep", version: "15.2.0" };

/** Name, arguments, and what the native output must contain: a comparison of two empty outputs would say nothing. */
const searches: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["a literal", ["--sort", "path", "fn main", "crates", "tests"], /crates\/core\/main\.rs:fn main/],
  ["a regex, with line numbers", ["--sort", "path", "-n", "\\bfn \\w+_\\w+\\(", "crates"], /\.rs:\d+:/],
  [
    "case-insensitively, with columns",
    ["--sort", "path", "-i", "--column", "USAGE", "-g", "!target", "."],
    /:\d+:\d+:/,
  ],
  ["with context", ["--sort", "path", "-C", "2", "impl", "crates", "tests"], /--\n/],
  ["counts", ["--sort", "path", "-c", "the", "crates", "tests"], /:\d+\n/],
  ["counts of matches", ["--sort", "path", "--count-matches", "[aeiou]", "crates"], /:\d+\n/],
  ["files with matches", ["--sort", "path", "-l", "regex", "-g", "!target", "."], /\.md/],
  ["files without a match", ["--sort", "path", "--files-without-match", "regex", "crates"], /\.rs/],
  ["a list of files", ["--sort", "path", "--files", "crates", "tests"], /main\.rs/],
  ["a glob", ["--sort", "path", "-g", "*.md", "-g", "!CHANGELOG.md", "grep", "-g", "!target", "."], /README\.md/],
  ["a type", ["--sort", "path", "-trust", "struct", "-g", "!target", "."], /struct/],
  ["replacement", ["--sort", "path", "fn (\\w+)\\(", "-r", "function $1 of", "-o", "crates"], /function \w+ of/],
  ["several lines", ["--sort", "path", "-U", "struct [^{]+\\{\\n[^}]*\\}", "crates"], /struct/],
  ["dot matches newline", ["--sort", "path", "-U", "--multiline-dotall", "impl.{0,80}fn", "crates"], /impl/],
  ["words, inverted", ["--sort", "path", "-w", "-v", "-m", "3", "e", "crates"], /\.rs:/],
  ["NUL after paths", ["--sort", "path", "-l", "-0", "fn", "crates"], /\.rs\0/],
  ["fixed strings from standard input", ["-F", "-f", "-", "crates/core/main.rs"], /use/],
  ["Unicode classes", ["--sort", "path", "-o", "\\p{Greek}+|\\p{Cyrillic}+", "-g", "!target", "."], /[\s\S]/],
  ["lookaround is refused", ["foo(?=bar)", "crates"], /^$/],
  ["vimgrep", ["--sort", "path", "--vimgrep", "Result<", "crates"], /:\d+:\d+:/],
  ["headings and colours", ["--sort", "path", "-p", "impl ", "crates"], /fn|impl/],
  ["encoding", ["--sort", "path", "-E", "latin1", "main", "crates"], /main/],
  ["types", ["--type-list"], /rust: \*\.rs/],
  ["the version", ["--version"], /^ripgrep 15\.2\.0/],
  ["the long help", ["--help"], /RECURSIVELY|recursively/],
  ["the manual page", ["--generate", "man"], /\.TH/],
  ["a completion", ["--generate", "complete-bash"], /complete/],
  ["statistics, times aside", ["--sort", "path", "-q", "--stats", "zzzz-no-such-text", "crates"], /0 matches/],
];

/** Times in `--stats` and `--json` differ from run to run. */
function withoutTimes(text: string): string {
  return text.replace(/"(elapsed(?:_total)?)":\{[^}]*\}/g, '"$1":{}').replace(/\d+\.\d+ seconds/g, "N seconds");
}

const rg: Program = { dir: await published(ripgrep), name: "rg" };

describe("ripgrep 15.2.0", () => {
  beforeAll(() => buildBoth(rg));

  it.each(searches)("%s", async (_, args, expected) => {
    const stdin = args.includes("-f") ? "use std\nfn main\n" : "";
    const native = await compareProgram(rg, { args, stdin }, withoutTimes);
    if (args[0] !== "foo(?=bar)") expect(native.stdout).toMatch(expected);
    else expect(native.code).toBe(2);
  });

  it("JSON lines, times aside", async () => {
    const native = await compareProgram(rg, { args: ["--sort", "path", "--json", "fn main", "crates"] }, withoutTimes);
    expect(native.stdout).toContain('"type":"summary"');
  });

  it("searches standard input", async () => {
    const native = await compareProgram(rg, { args: ["-n", "b+"], stdin: "abc\nxyz\nabbbc\n" });
    expect(native.stdout).toBe("1:abc\n3:abbbc\n");
  });

  it("in parallel: the same lines in some order", async () => {
    const sorted = (text: string) => text.split("\n").sort().join("\n");
    await compareProgram(rg, { args: ["-n", "\\w+_\\w+", "crates", "tests"] }, sorted);
  });

  it.each([
    ["a broken regex", ["(unclosed", "crates"], 2],
    ["a missing file", ["fn", "no-such-file"], 2],
    ["an unknown flag", ["--no-such-flag"], 2],
    ["an unknown type", ["-tnonsense", "fn"], 2],
    ["no pattern", [], 2],
    ["nothing found", ["zzzz-no-such-text", "crates"], 1],
  ])("fails as the native program: %s", async (_, args, code) => {
    expect((await compareProgram(rg, { args })).code).toBe(code);
  });

  it("passes the tests that cargo test passes, by name", async () => {
    await buildTests(rg.dir);
    const native = await cargoTest(rg.dir);
    expect(native.outcome.code).toBe(0);
    expect(count(native.results).tests).toBeGreaterThan(200);
    const ours = await craneflyTest(rg.dir);
    expect(differences(native.results, ours.results)).toEqual([]);
    expect(ours.outcome.code).toBe(0);
  });
});

describe("ripgrep's own workspace", async () => {
  const workspace: Program = { dir: await publishedWorkspace(ripgrep, RIPGREP_MEMBERS), name: "rg" };
  beforeAll(() => buildBoth(workspace));

  it("searches as the native program", async () => {
    const native = await compareProgram(workspace, { args: ["--sort", "path", "-n", "pub fn", "members"] });
    expect(native.stdout).toContain("members/globset/src/lib.rs:");
  });

  it("passes its unit tests, crate by crate", async () => {
    const selection = ["--workspace", "--exclude", "ripgrep"];
    await buildTests(workspace.dir, { selection });
    const native = await cargoTest(workspace.dir, { selection });
    expect(count(native.results).tests).toBeGreaterThan(300);
    const ours = await craneflyTest(workspace.dir, { selection });
    expect(differences(native.results, ours.results)).toEqual([]);
  });
});
