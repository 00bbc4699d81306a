/**
 * Tests that are new, gone or other ones, in a build of a crate's tests.
 *
 * rustc makes a list of all `#[test]`s, and a `main` that hands it to the harness. A patch crate can be a test harness as well, but knows
 * only its own tests. So it has as many more as the program keeps: of these nothing is used but their places in the list, where the engine
 * puts the program's.
 */
import type { BodyEdit } from "../../edits/baseline.js";
import type { ItemChange } from "../../edits/itemChange.js";
import { refuse } from "../../edits/refusal.js";
import type { Item } from "../../source/items.js";
import { moduleOf } from "./changedImports.js";
import type { CrateTexts } from "./crateTexts.js";

/** How the list of a program's tests changes. */
export interface ChangedTests {
  /** Names, as the harness tells them, of those that are gone or other ones now. */
  readonly gone: readonly string[];
  /** How many stay. */
  readonly kept: number;
}

/** Attributes that say what a test is. */
export const TEST_ATTRIBUTES = /^#\[\s*(test|should_panic|ignore)\b/;

/** Whether an item is a test, or a macro makes one of it. */
export function isTest(item: Item | undefined): boolean {
  return item?.fn?.isTest === true || item?.fn?.isMadeTest === true;
}

/** Throws `Refused` where a changed test's list is not one that can be made anew. */
export function checkTest({ name, before, after }: ItemChange, { isHarness }: Pick<CrateTexts, "isHarness">): void {
  const isBenchmark = [before, after].some((item) => item?.fn?.attributes.includes("bench"));
  if (!isHarness || isBenchmark) refuse("newTest", name);
}

/** What becomes of the program's tests. `ofProgram`: asks for their names. Rejects with `Refused`. */
export async function changedTests(
  edits: readonly BodyEdit[],
  tree: CrateTexts["tree"],
  ofProgram: () => Promise<readonly string[]>,
): Promise<ChangedTests | undefined> {
  const changes = edits.flatMap(({ file, items }) =>
    items.flatMap((change) => (isTest(change.before) || isTest(change.after) ? { file, change } : [])),
  );
  if (changes.length === 0) return undefined;
  const all = await ofProgram();
  const gone = changes.flatMap(({ file, change }) => {
    const module = moduleOf(file, change, tree);
    return isTest(change.before) ? [plain(module === "" ? change.name : `${module}::${change.name}`)] : [];
  });
  // (Under a condition that does not hold, there was none.)
  const present = all.filter((name) => gone.includes(plain(name)));
  return { gone: present, kept: all.length - present.length };
}

/** A path without the marks of raw identifiers, which the harness has in front of keywords alone. */
function plain(path: string): string {
  return path.replace(/\br#/g, "");
}

/** Tests that stand for those that stay. The engine knows them by the module (`engine/crates/select/src/harness.rs`). */
export function standIns({ kept }: ChangedTests): string {
  const tests = Array.from({ length: kept }, (_, number) => `#[test] fn t${number}() {}`);
  return `mod __cranefly_tests { ${tests.join(" ")} }`;
}
