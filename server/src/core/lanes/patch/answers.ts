/** What rustc has to be asked about an edit of items before it is known what comes along: which imports are traits, what globs bring. */
import type { BodyEdit } from "../../edits/baseline.js";
import type { UnitRecord } from "../../units/record.js";
import type { LaneOptions } from "../mirror/compileMirror.js";
import { askRustc } from "./askRustc.js";
import { changedImports, changedLeaves, moduleOf } from "./changedImports.js";
import { globKey, outsideGlobs } from "./globs.js";
import type { Answers, CrateTexts } from "./crateTexts.js";
import { modulesOf } from "./modules.js";
import { type NamedCrate, importKey, isNoTrait, namedFromOutside, traitQuestion } from "./traits.js";
import type { ModulePath } from "./privacy.js";
import type { Twin } from "./twin.js";

/** With more questions, the crate lane is as fast. */
const MAX_QUESTIONS = 64;

/** Rejects with `Cancelled`; throws `Refused`, and `LexError`. */
export async function answersOf(
  directory: string,
  record: UnitRecord,
  twin: Twin,
  edits: readonly BodyEdit[],
  { tree, crateNames, hasTests }: Pick<CrateTexts, "tree" | "crateNames" | "hasTests">,
  options: LaneOptions,
): Promise<Answers> {
  const modules = modulesOf(tree, ({ declaration }) => {
    return hasTests || declaration?.declaration.startsWith("#[cfg(test)]") !== true;
  });
  const crate = { modules, crateNames };
  const traits = new Map<string, string>();
  const globs = new Map<string, GlobQuestion>();
  const askOfGlobs = (name: string, module: ModulePath): void => {
    for (const [key, question] of globQuestions(name, module, crate)) globs.set(key, question);
  };
  for (const [module, changes] of changedImports(edits, tree)) {
    const { gone, fresh } = changedLeaves(changes);
    for (const [, leaf] of [...gone, ...fresh]) {
      const question = traitQuestion(leaf, module, crate);
      if (question !== undefined) traits.set(importKey(leaf, module), question);
      if (leaf.name !== undefined) askOfGlobs(leaf.name, module);
    }
  }
  for (const { file, items } of edits) {
    for (const item of items) {
      if (item.impl === undefined && item.name !== "") askOfGlobs(item.name, moduleOf(file, item, tree));
    }
  }
  const questions = new Set([...traits.values(), ...[...globs.values()].flatMap(({ glob, name }) => [glob, name])]);
  if (questions.size > MAX_QUESTIONS) return { noTraits: new Set(), notInGlobs: new Set() };
  const list = [...questions];
  const codes = await askRustc(directory, record, twin, list, options);
  const answer = (question: string): ReadonlySet<string> | undefined => codes[list.indexOf(question)];
  const isAbsent = ({ glob, name }: GlobQuestion): boolean => {
    const found = answer(name);
    return answer(glob)?.size === 0 && found?.size === 1 && found.has("E0432");
  };
  return {
    noTraits: keysOf(traits, (question) => isNoTrait(answer(question) ?? new Set())),
    notInGlobs: keysOf(globs, isAbsent),
  };
}

function keysOf<T>(map: ReadonlyMap<string, T>, isOne: (value: T) => boolean): ReadonlySet<string> {
  return new Set([...map].filter(([, value]) => isOne(value)).map(([key]) => key));
}

/** Two modules: rustc has no error in that of the glob import, and one in the other where it does not bring the name. */
interface GlobQuestion {
  readonly glob: string;
  readonly name: string;
}

/** What to ask about a name, by keys. */
function globQuestions(name: string, module: ModulePath, crate: NamedCrate): ReadonlyMap<string, GlobQuestion> {
  const found = new Map<string, GlobQuestion>();
  if (!/^\w+$/.test(name) || name === "_") return found;
  for (const glob of outsideGlobs(module, crate.modules)) {
    const target = namedFromOutside([...glob.path, "It"], glob.module, crate)?.replace(/::It$/, "");
    if (target === undefined) continue;
    const own = `use ${target}::*;`;
    found.set(globKey(name, glob.path), { glob: own, name: `${own} use self::${name} as It;` });
  }
  return found;
}
