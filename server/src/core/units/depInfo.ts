/**
 * rustc's dep-info files (`--emit=dep-info`): make rules, plus `# env-dep:` lines. In a name, rustc puts a backslash before
 * blanks and changes nothing else: cargo (`parse_rustc_dep_info`) reads it so, too.
 */

/** What a unit read: its source files (as written: absolute or relative to rustc's directory) and tracked variables. */
export interface DepInfo {
  readonly files: readonly string[];
  /** Name and value; undefined when the variable was not set. */
  readonly env: readonly { readonly name: string; readonly value: string | undefined }[];
}

/** Parses a dep-info file. */
export function parseDepInfo(text: string): DepInfo {
  const files = new Set<string>();
  const env: { name: string; value: string | undefined }[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("# env-dep:")) {
      const [name, value] = splitOnce(line.slice("# env-dep:".length), "=");
      env.push({ name: unescapeEnv(name), value: value === undefined ? undefined : unescapeEnv(value) });
    } else if (line !== "" && !line.startsWith("#")) {
      const colon = line.indexOf(": ");
      if (colon >= 0) for (const file of splitAtBlanks(line.slice(colon + 2))) files.add(file);
    }
  }
  return { files: [...files], env };
}

/**
 * The files in a dependency file of a linker's. Each is also a target of its own there, on a line of its own, which tells where names
 * with blanks end: only lld protects these.
 */
export function parseDependencyFile(text: string): string[] {
  const [rule = "", ...targets] = text.replaceAll("\\\n", " ").split("\n");
  const files = targets.flatMap((line) => /^(.+):\s*$/.exec(line)?.[1] ?? []);
  const colon = rule.indexOf(": ");
  const named = files.length > 0 ? files.map(withoutEscapes) : splitAtBlanks(colon < 0 ? "" : rule.slice(colon + 2));
  return named.map((file) => file.replaceAll("$$", "$"));
}

/** Splits at blanks; a part that ends with a backslash goes on behind the blank. */
function splitAtBlanks(list: string): string[] {
  const names: string[] = [];
  let goesOn = false;
  for (const part of list.split(" ")) {
    if (goesOn) names.push(`${names.pop()?.slice(0, -1) ?? ""} ${part}`);
    else if (part !== "") names.push(part);
    goesOn = part.endsWith("\\");
  }
  return names;
}

/**
 * As lld escapes names, after clang: a blank, and each backslash right before it, has a backslash before it, as has `#`. All other
 * backslashes are the name's own.
 */
function withoutEscapes(text: string): string {
  return text.replace(/(\\*)\\ |\\#/g, (_, doubled: string | undefined) =>
    doubled === undefined ? "#" : `${doubled.slice(0, doubled.length / 2)} `,
  );
}

/** rustc escapes newlines, carriage returns and backslashes in `env-dep` values. */
function unescapeEnv(text: string): string {
  return text.replace(/\\([\\nr])/g, (_, c: string) => (c === "n" ? "\n" : c === "r" ? "\r" : "\\"));
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
