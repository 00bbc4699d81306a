import { describe, expect, it } from "vitest";
import {
  type ProgramOptions,
  type ReadOptions,
  readProgramOptions,
} from "../../../../server/src/core/units/rustcOptions.js";

const CARGO =
  "--crate-name one --edition=2024 src/main.rs --error-format=json --json=diagnostic-rendered-ansi,artifacts --diagnostic-width=80 " +
  '--crate-type bin --emit=dep-info,link -C embed-bitcode=no -C debuginfo=2 --warn=unused -Cstrip=debuginfo --cfg feature="a" ' +
  "--check-cfg cfg(docsrs,test) -C metadata=1 -C extra-filename=-1 --out-dir /t -C incremental=/i -L dependency=/t " +
  "--extern two=/t/libtwo.rlib -L native=/n -l static:+whole-archive=three -ldylib=four -lfive";

const read = (args: string, more: Partial<ReadOptions> = {}): ProgramOptions =>
  readProgramOptions(args.split(" "), {
    host: "x86_64-unknown-linux-gnu",
    origin: "user",
    isProgram: true,
    readFile: () => undefined,
    ...more,
  });

describe("rustc's options", () => {
  it("as cargo gives them are kept to", () => {
    const program = { refused: undefined, strip: "debuginfo", exportDynamic: false };
    expect(read(CARGO, { origin: "cargo" })).toEqual(program);
    const library = CARGO.replace("bin", "lib").replace("dep-info", "dep-info,metadata");
    expect(read(library, { origin: "cargo", isProgram: false }).refused).toBeUndefined();
    const question = "--crate-name ___ --print=file-names --crate-type bin --crate-type cdylib --print=cfg -Wwarnings";
    expect(read(question, { origin: "question" }).refused).toBeUndefined();
  });

  it.each([
    "-Ctarget-cpu=native",
    "-C target-feature=+avx2,-crt-static",
    "-Csymbol-mangling-version=v0 -Cforce-frame-pointers=yes",
    "-C relocation-model=pic -C code-model=small -C panic=abort -C lto=off",
    "-C linker=clang -C link-arg=-fuse-ld=/usr/bin/mold -Clink-args=-lm -Clinker-features=-lld",
    "-C linker=/usr/bin/x86_64-linux-gnu-gcc-14",
    "-Z threads=8 -Zmacro_backtrace",
    "-Dwarnings -O -g --cap-lints=warn --target=x86_64-unknown-linux-gnu --remap-path-prefix=/a=/b",
  ])("%s are kept to", (args) => {
    expect(read(args).refused).toBeUndefined();
  });

  it.each([
    ["-Ctarget-feature=+aes,+crt-static", "the compiler option `-C target-feature=+aes,+crt-static`"],
    ["--codegen=relocation_model=static", "the compiler option `-C relocation_model=static`"],
    ["-C code-model=kernel", "the compiler option `-C code-model=kernel`"],
    ["-Cinstrument-coverage", "the compiler option `-C instrument-coverage`"],
    ["-Cprofile-generate=/p", "the compiler option `-C profile-generate=/p`"],
    ["-C profile-use=/p", "the compiler option `-C profile-use=/p`"],
    ["-Clto", "the compiler option `-C lto`"],
    ["-C linker-plugin-lto", "the compiler option `-C linker-plugin-lto`"],
    ["-Cllvm-args=-x86-asm-syntax=intel", "the compiler option `-C llvm-args=-x86-asm-syntax=intel`"],
    ["-Cforce-unwind-tables=no", "the compiler option `-C force-unwind-tables=no`"],
    ["-C prefer-dynamic", "the compiler option `-C prefer-dynamic`"],
    ["-C linker=/w/ld.sh", "the compiler option `-C linker=/w/ld.sh`"],
    ["-C linker-flavor=ld", "the compiler option `-C linker-flavor=ld`"],
    ["-C panic=immediate-abort", "the compiler option `-C panic=immediate-abort`"],
    ["-Cunheard-of=1", "the compiler option `-C unheard-of=1`"],
    ["-Zsanitizer=address", "the compiler option `-Z sanitizer=address`"],
    ["--emit=asm", "the compiler option `--emit=asm`"],
    ["--print link-args", "the compiler option `--print=link-args`"],
    ["--sysroot /s", "the compiler option `--sysroot=/s`"],
    ["--target=wasm32-unknown-unknown", "the compiler option `--target=wasm32-unknown-unknown`"],
    ["-l link-arg=-s", "the compiler option `-l link-arg=-s`"],
    ["-C link-arg=-lm -C link-arg=-static", "the link argument `-static`"],
    ["-Clink-args=-Wl,-z,now -nostartfiles", "the compiler option `-nostartfiles`"],
  ])("%s are refused by name", (args, refused) => {
    expect(read(args).refused).toBe(refused);
  });

  it("that only links use are nothing to a library", () => {
    const args = "-C prefer-dynamic -C link-arg=-Wl,--version-script=map -Cstrip=symbols";
    const none = { refused: undefined, strip: "none", exportDynamic: false };
    expect(read(args, { isProgram: false })).toEqual(none);
  });

  it("let cargo link a procedural macro's harness as it likes", () => {
    expect(read("--test -C prefer-dynamic --emit=dep-info,link", { origin: "cargo" }).refused).toBeUndefined();
    expect(read("--test -C prefer-dynamic").refused).toBe("the compiler option `-C prefer-dynamic`");
  });

  it("may be several words of one argument", () => {
    const { refused } = readProgramOptions(["-C", "link-args=-lm  -rdynamic -static"], {
      host: "",
      origin: "user",
      isProgram: true,
      readFile: () => undefined,
    });
    expect(refused).toBe("the link argument `-static`");
  });

  it("say what is stripped and exported", () => {
    expect(read("-C strip=debuginfo -C link-arg=-s").strip).toBe("symbols");
    expect(read("-C strip=symbols -C strip=none").strip).toBe("none");
    expect(read("-C link-arg=-rdynamic").exportDynamic).toBe(true);
    expect(read("-C link-arg=-rdynamic -C strip=debuginfo").refused).toBeUndefined();
    expect(read("-C link-arg=-rdynamic -C strip=symbols").refused).toMatch(/stripping a program/);
  });
});
