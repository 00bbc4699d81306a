import { describe, expect, it } from "vitest";
import { parseRerunIf } from "../../../server/src/core/cargo/cargo.js";
import { parseDepInfo, parseDependencyFile } from "../../../server/src/core/units/depInfo.js";
import { baseLinkArgs, separate } from "../../../server/src/core/base/linkLine.js";
import { shellQuote } from "../../../server/src/core/support/shell.js";
import { PublishResult } from "../../../shared/src/protocol.js";
import { GenerationReport, noFunctions, noTimes } from "../../../shared/src/report.js";

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

describe("baseLinkArgs", () => {
  const base = {
    output: "/b/libbase.so",
    standIn: "/b/program.o",
    partsOf: (rlib: string) => (rlib.includes("sys") ? ["/b/objects/0.o", rlib] : undefined),
    dynamicList: "/b/dynamic.list",
    dependencyFile: "/b/files.d",
  };

  it("leaves out what is an executable's, however it is written", () => {
    const line = ["-Wl,-O1,--gc-sections,-E", "-Xlinker", "-s", "-Xlinker", "-rpath", "-Xlinker", "/a,b", "-rdynamic"];
    expect(separate(line).slice(0, 4)).toEqual(["-Wl,-O1", "-Wl,--gc-sections", "-Wl,-E", "-Wl,-s"]);
    expect(baseLinkArgs(separate(line), base).slice(2, 7)).toEqual([
      "-Wl,-O1",
      "-Wl,--strip-debug",
      "-Wl,-rpath",
      "-Xlinker",
      "/a,b",
    ]);
  });

  it("turns an executable's line into a shared object's", () => {
    const line = [
      "-m64",
      "/tmp/rustcAbc/symbols.o",
      "base.base.1-cgu.0.rcgu.o",
      "-Wl,--as-needed",
      "-Wl,-Bstatic",
      "/s/libz_sys-1.rlib",
      "/s/libstd-1.rlib",
      "-lfoo",
      "-Wl,-Bdynamic",
      "-lgcc_s",
      "-fuse-ld=lld",
      "-Wl,--version-script=/tmp/x",
      "-o",
      "base",
      "-Wl,--gc-sections",
      "-pie",
      "-Wl,-z,relro,-z,now",
      "-nodefaultlibs",
    ];
    expect(baseLinkArgs(line, base)).toEqual([
      "-shared",
      "/b/program.o",
      "-m64",
      "-Wl,--as-needed",
      "-Wl,-Bstatic",
      "/b/objects/0.o",
      "/s/libz_sys-1.rlib",
      "-Wl,--whole-archive",
      "/s/libstd-1.rlib",
      "-Wl,--no-whole-archive",
      "-lfoo",
      "-Wl,-Bdynamic",
      "-lgcc_s",
      "-fuse-ld=lld",
      "-Wl,-z,relro,-z,now",
      "-nodefaultlibs",
      "-Xlinker",
      "--dynamic-list=/b/dynamic.list",
      "-Xlinker",
      "--dependency-file=/b/files.d",
      "-Xlinker",
      "-soname",
      "-Xlinker",
      "/b/libbase.so",
      "-o",
      "/b/libbase.so",
    ]);
  });
});

it("reads what a build script wants to be rerun for", () => {
  const text = "cargo:rerun-if-changed=a/b\ncargo::rerun-if-env-changed=CC\ncargo:rustc-env=X=1\n";
  expect(parseRerunIf(text, "/p")).toEqual({ paths: ["/p/a/b"], variables: ["CC"] });
});

it("quotes for the shell", () => {
  expect(shellQuote("it's ö")).toBe("'it'\\''s ö'");
});

describe("schemas", () => {
  it("accept an empty report and refuse a wrong one", () => {
    const report = {
      generation: 1,
      lane: "crate",
      ok: true,
      stale: false,
      reason: "",
      units: ["p:t"],
      ms: noTimes(),
      functions: noFunctions(),
      diagnostics: [{ message: "m", level: "warning", rendered: "r", spans: [] }],
      programs: [],
    };
    expect(GenerationReport.parse(report).diagnostics[0]).toHaveProperty("spans");
    expect(GenerationReport.safeParse({ ...report, lane: "fast" }).success).toBe(false);
  });

  it("let an engine of a newer version say more, but not less", () => {
    const answer = {
      generation: 1,
      image: "/i",
      us: { parse: 1, translate: 1, hash: 1, compile: 1, publish: 1, extra: 2 },
      functions: noFunctions(),
      fallbacks: [],
      units: { read: 1, reused: 0 },
      more: true,
    };
    expect(PublishResult.safeParse(answer).success).toBe(true);
    expect(PublishResult.safeParse({ ...answer, functions: {} }).success).toBe(false);
  });
});
