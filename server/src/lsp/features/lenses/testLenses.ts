/**
 * `▶ Run` and `▶ Debug` at tests: at functions, at modules, and at the top of a file of tests.
 *
 * The syntax says where test functions are, libtest's list which tests there really are: macros make several of one
 * function, or tests that no attribute tells of. Without the list (no harness was built yet) attributes have to do.
 */
import type { CodeLens } from "vscode-languageserver/node";
import type { RunTarget, ServerSettings, TestCase, TestHarness } from "../../../../../shared/src/lsp.js";
import { type NameRange, type RustFunction, type Structure, isFree, modulesOf } from "../syntax/structure.js";
import { startLenses } from "./runLenses.js";

/** A harness that a file is part of. */
export interface FileHarness {
  readonly project: string;
  readonly program: string;
  readonly label: string;
  /** The modules around the file in its crate, as far as its path tells; empty for the crate's root. */
  readonly modules: readonly string[];
  /** Whether the file is the crate's root and that is all tests: an integration test. */
  readonly isWhole: boolean;
  /** libtest's list; undefined when it is not known yet. */
  readonly tests: readonly TestCase[] | undefined;
}

/** A harness of the known ones, for a file. `modules`: see `FileHarness`. */
export function fileHarness(
  project: string,
  harness: TestHarness,
  uri: string,
  modules: readonly string[],
): FileHarness {
  const { program, label, tests, problem } = harness;
  const isWhole = harness.uri === uri && (harness.kind === "test" || harness.kind === "bench");
  return { project, program, label, modules, isWhole, tests: problem === undefined ? tests : undefined };
}

/** The test lenses of a file. */
export function testLenses(
  uri: string,
  structure: Structure,
  harnesses: readonly FileHarness[],
  settings: ServerSettings["lens"],
): CodeLens[] {
  if (!settings.tests) return [];
  const found = harnesses.map((harness) => ({ harness, names: testNames(uri, structure, harness) }));
  const present = found.filter(({ names }) => names.size > 0);
  return present.flatMap(({ harness, names }) => {
    const suffix = present.length > 1 ? ` ${harness.label}` : "";
    return [...testLensesOf(structure, names, harness)].flatMap(({ nameRange, tests, what }) => {
      const target: RunTarget = { kind: "test", project: harness.project, program: harness.program, names: tests };
      return startLenses(nameRange, target, `${what}${suffix}`, true, settings.debug);
    });
  });
}

/** At the `main` of tests that bring their own harness (`harness = false`): one test as a whole. */
export function ownHarnessLenses(
  project: string,
  uri: string,
  structure: Structure,
  harnesses: readonly TestHarness[],
  settings: ServerSettings["lens"],
): CodeLens[] {
  const main = structure.functions.find((item) => item.name === "main" && item.scopes.length === 0);
  if (main === undefined || !settings.tests) return [];
  const own = harnesses.filter((item) => !item.harness && item.uri === uri);
  return own.flatMap(({ program }) => {
    const target: RunTarget = { kind: "test", project, program, names: [] };
    return startLenses(main.nameRange, target, "", true, settings.debug);
  });
}

interface TestLens {
  readonly nameRange: NameRange;
  /** None for all of the harness. */
  readonly tests: readonly string[];
  readonly what: string;
}

function testLensesOf(
  structure: Structure,
  names: ReadonlyMap<RustFunction, readonly string[]>,
  harness: FileHarness,
): TestLens[] {
  const lenses: TestLens[] = [];
  const items = [...names];
  const isTopLevel = items.some(([item]) => modulesOf(item).length === 0);
  if (isTopLevel && (harness.isWhole || harness.modules.length > 0)) {
    const tests = harness.isWhole ? [] : items.flatMap(([, tests]) => tests);
    lenses.push({ nameRange: { line: 0, start: 0, end: 0 }, tests, what: " tests" });
  }
  for (const module of structure.modules) {
    const path = [...module.path, module.name];
    const tests = items.flatMap(([item, tests]) => (startsWith(modulesOf(item), path) ? tests : []));
    if (tests.length > 0) lenses.push({ nameRange: module.nameRange, tests, what: " tests" });
  }
  for (const [item, tests] of items) lenses.push({ nameRange: item.nameRange, tests, what: "" });
  return lenses;
}

/** The tests of each test function, as libtest names them. */
export function testNames(
  uri: string,
  structure: Structure,
  harness: FileHarness,
): ReadonlyMap<RustFunction, readonly string[]> {
  const candidates = structure.functions.filter(isFree);
  if (harness.tests === undefined) {
    return new Map(
      candidates
        .filter((item) => item.test !== undefined)
        .map((item) => [item, [[...harness.modules, ...pathOf(item)].join("::")]]),
    );
  }
  const names = new Map<RustFunction, string[]>();
  for (const test of harness.tests) {
    if (test.uri !== undefined && test.uri !== uri) continue;
    const item = functionOf(test, candidates, harness);
    if (item === undefined) continue;
    const known = names.get(item);
    if (known === undefined) names.set(item, [test.name]);
    else known.push(test.name);
  }
  return new Map([...names].sort(([a], [b]) => a.nameRange.line - b.nameRange.line));
}

/**
 * The function that a test comes from: the one at its path, or (`rstest`) around its cases. Where the file's place in the
 * crate is not what its path says (`#[path]`), the function with the longest path that agrees.
 */
function functionOf(
  test: TestCase,
  candidates: readonly RustFunction[],
  harness: FileHarness,
): RustFunction | undefined {
  const segments = test.name.split("::");
  const expected = candidates.filter((item) => {
    const path = [...harness.modules, ...pathOf(item)];
    return startsWith(segments, path) && (path.length === segments.length || makesCases(item));
  });
  if (expected.length > 0) return longest(expected);
  if (test.uri === undefined) return undefined;
  return longest(candidates.filter((item) => holds(segments, pathOf(item), makesCases(item))));
}

/** Whether a function's tests may be below its own path: an attribute macro may put a module in its place. */
function makesCases(item: RustFunction): boolean {
  return item.attributes.some((attribute) => !BUILT_IN.has(attribute));
}

const BUILT_IN: ReadonlySet<string> = new Set([
  "test",
  "bench",
  "ignore",
  "should_panic",
  "cfg",
  "allow",
  "inline",
  "doc",
]);

/** Whether `path` stands somewhere in `segments`, at the end unless `inside`. */
function holds(segments: readonly string[], path: readonly string[], inside: boolean): boolean {
  const last = segments.length - path.length;
  for (let at = last; at >= 0; at -= 1) {
    if (startsWith(segments.slice(at), path)) return true;
    if (!inside) return false;
  }
  return false;
}

function longest(items: readonly RustFunction[]): RustFunction | undefined {
  return items.reduce<RustFunction | undefined>(
    (best, item) => (best === undefined || pathOf(item).length > pathOf(best).length ? item : best),
    undefined,
  );
}

function pathOf(item: RustFunction): string[] {
  return [...modulesOf(item), item.name];
}

function startsWith(path: readonly string[], beginning: readonly string[]): boolean {
  return beginning.length <= path.length && beginning.every((segment, at) => path[at] === segment);
}
