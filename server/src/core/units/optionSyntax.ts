/** rustc's options as they are spelled on a command line: taken apart, and put together again. */

/** One option with its value: `-C a=b`, `-Ca=b`, `--codegen=a=b` all become {flag: "-C", value: "a=b"}. */
export interface Item {
  readonly flag: string;
  readonly value: string | undefined;
  /** As it was spelled, for one that stays as it is: whoever stands between cargo and rustc may look for that. */
  readonly spelled?: readonly string[];
}

const SHORT_WITH_VALUE = ["-C", "-L", "-l", "-A", "-W", "-D", "-F", "-Z", "-o"] as const;
const LONG_WITH_VALUE = new Set([
  "--crate-name",
  "--crate-type",
  "--emit",
  "--print",
  "--out-dir",
  "--edition",
  "--extern",
  "--target",
  "--cfg",
  "--check-cfg",
  "--cap-lints",
  "--codegen",
  "--sysroot",
  "--error-format",
  "--json",
  "--color",
  "--diagnostic-width",
  "--remap-path-prefix",
  "--allow",
  "--warn",
  "--force-warn",
  "--deny",
  "--forbid",
  "--explain",
]);

/** Splits rustc's arguments into options and plain arguments (flag ""). */
export function parseOptions(args: readonly string[]): Item[] {
  const items: Item[] = [];
  for (let i = 0; i < args.length; i++) {
    const first = i;
    const arg = args[i] ?? "";
    const add = (flag: string, value: string | undefined): void =>
      void items.push({ flag, value, spelled: args.slice(first, i + 1) });
    const short = SHORT_WITH_VALUE.find((flag) => arg.startsWith(flag) && !arg.startsWith("--"));
    if (short !== undefined) {
      add(short, arg.length > 2 ? arg.slice(2) : args[++i]);
    } else if (arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      if (equals >= 0) add(longName(arg.slice(0, equals)), arg.slice(equals + 1));
      else if (LONG_WITH_VALUE.has(arg)) add(longName(arg), args[++i]);
      else add(arg, undefined);
    } else if (arg.startsWith("-") && arg !== "-") {
      add(arg, undefined);
    } else {
      add("", arg);
    }
  }
  return items;
}

function longName(flag: string): string {
  return flag === "--codegen" ? "-C" : flag;
}

export function print(items: readonly Item[]): string[] {
  return items.flatMap(({ flag, value, spelled }) => {
    if (spelled !== undefined) return spelled;
    if (value === undefined) return [flag];
    if (flag === "") return [value];
    return flag.startsWith("--") ? [`${flag}=${value}`] : [flag, value];
  });
}

/** The name of a `-C` option, in rustc's canonical spelling (`-` for `_`). */
export function codegenName(value: string): string {
  return (value.split("=")[0] ?? "").replaceAll("_", "-");
}

/** The `-C` and `-Z` options of a command line: `-Copt-level`. */
export function optionNames(args: readonly string[]): string[] {
  return parseOptions(args).flatMap(({ flag, value }) =>
    flag === "-C" || flag === "-Z" ? [`${flag}${codegenName(value ?? "")}`] : [],
  );
}
