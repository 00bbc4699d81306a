/** Places in the crate lane's sources, as functions that have to stay whole. */
import type { Instantiator } from "../../../../shared/src/protocol.js";
import { readText } from "../support/files.js";
import type { UnitEdit } from "../edits/baseline.js";
import type { BodyRef, Outline } from "../source/outline.js";
import type { SourceCache } from "../source/sourceCache.js";
import type { FunctionName } from "./overlay/overlayState.js";

export interface Callers {
  /** Functions of the unit that have to be there. */
  readonly functions: readonly FunctionName[];
  /** Places of functions that no static can name: a derive's, a macro's. Only what calls them makes them. */
  readonly unnamed: readonly Instantiator[];
}

/** The functions of a unit at these places. */
export function callersAt({ record, files }: UnitEdit, places: readonly Instantiator[], sources: SourceCache): Callers {
  const functions = new Map<string, FunctionName>();
  const unnamed: Instantiator[] = [];
  const outlines = new Map<string, Outline | undefined>();
  const outlineOf = (file: string): Outline | undefined => {
    if (!outlines.has(file)) {
      // The crate lane's text.
      const edit = files.find((it) => it.file === file);
      const text = readText(file) ?? "";
      const outline =
        edit === undefined
          ? sources.get(file, text).outline
          : sources.compare(file, edit.before, edit.text, (before) => before.outline);
      outlines.set(file, typeof outline === "string" ? undefined : outline);
    }
    return outlines.get(file);
  };
  const own = new Set(record.inputs.map((input) => input.path));
  for (const place of places) {
    const { file, line, isRoot } = place;
    if (!own.has(file)) continue;
    const here = outlineOf(file)?.functions.filter((fn) => fn.line <= line && line <= fn.endLine) ?? [];
    for (const fn of here) {
      // What nothing can name stays whole all the same. (What is exposed is whole anyway.)
      if (isNameable(fn) || fn.exposed === undefined) functions.set(`${file}\0${fn.path}`, { file, path: fn.path });
    }
    if (isRoot && !here.some(isNameable)) unnamed.push(place);
  }
  return { functions: [...functions.values()], unnamed };
}

/** Whether a static with the function's address has rustc compile what the function calls. */
function isNameable({ root, attributeMacros }: BodyRef): boolean {
  return root !== undefined && attributeMacros.length === 0;
}
