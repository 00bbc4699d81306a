/** Asks the engine what instances of edited generic functions there are, and which functions have to be there for them to be made. */
import type { Instance, Instantiator } from "../../../../shared/src/protocol.js";
import { type EditsForEngine, editForEngine } from "./editForEngine.js";
import { readText } from "../support/files.js";
import type { UnitEdit } from "../edits/baseline.js";
import { Refusal, refuse } from "../edits/refusal.js";
import type { SourceCache } from "../source/sourceCache.js";
import type { BodyRef, FunctionName, Outline } from "../source/functions.js";
import type { Engine } from "../engine/client.js";
import { EngineError } from "../engine/errors.js";
import type { UnitRecord } from "../units/record.js";
import type { UnitRecords } from "../units/records.js";
import { damageOf, publishParams } from "../engine/publish.js";
import type { Program } from "../units/program.js";

/** How many callers up the engine is asked for, from a function that nothing can name. */
const MAX_PASSES = 8;

/** With more callers than this, the crate lane is probably as fast. */
const MAX_CALLERS = 64;

/** The instances that programs have of a unit's edited generic functions. Rejects with `Refused`. */
export async function instancesOf(
  workspace: string,
  records: UnitRecords,
  programs: readonly Program[],
  { record, files }: UnitEdit,
  engine: Engine,
): Promise<readonly Instance[]> {
  const { key } = record.invocation;
  const bodyLane = [editForEngine(record, { bitcode: [] }, files)[1]];
  const found: Instance[] = [];
  for (const program of programs.filter(({ closure }) => closure.includes(key))) {
    try {
      found.push(...(await engine.instances({ ...publishParams(workspace, records, program), bodyLane })));
    } catch (error) {
      if (error instanceof EngineError && error.kind === "bodyLane") refuse("engine", error.message);
      throw damageOf(records, program, error) ?? error;
    }
  }
  return [...new Map(found.map((it) => [`${it.line} ${it.name} ${it.file}`, it])).values()];
}

/** The tests that the program of a test build has, by name. Rejects with `Refused`. */
export async function testsOf(
  workspace: string,
  records: UnitRecords,
  programs: readonly Program[],
  record: UnitRecord,
  engine: Engine,
): Promise<readonly string[]> {
  const [program, ...others] = programs.filter(({ closure }) => closure.includes(record.invocation.key));
  if (program === undefined || others.length > 0) refuse("unknownTests");
  const bodyLane = [editForEngine(record, { bitcode: [] })[1]];
  try {
    return await engine.tests({ ...publishParams(workspace, records, program), bodyLane });
  } catch (error) {
    if (error instanceof EngineError && error.kind === "bodyLane") refuse("engine", error.message);
    throw damageOf(records, program, error) ?? error;
  }
}

/** The functions of each unit that have to be compiled with the edited ones, by unit key; or why that cannot be told. */
export async function instantiatorsOf(
  workspace: string,
  records: UnitRecords,
  programs: readonly Program[],
  edits: readonly UnitEdit[],
  engine: Engine,
  sources: SourceCache,
): Promise<ReadonlyMap<string, readonly FunctionName[]> | Refusal> {
  const isGeneric = edits.some(({ files }) => files.some(({ ranges }) => ranges.some(({ generic }) => generic)));
  if (!isGeneric) return new Map();
  const passed: Pick<Instantiator, "file" | "line">[] = [];
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const forEngine: EditsForEngine = new Map(
      edits.map(({ record, files }) => editForEngine(record, { bitcode: [], passed }, files)),
    );
    const places: Instantiator[] = [];
    for (const program of programs) {
      const bodyLane = program.closure.flatMap((key) => forEngine.get(key) ?? []);
      if (bodyLane.length === 0) continue;
      try {
        places.push(...(await engine.instantiators({ ...publishParams(workspace, records, program), bodyLane })));
      } catch (error) {
        if (error instanceof EngineError && error.kind === "bodyLane") return new Refusal("engine", error.message);
        throw damageOf(records, program, error) ?? error;
      }
    }
    const found = edits.map((edit) => ({ key: edit.record.invocation.key, ...callersAt(edit, places, sources) }));
    const news = found
      .flatMap(({ unnamed }) => unnamed)
      .filter(({ file, line }) => !passed.some((known) => known.file === file && known.line === line));
    if (found.some(({ functions }) => functions.length > MAX_CALLERS)) {
      return new Refusal("manyCallers");
    }
    if (news.length === 0) return new Map(found.map(({ key, functions }) => [key, functions]));
    passed.push(...news.map(({ file, line }) => ({ file, line })));
  }
  return new Refusal("noNamedCaller");
}

/** Places in the crate lane's sources, as functions that have to stay whole. */
interface Callers {
  /** Functions of the unit that have to be there. */
  readonly functions: readonly FunctionName[];
  /** Places of functions that no static can name: a derive's, a macro's. Only what calls them makes them. */
  readonly unnamed: readonly Instantiator[];
}

/** The functions of a unit at these places. */
function callersAt({ record, files }: UnitEdit, places: readonly Instantiator[], sources: SourceCache): Callers {
  const functions = new Map<string, FunctionName>();
  const unnamed: Instantiator[] = [];
  const outlines = new Map<string, Outline | undefined>();
  const outlineOf = (file: string): Outline | undefined => {
    if (!outlines.has(file)) {
      // The engine's lines are those of the text that the crate lane compiled.
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
      // A function that nothing can name stays whole, too. (An exposed one is never blanked.)
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
