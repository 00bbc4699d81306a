/** `--remap-path-prefix`: what makes the overlay's paths the originals' in everything that rustc writes. */
import * as path from "node:path";
import { isWithin } from "../../support/files.js";

/**
 * The options that give files below `overlay` the names that they would have below `original`. They have to stand behind
 * the user's own: rustc applies the last one that matches, and only one, so the user's are applied to ours here.
 *
 * `user`: values of the user's `--remap-path-prefix` options, `FROM=TO`, in order.
 */
export function overlayRemaps(overlay: string, original: string, user: readonly string[]): string[] {
  const remaps = [`${overlay}=${original}`];
  for (const value of user) {
    const equals = value.lastIndexOf("=");
    if (equals < 0) continue;
    const from = path.posix.normalize(value.slice(0, equals)).replace(/(.)\/$/, "$1");
    const to = value.slice(equals + 1);
    if (isWithin(original, from)) remaps.push(`${overlay}=${join(to, path.relative(from, original))}`);
    else if (isWithin(from, original)) remaps.push(`${join(overlay, path.relative(original, from))}=${to}`);
  }
  return remaps.map((value) => `--remap-path-prefix=${value}`);
}

function join(directory: string, rest: string): string {
  if (rest === "") return directory;
  return directory === "" ? rest : `${directory.replace(/\/$/, "")}/${rest}`;
}
