import { describe, expect, it } from "vitest";
import {
  bitcodeArgs,
  inspectArgs,
  nativeLibraryArgs,
  unitKey,
  withoutDynamicTwins,
} from "../../../../server/src/core/units/arguments.js";

const LIB = [
  "--crate-name",
  "corelib",
  "--edition=2021",
  "core/src/lib.rs",
  "--error-format=json",
  "--json=diagnostic-rendered-ansi,artifacts,future-incompat",
  "--crate-type",
  "lib",
  "--emit=dep-info,metadata,link",
  "-C",
  "embed-bitcode=no",
  "-Clinker-plugin-lto",
  "-C",
  "debuginfo=2",
  "-C",
  "codegen-units=16",
  "-C",
  "metadata=abc",
  "-C",
  "extra-filename=-29e0",
  "--out-dir",
  "/t/debug/deps",
  "-L",
  "dependency=/t/debug/deps",
  "--extern",
  "itoa=/t/debug/deps/libitoa-1.rmeta",
  "--extern",
  "noprelude:util=/t/debug/deps/libutil-2.rlib",
  "--extern",
  "proc_macro",
  "-l",
  "static=foo",
  "-Lnative=/out",
  "-Clink-arg=-Wl,-z,now",
];

const OPTIONS = {
  bitcodeDir: "/u/out",
  cwd: "/w",
  depInfo: "/t/debug/deps/corelib-29e0.d",
  metadata: "/t/debug/deps/libcorelib-29e0.rmeta",
  link: undefined,
  incrementalDir: "/u/inc",
  isWorkspaceLib: (file: string): boolean => file.includes("libutil"),
};

describe("what stays of a command line", () => {
  it("is spelled as cargo spells it, which wrappers look for", () => {
    const args = bitcodeArgs(LIB, OPTIONS).join(" ");
    expect(args).toContain("--crate-name corelib --edition=2021 core/src/lib.rs --error-format=json");
    expect(args).toContain("-l static=foo -Lnative=/out -Clink-arg=-Wl,-z,now");
  });
});

describe("withoutDynamicTwins", () => {
  it("leaves one library of each crate, the static one if there is one", () => {
    const args = ["--crate-name", "app", "--extern", "one=/t/libone-1.so", "--extern", "priv:one=/t/libone-1.rlib"];
    const rest = ["--extern=two=/t/libtwo-1.so", "--extern", "proc_macro", "-C", "debuginfo=2"];
    expect(inspectArgs(withoutDynamicTwins([...args, ...rest])).externs).toEqual([
      { name: "one", path: "/t/libone-1.rlib" },
      { name: "two", path: "/t/libtwo-1.so" },
      { name: "proc_macro", path: undefined },
    ]);
    expect(withoutDynamicTwins(rest)).toEqual(rest);
  });
});

describe("inspectArgs", () => {
  it("reads cargo's command line", () => {
    const args = inspectArgs(LIB);
    expect(args).toMatchObject({
      crate: "corelib",
      crateTypes: ["lib"],
      isTest: false,
      source: "core/src/lib.rs",
      outDir: "/t/debug/deps",
      extraFilename: "-29e0",
      optLevel: "0",
      panic: "unwind",
    });
    expect(args.externs).toEqual([
      { name: "itoa", path: "/t/debug/deps/libitoa-1.rmeta" },
      { name: "util", path: "/t/debug/deps/libutil-2.rlib" },
      { name: "proc_macro", path: undefined },
    ]);
    const libraries = ["-L", "dependency=/t/debug/deps", "-l", "static=foo", "-L", "native=/out"];
    expect(args.link).toEqual(libraries);
    const program = inspectArgs(LIB.map((arg) => (arg === "lib" ? "bin" : arg)));
    expect(program.link).toEqual([...libraries, "-C", "link-arg=-Wl,-z,now"]);
    expect(unitKey(args)).toBe("corelib-29e0");
  });

  it("takes the last of several values, and -O", () => {
    expect(inspectArgs(["-Copt-level=1", "-C", "opt-level=s", "-Cpanic=abort"])).toMatchObject({
      optLevel: "s",
      panic: "abort",
    });
    expect(inspectArgs(["-O", "x.rs"]).optLevel).toBe("3");
  });
});

describe("bitcodeArgs", () => {
  const out = bitcodeArgs(LIB, OPTIONS);

  it("stops at bitcode, with a constant output directory", () => {
    expect(out).toContain(
      "--emit=dep-info=/t/debug/deps/corelib-29e0.d,metadata=/t/debug/deps/libcorelib-29e0.rmeta,llvm-bc",
    );
    expect(out.filter((arg) => arg.startsWith("--emit"))).toHaveLength(1);
    expect(out[out.indexOf("--out-dir") + 1]).toBe("/u/out");
    expect(out).toContain("-Ccodegen-units=256");
    expect(out).toContain("-Cno-prepopulate-passes");
    expect(out).toContain("incremental=/u/inc");
  });

  it("drops what contradicts that, and keeps the rest", () => {
    for (const gone of ["embed-bitcode=no", "linker-plugin-lto", "codegen-units=16", "link"]) {
      expect(out).not.toContain(gone);
    }
    for (const kept of ["metadata=abc", "extra-filename=-29e0", "static=foo"]) {
      expect(out).toContain(kept);
    }
  });

  it("needs no types and variables in debug info, and leaves lesser levels alone", () => {
    const level = (...args: string[]): string | undefined =>
      bitcodeArgs(args, OPTIONS).find((arg) => arg.startsWith("debuginfo="));
    expect(level("-C", "debuginfo=2")).toBe("debuginfo=1");
    expect(level("-Cdebuginfo=full")).toBe("debuginfo=1");
    expect(level("-g")).toBe("debuginfo=1");
    for (const same of ["0", "1", "limited", "line-tables-only", "line-directives-only"]) {
      expect(level(`-Cdebuginfo=${same}`)).toBe(`debuginfo=${same}`);
    }
    expect(level("x.rs")).toBeUndefined();
    expect(inspectArgs(["-g", "x.rs"]).debugInfo).toBe("2");
    expect(inspectArgs(["-Cdebuginfo=0"]).debugInfo).toBe("0");
  });

  it("names a folder with a comma relatively, since --emit would take it for two", () => {
    const args = bitcodeArgs(LIB, { ...OPTIONS, cwd: "/w,x", depInfo: "/w,x/t/a.d", metadata: "/w,x/t/a.rmeta" });
    expect(args).toContain("--emit=dep-info=t/a.d,metadata=t/a.rmeta,llvm-bc");
  });

  it("points to the metadata of the workspace's libraries only", () => {
    expect(out).toContain("--extern=noprelude:util=/t/debug/deps/libutil-2.rmeta");
    expect(out).toContain("--extern=itoa=/t/debug/deps/libitoa-1.rmeta");
    expect(bitcodeArgs(LIB, { ...OPTIONS, isWorkspaceLib: () => false })).toContain(
      "--extern=noprelude:util=/t/debug/deps/libutil-2.rlib",
    );
  });

  it("keeps cargo's own incremental directory", () => {
    const args = bitcodeArgs([...LIB, "-C", "incremental=/t/debug/incremental"], OPTIONS);
    expect(args).toContain("incremental=/t/debug/incremental");
    expect(args).not.toContain("incremental=/u/inc");
  });

  it("emits the rlib as well where it is linked natively", () => {
    const args = bitcodeArgs(LIB, { ...OPTIONS, link: "/t/debug/deps/libcorelib-29e0.rlib" });
    expect(args.find((arg) => arg.startsWith("--emit"))).toContain("link=/t/debug/deps/libcorelib-29e0.rlib,llvm-bc");
  });

  it("leaves no kind of crate but programs and Rust libraries", () => {
    const mixed = LIB.flatMap((arg) => (arg === "lib" ? ["cdylib", "--crate-type", "rlib"] : [arg]));
    expect(inspectArgs(bitcodeArgs(mixed, OPTIONS)).crateTypes).toEqual(["rlib"]);
    const native = nativeLibraryArgs(mixed) ?? [];
    expect(inspectArgs(native).crateTypes).toEqual(["cdylib"]);
    expect(native).toContain("--emit=link");
    expect(nativeLibraryArgs(LIB)).toBeUndefined();
  });
});

it("tells units apart whose outputs have no hash in their names", () => {
  const key = (outDir: string): string => unitKey(inspectArgs(["--crate-name", "rg", "--out-dir", outDir]));
  expect(key("/t/debug/build/rg/1f/out")).toMatch(/^rg-[0-9a-f]{16}$/);
  expect(key("/t/debug/build/rg/2e/out")).not.toBe(key("/t/debug/build/rg/1f/out"));
});
