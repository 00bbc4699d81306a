/** `▶ Run` and `▶ Debug` at `main`: of programs, examples and benches with a `main` of their own. */
import type { CodeLens, Range } from "vscode-languageserver/node";
import {
  LensCommands,
  type LensArguments,
  type RunTarget,
  type ServerSettings,
  type Target,
} from "../../../../../shared/src/lsp.js";
import { type NameRange, type Structure, isFree } from "../syntax/structure.js";

/** The lenses of a file that is the root of `targets`. A file may be the root of several. */
export function runLenses(
  structure: Structure,
  targets: readonly Target[],
  settings: ServerSettings["lens"],
): CodeLens[] {
  const main = structure.functions.find((item) => item.name === "main" && isFree(item) && item.scopes.length === 0);
  if (main === undefined) return [];
  const several = targets.length > 1;
  return targets.flatMap(({ target, label }) =>
    startLenses(main.nameRange, target, several ? ` ${label}` : "", settings.run, settings.debug),
  );
}

/** A Run and a Debug lens at a name. rust-analyzer puts its own at the name's range, so they share the line. */
export function startLenses(
  nameRange: NameRange,
  target: RunTarget,
  suffix: string,
  run: boolean,
  debug: boolean,
): CodeLens[] {
  const range = rangeOf(nameRange);
  const start: LensArguments = { target };
  const lenses: CodeLens[] = [];
  if (run)
    lenses.push({ range, command: { title: `▶ Run${suffix} (JIT)`, command: LensCommands.run, arguments: [start] } });
  if (debug)
    lenses.push({ range, command: { title: `▶ Debug${suffix}`, command: LensCommands.debug, arguments: [start] } });
  return lenses;
}

export function rangeOf({ line, start, end }: NameRange): Range {
  return { start: { line, character: start }, end: { line, character: end } };
}
