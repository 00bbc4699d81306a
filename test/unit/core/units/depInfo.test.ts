import { describe, expect, it } from "vitest";
import { parseDepInfo, parseDependencyFile } from "../../../../server/src/core/units/depInfo.js";

describe("parseDepInfo", () => {
  it("reads files with blanks and tracked variables", () => {
    const info = parseDepInfo(
      [
        "/t/my\\ app.d: src/main.rs src/a\\ b.rs /x/ö.txt",
        "",
        "src/main.rs:",
        "src/a\\ b.rs:",
        "/x/ö.txt:",
        "",
        "# env-dep:BUILT=two\\nlines\\\\",
        "# env-dep:MISSING",
        "",
      ].join("\n"),
    );
    expect(info.files).toEqual(["src/main.rs", "src/a b.rs", "/x/ö.txt"]);
    expect(info.env).toEqual([
      { name: "BUILT", value: "two\nlines\\" },
      { name: "MISSING", value: undefined },
    ]);
  });
});

it("reads a linker's dependency file", () => {
  const text = "/b/my\\ base.so: \\\n  /b/program.o \\\n  /l/a\\ b$$c.so\n\n/b/program.o:\n\n/l/a\\ b$$c.so:\n";
  expect(parseDependencyFile(text)).toEqual(["/b/program.o", "/l/a b$c.so"]);
  const ofOthers = "/b/my base.so: /b/program.o /l/a b.so\n\n/b/program.o:\n\n/l/a b.so:\n";
  expect(parseDependencyFile(ofOthers)).toEqual(["/b/program.o", "/l/a b.so"]);
});
