import { describe, expect, it } from "vitest";
import { type LinkRequest, readLinkArguments } from "../../../../server/src/core/units/linkArguments.js";

const read = (...args: string[]): LinkRequest => readLinkArguments(args, () => undefined);

describe("a program's link arguments", () => {
  it.each([
    ["-lfoo", "-l", "foo", "-L/dir", "-L", "/dir", "-l:libfoo.a"],
    ["-Wl,-rpath,/dir", "-Wl,-rpath=/dir", "-Wl,--rpath", "-Wl,/dir", "-Xlinker", "-rpath", "-Xlinker", "/dir"],
    ["-z", "now", "-znow", "-Wl,-z,relro,-z,max-page-size=65536", "-Wl,-znoexecstack", "-Xlinker", "-zlazy"],
    [
      "-Wl,--as-needed,--no-as-needed",
      "-Wl,--start-group",
      "libone.a",
      "two.o",
      "/dir/libthree.so.1.2",
      "-Wl,--end-group",
    ],
    ["-Wl,--push-state,--whole-archive", "-lfoo", "-Wl,--pop-state", "-Wl,-Bstatic", "-lbar", "-Wl,-Bdynamic"],
    [
      "-fuse-ld=mold",
      "-B/dir",
      "-B",
      "/dir",
      "--ld-path=/dir/ld",
      "-m64",
      "-pthread",
      "-Wall",
      "-O2",
      "-g",
      "-march=native",
    ],
    [
      "-Wl,--build-id=sha1",
      "-Wl,--build-id",
      "-Wl,--hash-style=gnu",
      "-Wl,--hash-style,gnu",
      "-Wl,-O1",
      "-Wl,--icf=safe",
    ],
    [
      "-Wl,-u,symbol",
      "-u",
      "symbol",
      "-Wl,--undefined=symbol",
      "-Wl,--require-defined=symbol",
      "-Wl,--threads=4",
      "-Wl,--compress-debug-sections=zlib",
    ],
    ["-Wl,--disable-new-dtags", "-Wl,-z,nodelete"],
    ["-Wl,--dynamic-linker=/lib64/ld-linux-x86-64.so.2", "-Wl,-m,elf_x86_64", "-Wl,--gc-sections", "-pie"],
  ])("that mean the same in the base image go on: %s …", (...args) => {
    expect(read(...args)).toEqual({ refused: undefined, strip: "none", exportDynamic: false });
  });

  it.each([
    [["-nostartfiles"], "-nostartfiles"],
    [["-nostdlib"], "-nostdlib"],
    [["-static"], "-static"],
    [["-static-pie"], "-static-pie"],
    [["-no-pie"], "-no-pie"],
    [["-shared"], "-shared"],
    [["-Wl,--wrap=malloc"], "--wrap=malloc"],
    [["-Wl,-wrap,malloc"], "-wrap"],
    [["-Xlinker", "--wrap=malloc"], "--wrap=malloc"],
    [["-Wl,--defsym,one=1"], "--defsym"],
    [["-Wl,--defsym=one=1"], "--defsym=one=1"],
    [["-Wl,-e,main"], "-e"],
    [["-e", "main"], "-e"],
    [["-Wl,--entry=main"], "--entry=main"],
    [["-T", "script.ld"], "-T"],
    [["-Tscript.ld"], "-Tscript.ld"],
    [["-Wl,-Tscript.ld"], "-Tscript.ld"],
    [["script.ld"], "script.ld"],
    [["-Wl,--version-script=map"], "--version-script=map"],
    [["-Wl,--dynamic-list=list"], "--dynamic-list=list"],
    [["-Wl,-Map=out.map"], "-Map=out.map"],
    [["-Wl,--export-dynamic-symbol=one"], "--export-dynamic-symbol=one"],
    [["-Wl,-Bsymbolic"], "-Bsymbolic"],
    [["-Wl,-z,execstack"], "-z execstack"],
    [["-zmuldefs"], "-zmuldefs"],
    [["-Wl,-z,defs"], "-z defs"],
    [["-z", "stack-size=8388608"], "-z stack-size=8388608"],
    [["-Wl,--icf=all"], "--icf=all"],
    [["-Wl,--dynamic-linker", "-Wl,/opt/ld.so"], "--dynamic-linker /opt/ld.so"],
    [["-Wl,--section-start=.text=0x400000"], "--section-start=.text=0x400000"],
    [["-Wl,--gc-sections=yes"], "--gc-sections=yes"],
    [["-fsanitize=address"], "-fsanitize=address"],
    [["-flto"], "-flto"],
    [["-Wl,-rpath"], "-rpath"],
    [["-Wl,-rpath", "/dir"], "-rpath /dir"],
    [["@missing"], "@missing"],
    [["-lfoo", "-Wl,--as-needed,--unheard-of", "-static"], "--unheard-of"],
  ])("%j is refused by name", (args, name) => {
    expect(read(...args).refused).toBe(name);
  });

  it("that the image has to follow are told", () => {
    for (const arg of ["-rdynamic", "-Wl,--export-dynamic", "-Wl,-E", "-Wl,-export-dynamic"]) {
      expect(read(arg)).toEqual({ refused: undefined, strip: "none", exportDynamic: true });
    }
    expect(read("-rdynamic", "-Wl,--no-export-dynamic").exportDynamic).toBe(false);
    for (const arg of ["-s", "-Wl,-s", "-Wl,--strip-all"]) expect(read(arg, "-Wl,-S").strip).toBe("symbols");
    for (const arg of ["-Wl,-S", "-Wl,--strip-debug"]) expect(read(arg).strip).toBe("debuginfo");
  });

  it("of a response file are read", () => {
    const files = new Map([["list", `-lfoo "-Wl,-rpath,/a b"\n'one two.o' -Wl,--wrap=\\m`]]);
    const { refused } = readLinkArguments(["@list"], (file) => files.get(file));
    expect(refused).toBe("--wrap=m");
  });
});
