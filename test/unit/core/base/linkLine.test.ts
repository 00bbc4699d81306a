import { describe, expect, it } from "vitest";
import { baseLinkArgs, separate } from "../../../../server/src/core/base/linkLine.js";

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
