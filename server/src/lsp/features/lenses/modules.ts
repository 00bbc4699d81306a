/** A file's place in its crate, by the paths that `mod name;` leads to. */
import * as path from "node:path";

/** The modules around a file's items; undefined when no `mod` without a `#[path]` leads from the root to it. */
export function modulePathOf(root: string, file: string): string[] | undefined {
  if (file === root) return [];
  const relative = path.relative(path.dirname(root), file);
  if (relative.startsWith("..") || path.isAbsolute(relative) || !relative.endsWith(".rs")) return undefined;
  const segments = relative.slice(0, -".rs".length).split(path.sep);
  if (segments.at(-1) === "mod") segments.pop();
  return segments.length === 0 ? undefined : segments;
}
