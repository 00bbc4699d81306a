/** The rules by which an edit is left to the crate lane: because of its unit, its functions, or the time that an overlay would take. */
import { codeOptions, inspectArgs, inspectLints } from "../units/arguments.js";
import { optionNames } from "../units/optionSyntax.js";
import type { UnitRecord } from "../units/record.js";
import type { BodyEdit, UnitEdit } from "../edits/baseline.js";
import { Refusal } from "../edits/refusal.js";
import type { BodyRef } from "../source/functions.js";
import { functionsOfItem } from "../source/items.js";

/**
 * Options under which a function's code depends on the function alone, and options that only say how a crate is named and linked. Others
 * (`instrument-coverage`, `profile-use`, `llvm-args`) may make it depend on the rest of the crate, on files, or on the order of compilation.
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
export function unsuitableUnit({ invocation }: UnitRecord): Refusal | undefined {
  const { crateTypes, optLevel, debugInfo } = inspectArgs(invocation.args);
  if (crateTypes.includes("proc-macro")) return new Refusal("procMacro");
  // At other levels rustc inlines functions into others before we see them.
  if (optLevel !== "0") return new Refusal("optimised");
  // The engine finds edited functions by their lines.
  if (debugInfo === "0" || debugInfo === "none") return new Refusal("noDebugInfo");
  if (invocation.needsRlib) return new Refusal("needsRlib");
  const option = optionNames(invocation.args).find((name) => !SUITABLE.has(name));
  return option === undefined ? undefined : new Refusal("option", option);
}

/** Crates that use the library compile the function themselves; or, of an `async fn`, what polls its future. */
export function isSeenByOthers({ isGeneric, isAsync, inline }: BodyRef): boolean {
  return isGeneric || isAsync || (inline !== undefined && inline !== "never");
}

/** Why no edit of such functions can be taken alone; undefined when one can. */
export function refusalOfCopies(library: UnitRecord, records: readonly UnitRecord[]): Refusal | undefined {
  const moved = refusalOfMoved(library);
  if (moved !== undefined) return moved;
  const own = codeOptions(library.invocation.args);
  const isOther = ({ invocation }: UnitRecord): boolean => codeOptions(invocation.args) !== own;
  return dependentsOf(library, records).some(isOther) ? new Refusal("sharedOptions") : undefined;
}

/**
 * Why an edit of such functions cannot be taken with the others, as the functions that they are: whatever is compiled of crates that use
 * the library sees the library as the crate lane compiled it.
 */
export function refusalOfShared(
  library: UnitRecord,
  edited: readonly UnitEdit[],
  records: readonly UnitRecord[],
): Refusal | undefined {
  return isUserEdited(library, edited, records) ? new Refusal("sharedBoth") : refusalOfCopies(library, records);
}

/** Whether a crate that uses the library was edited as well. */
export function isUserEdited(
  library: UnitRecord,
  edited: readonly UnitEdit[],
  records: readonly UnitRecord[],
): boolean {
  const users = new Set(dependentsOf(library, records).map(({ invocation }) => invocation.key));
  return edited.some(({ record, files }) => {
    return (
      users.has(record.invocation.key) && files.some(({ functions, items }) => functions.length > 0 || items.length > 0)
    );
  });
}

/** Whether changed items hold what crates that use the library compile themselves. */
export function haveShared(edits: readonly BodyEdit[]): boolean {
  const functions = edits.flatMap(({ items }) => items.flatMap(({ before, after }) => [before, after]));
  return functions.some((item) => item !== undefined && functionsOfItem(item).some(isSeenByOthers));
}

/** Why no edit of what a library's users compile themselves can be taken alone: the engine looks for their copies by lines. */
export function refusalOfMoved({ newer }: UnitRecord): Refusal | undefined {
  return newer?.moved === true ? new Refusal("movedLines") : undefined;
}

/** The units that use a library, directly or not. */
export function dependentsOf(library: UnitRecord, records: readonly UnitRecord[]): UnitRecord[] {
  const seen = new Set([library.invocation.key]);
  const users: UnitRecord[] = [];
  for (let before = -1; before !== users.length;) {
    before = users.length;
    for (const record of records) {
      const { key } = record.invocation;
      if (seen.has(key) || !record.externs.some(({ unit }) => unit !== null && seen.has(unit))) continue;
      seen.add(key);
      users.push(record);
    }
  }
  return users;
}

/** Lints that report where the code is that they are about: an edit of one body makes none of them report in another. */
const LOCAL_LINTS = new Set([
  ..."missing_docs missing_debug_implementations missing_copy_implementations unreachable_pub unsafe_code".split(" "),
  ..."unsafe_op_in_unsafe_fn elided_lifetimes_in_paths explicit_outlives_requirements keyword_idents".split(" "),
  ..."macro_use_extern_crate meta_variable_misuse non_ascii_idents nonstandard_style non_snake_case".split(" "),
  ..."non_camel_case_types non_upper_case_globals noop_method_call single_use_lifetimes trivial_casts".split(" "),
  ..."trivial_numeric_casts unused_import_braces unused_lifetimes unused_must_use unused_qualifications".split(" "),
  ..."unused_results variant_size_differences absolute_paths_not_starting_with_crate improper_ctypes".split(" "),
  ..."unconditional_recursion overflowing_literals unreachable_code unreachable_patterns bare_trait_objects".split(" "),
]);

/**
 * A lint that the unit denies and that an edit of one body may have report elsewhere: that a function is used no more, say. `denied`: by
 * attributes in its sources.
 */
export function lintOutside({ invocation }: UnitRecord, denied: readonly string[]): string | undefined {
  const names = [...denied, ...inspectLints(invocation.args)].map((name) => name.replaceAll("-", "_"));
  return names.find((name) => !/^(clippy|rustdoc)(::|$)/.test(name) && !LOCAL_LINTS.has(name));
}

/** The largest part of the crate lane's time that an overlay may take. The crate lane has to follow in any case. */
const WORTH = 0.8;

/** Milliseconds below which an overlay is always fast enough. */
const SHORT = 1500;

/** How many edits skip an overlay that was too slow before it is tried again: the machine may have been busy. */
const PATIENCE = 16;

/** Whether a crate's overlay is worth it: blanked bodies save little where most of the time goes into expansion and name resolution. */
export class OverlayCosts {
  /** Milliseconds of rustc, by unit: the least, since a busy machine only makes it more. */
  private readonly crates = new Map<string, number>();
  private readonly overlays = new Map<string, { readonly ms: number; skipped: number }>();

  crateTook(key: string, ms: number): void {
    this.crates.set(key, Math.min(ms, this.crates.get(key) ?? ms));
  }

  overlayTook(key: string, ms: number): void {
    this.overlays.set(key, { ms: Math.min(ms, this.overlays.get(key)?.ms ?? ms), skipped: 0 });
  }

  /** Whether an edit is left to the crate lane. To be asked once for each edit: it counts them. */
  isTooSlow(key: string): boolean {
    const [crate, overlay] = [this.crates.get(key), this.overlays.get(key)];
    if (crate === undefined || overlay === undefined) return false;
    if (overlay.ms < SHORT || overlay.ms <= crate * WORTH) return false;
    if (overlay.skipped++ < PATIENCE) return true;
    overlay.skipped = 0;
    return false;
  }
}
