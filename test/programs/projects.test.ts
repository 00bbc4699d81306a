/** Published applications: the quick part of `npm run projects`, and that the comparison sees differences. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { check } from "./projects/check.js";
import { sessionDifferences } from "./projects/differences.js";
import { EditedFile } from "./projects/edits.js";
import { projects, select } from "./projects/list.js";
import type { Work } from "./projects/project.js";
import { keepResult, readResults, type ProjectResult } from "./projects/results.js";
import { session } from "./projects/session.js";
import { sectionOf } from "./projects/table.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "cranefly-projects-test-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function script(name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
  return file;
}

describe("the comparison", () => {
  const work: Work = {
    prepare: (play) => writeFile(path.join(play, "given"), "given\n"),
    steps: [{ args: ["one"] }, { args: ["two"], stdin: "in\n" }],
  };
  const differences = async (native: string, ours: string, given: Work = work): Promise<string[]> => {
    const play = path.join(folder, "play");
    const [theirs, mine] = [await script("native", native), await script("ours", ours)];
    return sessionDifferences(given.steps, await session(theirs, given, play), await session(mine, given, play));
  };

  it("finds nothing where there is nothing, each session having a new folder", async () => {
    const text = 'cat given; cat; echo "$1" >> given; echo "$0" | wc -l; exit 3';
    expect(await differences(text, text)).toEqual([]);
  });

  it("takes the program's own path for its name", async () => {
    expect(await differences('echo "usage: ${0##*/}" | sed s/native/name/', 'echo "usage: name"')).toEqual([]);
    expect(await differences('echo "$0"', "echo native")).toEqual([]);
  });

  it("finds another output, error output, exit code, signal and file", async () => {
    expect(await differences("echo a; echo b", "echo a; echo c")).toEqual([
      '`one`, stdout: line 2 is "b" natively, "c" through Cranefly',
      '`two`, stdout: line 2 is "b" natively, "c" through Cranefly',
    ]);
    expect(await differences("true", "[ $1 = one ] || echo e >&2")).toEqual([
      '`two`, stderr: line 1 is "" natively, "e" through Cranefly',
    ]);
    expect((await differences("exit 1", "exit 2"))[0]).toContain("exit code 1 natively, exit code 2 through Cranefly");
    expect((await differences("true", "kill -SEGV $$"))[0]).toContain("exit code 0 natively, SIGSEGV through Cranefly");
    expect(await differences("echo x > made", "true")).toEqual([
      expect.stringMatching(/^the file made: \w{12} natively, missing through Cranefly/),
    ]);
    expect(await differences("ln -s a made", "ln -s b made")).toHaveLength(1);
  });

  it("does not look at what is said to change, nor at the order where it is left to chance", async () => {
    const changing = { ...work, changing: /^made$/ };
    expect(await differences("echo x > made", "echo y > made", changing)).toEqual([]);
    expect(await differences("echo x > made", "true", changing)).toHaveLength(1);
    const unordered = { ...work, steps: [{ args: ["one"], isUnordered: true }] };
    expect(await differences("echo a; echo b", "echo b; echo a", unordered)).toEqual([]);
    expect(await differences("echo a; echo b", "echo b; echo b", unordered)).toHaveLength(1);
  });
});

it("an edit is made in one place, with a new function if wanted, and taken back", async () => {
  const text = "fn main() {\n    work();\n}\n";
  await writeFile(path.join(folder, "main.rs"), text);
  const place = { file: "main.rs", behind: "fn main() {", step: { args: [] } };
  const edited = await EditedFile.of(folder, place);
  await edited.save("body", "tag 1");
  expect(await readFile(edited.file, "utf8")).toBe('fn main() { println!("{}", "tag 1");\n    work();\n}\n');
  await edited.save("item", "tag 2");
  const withItem = await readFile(edited.file, "utf8");
  expect(withItem).toContain('fn main() { println!("{}", tag_2("tag 2"));\n');
  expect(withItem).toContain("\nfn tag_2(tag: &str) -> String {");
  await edited.restore();
  expect(await readFile(edited.file, "utf8")).toBe(text);
  await expect(EditedFile.of(folder, { ...place, behind: "fn nobody" })).rejects.toThrow("not exactly one");
});

it("a result takes the place of the project's earlier one, and the others stay", async () => {
  const file = path.join(folder, "projects.json");
  const result = (name: string, problems: string[] = []): ProjectResult => ({
    ...{ name, version: "1.0", cranefly: "abc", rustc: "rustc 1", machine: "m", steps: 2, problems, functions: 2000 },
    ...{ llvm: [{ construct: "inline assembly", functions: 1 }], firstBuild: { cranefly: 20, cargo: 10.4 } },
    ...{ disk: { cranefly: 5e6, cargo: 4e6 }, memory: { peak: 9e7, images: 3e6 } },
    edits: { body: { lane: "crate", refused: "a const fn", noPatch: "a name", cranefly: 0.25, cargo: 3 } },
  });
  const names = ["a", "b"];
  await keepResult(file, names, result("b"));
  await keepResult(file, names, result("a", ["`x`, stdout: differs"]));
  await keepResult(file, names, result("b"));
  const all = await readResults(file);
  expect(all.map(({ name }) => name)).toEqual(["a", "b"]);
  const section = sectionOf(all);
  expect(section).toContain("| a 1.0 | 2 | **1 problem** | 2,000 | 1 | 20 (10) | 90 + 3 | 5 (4) | crate 0.25 (3.00) |");
  expect(section).toContain(
    "2 projects, 0 of them the same in everything, 1 in all but edits, which were not made; 4,000 functions, 2 of them",
  );
  const { edits, ...unedited } = result("c");
  const item = { lane: "crate", refused: "a macro", cranefly: 1, cargo: 2 } as const;
  const both = sectionOf([{ ...unedited, edits: { ...edits, item } }]);
  expect(both).toContain("1 projects, 1 of them the same in everything;");
  expect(both).toContain("- The edit with a new function took the crate lane: a macro.");
  expect(section).toContain("- No patch crate could be made of the edit of a body: a name.\n");
  expect(section).toContain("- The edit of a body took the crate lane: a const fn.");
});

it("selects by name", () => {
  expect(select([])).toHaveLength(projects.length);
  expect(() => select(["nonsense"])).toThrow("not in the list: nonsense");
});

it("a small one", { timeout: 600_000 }, async () => {
  for (const project of select(["pulldown-cmark"])) {
    const surroundings = { cranefly: "under test", rustc: "the one here", machine: "this one" };
    const result = await check(project, surroundings, () => undefined);
    expect(result.problems).toEqual([]);
    expect(result.functions).toBeGreaterThan(500);
    expect(result.llvm).toEqual([]);
    expect(result.edits).toMatchObject({ body: { lane: "body" }, item: { lane: "body" } });
  }
});
