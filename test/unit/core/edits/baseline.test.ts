/** What was edited since units were compiled, told from the files and from the units' records. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Baseline, type Edits } from "../../../../server/src/core/edits/baseline.js";
import type { SourceCache } from "../../../../server/src/core/source/sourceCache.js";
import { stamp } from "../../../../server/src/core/support/stamps.js";
import type { UnitRecord } from "../../../../server/src/core/units/record.js";
import { openSources } from "../../../support/repository.js";

const TEXT =
  "fn one() -> u8 {\n    1\n}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() {\n        check(1)\n    }\n}\n";

let sources: SourceCache;
let directory: string;
let baseline: Baseline;

beforeAll(async () => {
  sources = await openSources();
});
afterAll(() => sources.dispose());
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-baseline-"));
  baseline = new Baseline(sources);
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

const file = (name: string): string => path.join(directory, name);
const write = (name: string, text: string | Buffer): void => fs.writeFileSync(file(name), text);

/** A record of a unit that was compiled of these files as they are now. */
function compiled(key: string, files: readonly string[], args: readonly string[] = []): UnitRecord {
  return {
    version: 6,
    invocation: { key, id: key, command: ["rustc"], args: [...args], cwd: directory, env: {}, needsRlib: false },
    crate: key,
    bitcodeDir: directory,
    bitcode: [],
    inputs: files.map((name) => stamp(file(name))),
    envDeps: [],
    externs: [],
    linkSources: [],
    metadata: null,
    diagnostics: [],
  };
}

/** What was edited, in few words. */
function summary(edits: Edits): unknown {
  if (edits.kind === "more") return edits.refusal.kind;
  if (edits.kind === "none") return "none";
  return edits.units.map(({ record, files }) => [
    record.invocation.key,
    ...files.map(({ file: name, functions, ranges }) => ({
      [path.basename(name)]: functions.map((fn) => fn.path),
      ranges: ranges.map(({ old, new: now }) => [old, now].flat().join()),
    })),
  ]);
}

const editsOf = (records: readonly UnitRecord[], env: NodeJS.ProcessEnv = {}): unknown =>
  summary(baseline.edits(records, env));

describe("an edit", () => {
  it("is one of bodies in each unit that has the file, as far as the unit goes", () => {
    write("a.rs", TEXT);
    const records = [compiled("program", ["a.rs"]), compiled("tests", ["a.rs"], ["--test"])];
    baseline.refresh(records);
    write("a.rs", TEXT.replace("    1\n", "    1 +\n    1\n").replace("check(1)", "check(2)"));
    expect(editsOf(records)).toEqual([
      ["program", { "a.rs": ["one"], ranges: ["1,3,1,4"] }],
      ["tests", { "a.rs": ["one", "mod tests::adds"], ranges: ["1,3,1,4", "7,9,8,10"] }],
    ]);
    write("a.rs", `\n${TEXT}`);
    expect(editsOf(records)).toEqual([
      ["program", { "a.rs": [], ranges: [] }],
      ["tests", { "a.rs": [], ranges: [] }],
    ]);
  });

  it("is one of the text that was compiled, though the file was saved again meanwhile", () => {
    write("a.rs", TEXT);
    baseline.refresh([compiled("lib", ["a.rs"])]);
    const old = compiled("lib", ["a.rs"]);
    write("a.rs", TEXT.replace("1", "22"));
    expect(editsOf([old])).toMatchObject([["lib", { "a.rs": ["one"] }]]);
    const record = compiled("lib", ["a.rs"]);
    write("a.rs", TEXT.replace("1", "333"));
    baseline.refresh([record]);
    expect(editsOf([record])).toMatchObject([["lib", { "a.rs": ["one"] }]]);
  });

  it("has the text that it was found in, and the file as that was read", () => {
    write("a.rs", TEXT);
    const records = [compiled("program", ["a.rs"])];
    baseline.refresh(records);
    const text = TEXT.replace("    1\n", "    22\n");
    write("a.rs", text);
    const edits = baseline.edits(records, {});
    const [edited] = edits.kind === "bodies" ? (edits.units[0]?.files ?? []) : [];
    const { mtimeMs, size } = fs.statSync(file("a.rs"));
    expect(edited).toMatchObject({ text, before: TEXT, stamp: { mtimeMs, size } });
  });

  it("is none where a file was written with what was in it, or nothing was", () => {
    write("a.rs", TEXT);
    const records = [compiled("program", ["a.rs"])];
    baseline.refresh(records);
    expect(editsOf(records)).toBe("none");
    fs.utimesSync(file("a.rs"), 1, 1);
    expect(editsOf(records)).toBe("none");
  });

  it("is told within its file", () => {
    write("a.rs", TEXT);
    const records = [compiled("program", ["a.rs"])];
    baseline.refresh(records);
    write("a.rs", `${TEXT}extern crate s;\n`);
    const edits = baseline.edits(records, {});
    expect(edits.kind === "more" && edits.refusal.text).toBe("a.rs: an extern crate `s`");
  });
});

describe("what is more than an edit of bodies", () => {
  /** The kind of refusal when something happens behind the back of a unit's record. */
  function refusedAfter(change: () => void, name = "a.rs"): unknown {
    return refused((record) => {
      change();
      return record;
    }, name);
  }

  /** The kind of refusal when a unit that was compiled of one file has another record. */
  function refused(change: (record: UnitRecord) => UnitRecord, name = "a.rs"): unknown {
    write(name, TEXT);
    const record = compiled("program", [name]);
    baseline.refresh([record]);
    return editsOf([change(record)]);
  }

  it("is a file that is no source", () => {
    expect(refusedAfter(() => write("a.txt", "other"), "a.txt")).toBe("noSource");
  });

  it("is a file that is gone, moved, or no text any more", () => {
    expect(refusedAfter(() => fs.rmSync(file("a.rs")))).toBe("goneFile");
    expect(refusedAfter(() => fs.renameSync(file("a.rs"), file("b.rs")))).toBe("goneFile");
    expect(refusedAfter(() => write("a.rs", Buffer.from([0xff, 0xfe])))).toBe("goneFile");
  });

  it("is a file whose compiled text nobody has seen", () => {
    write("a.rs", TEXT);
    const record = compiled("program", ["a.rs"]);
    write("a.rs", TEXT.replace("    1\n", "    22\n"));
    baseline.refresh([record]);
    expect(editsOf([record])).toBe("unknownText");
  });

  it("is a file that changed while it was compiled, or between two units' compilations", () => {
    const changed = (hash: string) => (record: UnitRecord) => ({
      ...record,
      inputs: record.inputs.map((input) => ({ ...input, hash })),
    });
    expect(refused(changed(""))).toBe("changedMeanwhile");
    write("a.rs", TEXT);
    const first = compiled("first", ["a.rs"]);
    write("a.rs", TEXT.replace("    1\n", "    22\n"));
    const second = compiled("second", ["a.rs"]);
    write("a.rs", TEXT.replace("    1\n", "    333\n"));
    expect(editsOf([first, second])).toBe("changedMeanwhile");
  });

  it("is a variable that rustc has read", () => {
    write("a.rs", TEXT);
    const record = { ...compiled("program", ["a.rs"]), envDeps: [{ name: "VERSION", value: "1" }] };
    baseline.refresh([record]);
    expect(editsOf([record], { VERSION: "1" })).toBe("none");
    expect(editsOf([record], { VERSION: "2" })).toBe("variable");
    expect(editsOf([record])).toBe("variable");
  });

  it("is a crate whose metadata or bitcode is gone", () => {
    write("liba.rmeta", "metadata");
    const metadata = stamp(file("liba.rmeta"));
    expect(refused((record) => ({ ...record, metadata }))).toBe("none");
    fs.rmSync(file("liba.rmeta"));
    expect(refused((record) => ({ ...record, metadata }))).toBe("goneMetadata");
    expect(refused((record) => ({ ...record, bitcodeDir: file("gone") }))).toBe("goneBitcode");
  });

  it("is a crate that waits for another interface of one that it uses", () => {
    write("a.rs", TEXT);
    write("liba.rmeta", "metadata");
    const library = { ...compiled("library", ["a.rs"]), metadata: stamp(file("liba.rmeta")) };
    const using = (hash: string): UnitRecord => ({
      ...compiled("program", ["a.rs"]),
      externs: [{ name: "library", path: "", unit: "library", hash }],
    });
    baseline.refresh([library]);
    expect(editsOf([library, using(library.metadata.hash)])).toBe("none");
    expect(editsOf([library, using("older")])).toBe("crateBehind");
  });
});
