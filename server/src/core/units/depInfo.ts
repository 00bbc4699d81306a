/** rustc's dep-info files (`--emit=dep-info`): make rules with backslash escapes, plus `# env-dep:` lines. */

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
      if (colon >= 0) for (const file of splitEscaped(line.slice(colon + 2))) files.add(file);
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
  const named = files.length > 0 ? files.map(withoutBackslashes) : splitEscaped(colon < 0 ? "" : rule.slice(colon + 2));
  return named.map((file) => file.replaceAll("$$", "$"));
}

function withoutBackslashes(text: string): string {
  return text.replace(/\\([ #\\])/g, "$1");
}

/** Splits at blanks that no backslash protects, and drops the protecting backslashes. */
function splitEscaped(list: string): string[] {
  const out: string[] = [];
  let current = "";
  for (let i = 0; i < list.length; i++) {
    const c = list.charAt(i);
    if (c === "\\" && (list[i + 1] === " " || list[i + 1] === "\\" || list[i + 1] === "#")) {
      current += list.charAt(++i);
    } else if (c === " ") {
      if (current !== "") out.push(current);
      current = "";
    } else {
      current += c;
    }
  }
  if (current !== "") out.push(current);
  return out;
}

/** rustc escapes newlines, carriage returns and backslashes in `env-dep` values. */
function unescapeEnv(text: string): string {
  return text.replace(/\\([\\nr])/g, (_, c: string) => (c === "n" ? "\n" : c === "r" ? "\r" : "\\"));
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
