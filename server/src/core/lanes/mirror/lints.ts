/**
 * Lints that are errors.
 *
 * Blanked bodies make unused imports, variables and functions everywhere, so the lane caps all lints. What would be an error in
 * an edited body must still be one: the lints that are denied, by the compiler itself, by the command line or by the
 * sources, are forced to report, and a report from within an edited body sends the edit to the crate lane.
 */
import { inspectLints } from "../../units/arguments.js";
import { unitEnvironment } from "../../units/invocation.js";
import type { UnitRecord } from "../../units/record.js";
import type { ChangedType, ItemChange } from "../../edits/itemChange.js";
import { run } from "../../support/process.js";

/** Lints about items, not bodies. Reporting them would only cost time. */
const ABOUT_ITEMS = new Set([
  ..."missing_docs missing_debug_implementations missing_copy_implementations unreachable_pub dead_code".split(" "),
  ..."unused_imports unused_extern_crates unused_crate_dependencies rust_2018_idioms nonstandard_style".split(" "),
]);

/**
 * The lint options for a unit: only what would be an error reports. `denied`: by attributes of its sources; `byDefault`: by its compiler
 * (`deniedByDefault`); `hasOwnItems`: see `areOwn`.
 */
export function lintArgs(
  { invocation }: UnitRecord,
  denied: readonly string[],
  byDefault: readonly string[],
  hasOwnItems = false,
): readonly string[] {
  const names = new Set(
    [...byDefault, ...denied, ...inspectLints(invocation.args)].map((name) => name.replaceAll("-", "_")),
  );
  // rustc knows no `--force-warn=warnings`: then everything reports that is not allowed. (A patch crate hides what it takes of its twin.)
  if (names.has("warnings")) return ["--cap-lints=warn", "--allow=hidden_glob_reexports"];
  const isAsked = (name: string): boolean => !ABOUT_ITEMS.has(name) || (hasOwnItems && name === DEAD_CODE);
  const forced = [...names].filter((name) => !name.includes("::") && isAsked(name)).sort();
  return ["--cap-lints=allow", ...forced.map((name) => `--force-warn=${name}`)];
}

const DEAD_CODE = "dead_code";
/** What these lints say of a new item, a patch crate tells: all that uses it is there, and what it imports is said of others. */
const TOLD_OF_OWN = new Set([DEAD_CODE, "unused_imports", "unused", "warnings"]);

/**
 * Items that only what is compiled with them can use, so that a patch crate has all of their uses, and items that are gone: of what these
 * have used the crate lane tells, as of what an edited body uses no more.
 */
export function areOwn(changes: readonly ItemChange[]): boolean {
  return changes.every((change) => {
    const { type, impl, before, after } = change;
    return OWN.has(type) && impl === undefined && (before === undefined || after === undefined) && isHidden(change);
  });
}

const OWN = new Set<ChangedType>(["function_item", "const_item", "static_item"]);

/** Lints that report on nothing but what is `pub` as it is written. */
const ABOUT_PUBLIC = new Set(["missing_docs", "unreachable_pub"]);
/** Lints that report on types which other crates get, whatever these types' own visibility. */
const ABOUT_PUBLIC_TYPES = new Set(["missing_debug_implementations", "missing_copy_implementations"]);

const TYPES = ["struct_item", "enum_item", "union_item"] as const;
/** Items that other crates get nothing through unless they are public themselves. (An `impl` of a trait may name types for them.) */
const CONTAINED = new Set<ChangedType>([
  ...(["function_item", "const_item", "static_item", "type_item", "use_declaration"] as const),
  ...TYPES,
]);

/**
 * Whether a lint about items is an error, and may report because of these changes: no patch crate can tell what it says of a new one.
 * `denied`: by attributes of the sources.
 */
export function deniesItems(
  { invocation }: UnitRecord,
  denied: readonly string[],
  changes: readonly ItemChange[],
): boolean {
  const names = [...denied, ...inspectLints(invocation.args)].map((name) => name.replaceAll("-", "_"));
  const areHidden = changes.every(isHidden);
  const hasOwnItems = areOwn(changes);
  const hasTypes = changes.some(({ type }) => (TYPES as readonly ChangedType[]).includes(type));
  const isAboutOthers = (name: string): boolean =>
    areHidden && (ABOUT_PUBLIC.has(name) || (ABOUT_PUBLIC_TYPES.has(name) && !hasTypes));
  return names.some(
    (name) =>
      !(hasOwnItems && TOLD_OF_OWN.has(name)) &&
      (name === "warnings" ||
        name === "unused" ||
        name === "bad_style" ||
        (ABOUT_ITEMS.has(name) && !isAboutOthers(name))),
  );
}

const PUBLIC = /\bpub\b(?!\s*\(\s*(?:in\b|(?:crate|self|super)\s*\)))/;

/** Whether nothing that other crates get was changed. */
function isHidden({ type, before, after }: ItemChange): boolean {
  return CONTAINED.has(type) && [before, after].every((item) => item === undefined || !PUBLIC.test(item.text));
}

/** Whether a lint that reports on an edited function's header is about its body: an argument that is used no more is. */
export function isAboutBody(lint: string): boolean {
  return !ABOUT_ITEMS.has(lint);
}

const known = new Map<string, Promise<readonly string[]>>();

/** Lints that a unit's compiler denies unless told otherwise. Asked once a process. */
export function deniedByDefault({ invocation }: UnitRecord, base: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const { command, cwd } = invocation;
  const env = unitEnvironment(invocation, base);
  const key = JSON.stringify([command, env["RUSTUP_TOOLCHAIN"]]);
  const found = known.get(key) ?? ask(command, cwd, env);
  known.set(key, found);
  found.catch(() => known.delete(key));
  return found;
}

async function ask(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const lints: string[] = [];
  const onStdout = (line: string): void => {
    const match = /^\s+([a-z0-9-]+)\s+(deny|forbid)\s/.exec(line);
    if (match?.[1] !== undefined) lints.push(match[1]);
  };
  const exit = await run([...command, "-W", "help"], { cwd, env, onStdout, onStderr: () => undefined });
  if (exit.code !== 0 || lints.length === 0) throw new Error(`${command.join(" ")} -W help lists no lints`);
  return lints;
}
