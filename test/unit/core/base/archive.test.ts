import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { extractMember, readArchive } from "../../../../server/src/core/base/archive.js";

const LONG = "an_object_with_a_rather_long_name.o";

describe("an archive's directory", () => {
  let dir: string;
  beforeAll(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-archive-"));
    fs.writeFileSync(path.join(dir, "a.c"), "int one(void) { return 1; }\nint two = 2;\n");
    fs.writeFileSync(path.join(dir, "b.c"), "int three(void) { return 3; }\nstatic int four = 4;\n");
    for (const [source, object] of [
      ["a.c", "a.o"],
      ["b.c", LONG],
    ] as const) {
      execFileSync("cc", ["-c", "-o", object, source], { cwd: dir });
    }
    execFileSync("ar", ["crs", "both.a", "a.o", LONG], { cwd: dir });
    execFileSync("ar", ["crsT", "thin.a", "a.o", LONG], { cwd: dir });
  });
  afterAll(() => fs.rmSync(dir, { recursive: true }));

  it.each(["both.a", "thin.a"])("has members and what they define: %s", (name) => {
    const archive = readArchive(path.join(dir, name));
    expect(archive?.members.map((member) => member.name)).toEqual(["a.o", LONG]);
    expect(archive?.symbols.map(({ name: symbol, member }) => [symbol, member.name])).toEqual([
      ["one", "a.o"],
      ["two", "a.o"],
      ["three", LONG],
    ]);
  });

  it("tells where a member's content is", () => {
    const archive = path.join(dir, "both.a");
    const member = readArchive(archive)?.members[1];
    if (member === undefined) throw new Error("no second member");
    extractMember(archive, member, path.join(dir, "copy.o"));
    expect(fs.readFileSync(path.join(dir, "copy.o"))).toEqual(fs.readFileSync(path.join(dir, LONG)));
  });

  it("is none in other files", () => {
    expect(readArchive(path.join(dir, "a.c"))).toBeUndefined();
  });
});
