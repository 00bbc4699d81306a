/** Units of which no edit can be taken alone, whichever way. */
import { inspectArgs, optionNames } from "../units/arguments.js";
import type { UnitRecord } from "../units/record.js";

/**
 * Options under which a function's code is its own affair, or that only say how a crate is named and linked. Others (`instrument-coverage`,
 * `profile-use`, `llvm-args`) may make it depend on the rest of the crate, on files, or on the order of compilation.
 */
const SUITABLE = new Set([
  ..."-Cmetadata -Cextra-filename -Cincremental -Ccodegen-units -Clink-dead-code -Clinker -Clink-arg -Clink-args".split(
    " ",
  ),
  ..."-Clinker-flavor -Clinker-features -Clink-self-contained -Cdefault-linker-libraries -Cprefer-dynamic -Crpath".split(
    " ",
  ),
  ..."-Crelro-level -Cstrip -Csplit-debuginfo -Csave-temps -Car -Cdlltool -Clto -Clinker-plugin-lto".split(" "),
  ..."-Cembed-bitcode -Cno-prepopulate-passes".split(" "),
  ..."-Copt-level -Cdebuginfo -Cdebug-assertions -Coverflow-checks -Cpanic -Cforce-frame-pointers".split(" "),
  ..."-Cforce-unwind-tables -Ctarget-cpu -Ctarget-feature -Crelocation-model -Ccode-model -Cno-redzone".split(" "),
  ..."-Csymbol-mangling-version -Cdwarf-version -Ccollapse-macro-debuginfo -Cjump-tables -Cinline-threshold".split(" "),
  ..."-Cno-vectorize-loops -Cno-vectorize-slp".split(" "),
  ..."-Zunstable-options -Zallow-features -Zthreads -Zmacro-backtrace".split(" "),
]);

/** Why no edit of a unit can be taken alone. */
export function unsuitableUnit({ invocation }: UnitRecord): string | undefined {
  const { crateTypes, optLevel } = inspectArgs(invocation.args);
  if (crateTypes.includes("proc-macro")) return "a procedural macro is the crate lane's";
  // At other levels rustc inlines functions into others before we see them.
  if (optLevel !== "0") return "an optimised profile";
  if (invocation.needsRlib) return "a library that build scripts, procedural macros or native code link to";
  const option = optionNames(invocation.args).find((name) => !SUITABLE.has(name));
  return option === undefined ? undefined : `the compiler option ${option}`;
}
