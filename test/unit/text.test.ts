import { describe, expect, it } from "vitest";
import { parseRerunIf } from "../../server/src/core/cargo.js";
import { linkAttributes } from "../../server/src/core/compile.js";
import { parseDepInfo } from "../../server/src/core/depinfo.js";
import { baseLinkArgs } from "../../server/src/core/linkline.js";
import { shellQuote } from "../../server/src/core/shell.js";
import { PublishResult } from "../../shared/src/protocol.js";
import { GenerationReport, noFunctions, noTimes } from "../../shared/src/report.js";

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

describe("baseLinkArgs", () => {
  const base = {
    output: "/b/libbase.so",
    objects: ["/b/anchors.o"],
    wholeArchives: ["/lib/libc_nonshared.a"],
    emptyLibraries: ["-lutil"],
  };

  it("turns an executable's line into a shared object's", () => {
    const line = [
      "-m64",
      "/tmp/rustcAbc/symbols.o",
      "base.base.1-cgu.0.rcgu.o",
      "-Wl,--as-needed",
      "-Wl,-Bstatic",
      "/s/libstd-1.rlib",
      "-lfoo",
      "-Wl,-Bdynamic",
      "-lgcc_s",
      "-lutil",
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
      "/b/anchors.o",
      "-Wl,--whole-archive",
      "/lib/libc_nonshared.a",
      "-Wl,--no-whole-archive",
      "-m64",
      "-Wl,-Bstatic",
      "-Wl,--whole-archive",
      "/s/libstd-1.rlib",
      "-Wl,--no-whole-archive",
      "-lfoo",
      "-Wl,-Bdynamic",
      "-lgcc_s",
      "-Wl,--as-needed",
      "-lutil",
      "-Wl,--no-as-needed",
      "-fuse-ld=lld",
      "-Wl,-z,relro,-z,now",
      "-nodefaultlibs",
      "-Wl,-Bsymbolic",
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

it("finds the libraries of #[link] attributes", () => {
  const source = '#[link(name = "z")]\n#[cfg_attr(unix, link(name = "m", kind = "static"))]\n#[link_section = ".x"]';
  expect(linkAttributes(source)).toEqual(["dylib=z", "static=m"]);
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
      warnings: [],
      more: true,
    };
    expect(PublishResult.safeParse(answer).success).toBe(true);
    expect(PublishResult.safeParse({ ...answer, functions: {} }).success).toBe(false);
  });
});
