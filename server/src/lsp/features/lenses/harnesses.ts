/** The test harnesses that a file is part of: those whose tests are listed, or else those that were built. */
import { fileURLToPath } from "node:url";
import * as path from "node:path";
import type { TestHarness } from "../../../../../shared/src/lsp.js";
import { inspectArgs } from "../../../core/units/arguments.js";
import { type UnitRecord, loadUnit } from "../../../core/units/record.js";
import type { Project } from "../../protocol/api.js";
import { modulePathOf } from "./modules.js";
import { type FileHarness, fileHarness } from "./testLenses.js";

/** The harnesses that hold a file's tests. Reads what builds left; builds nothing. */
export function harnessesOf(project: Project, known: readonly TestHarness[], uri: string): FileHarness[] {
  const file = fileURLToPath(uri);
  if (known.length > 0) {
    return known.flatMap((harness) => {
      const modules = modulePathOf(fileURLToPath(harness.uri), file);
      const isListed = harness.tests.some((test) => test.uri === uri);
      return modules === undefined && !isListed ? [] : [fileHarness(project.uri, harness, uri, modules ?? [])];
    });
  }
  return builtHarnesses(project, file);
}

/** The harnesses of the last build of the tests that were compiled from the file, by what rustc says that it read. */
function builtHarnesses(project: Project, file: string): FileHarness[] {
  const built = project.built("test");
  if (built === undefined) return [];
  const { layout, state } = built;
  const starts = new Map(state.starts.map((start) => [start.program, start]));
  return state.programs.flatMap((program): FileHarness[] => {
    const start = starts.get(program.name);
    const unit = start?.harness === true ? loadUnit(layout, program.unit) : undefined;
    if (start === undefined || unit?.inputs.some((input) => input.path === file) !== true) return [];
    const root = rootOf(unit);
    const modules = root === undefined ? undefined : modulePathOf(root, file);
    if (modules === undefined) return [];
    const isWhole = modules.length === 0 && unit.invocation.id.includes(":test/");
    return [{ project: project.uri, program: program.name, label: start.label, modules, isWhole, tests: undefined }];
  });
}

function rootOf({ invocation }: UnitRecord): string | undefined {
  const { source } = inspectArgs(invocation.args);
  return source === undefined ? undefined : path.resolve(invocation.cwd, source);
}
