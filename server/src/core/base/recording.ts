/** A script in the linker's place, which writes down how rustc calls it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { readText } from "../support/files.js";
import { shellQuote } from "../support/shell.js";

/**
 * The script. rustc removes its temporary folder, with a response file and with libraries that it has unpacked, when the
 * linker has ended, so a copy is kept. The folder is the one of the response file, or of `symbols.o`.
 */
export function recordingScript(recorded: string): string {
  return [
    "#!/bin/sh",
    `out=${shellQuote(recorded)}`,
    'printf \'%s\\0\' "$@" > "$out"',
    'for arg; do case "$arg" in @* | */symbols.o)',
    '  arg="${arg#@}"',
    '  dir="${arg%/*}"',
    '  printf \'%s\' "$dir" > "$out.folder"',
    '  cp -R "$dir" "$out.copy"',
    "  break ;;",
    "esac; done",
    "",
  ].join("\n");
}

const LINKER_WORD = "-Wl,";

/** The arguments that the script wrote down, with paths into the copy; none if it never ran. */
export function recordedLine(recorded: string): string[] {
  const folder = readText(`${recorded}.folder`);
  const copy = `${recorded}.copy`;
  const moved = (file: string): string => {
    if (folder === undefined || path.relative(folder, file).startsWith("..")) return file;
    return path.join(copy, path.relative(folder, file));
  };
  const line = (readText(recorded) ?? "").split("\0").slice(0, -1);
  const args = line.flatMap((arg) => (arg.startsWith("@") ? responseFile(moved(arg.slice(1))) : [arg]));
  return args.map((arg) => {
    // A library that is taken as a whole is a word for the linker.
    const prefix = arg.startsWith(LINKER_WORD) ? LINKER_WORD : "";
    const file = arg.slice(prefix.length);
    return path.isAbsolute(file) && fs.existsSync(moved(file)) ? `${prefix}${moved(file)}` : arg;
  });
}

/** rustc writes its arguments to a file when there are too many of them. */
function responseFile(file: string): string[] {
  const text = readText(file) ?? "";
  return [...text.matchAll(/((?:\\.|[^\s\\])+)/g)].map((match) => (match[1] ?? "").replace(/\\(.)/g, "$1"));
}
