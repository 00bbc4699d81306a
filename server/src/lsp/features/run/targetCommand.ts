/** Finds the program that a target means, and makes the command that starts it. Builds nothing, starts nothing. */
import * as path from "node:path";
import type { PrepareParams, ProgramCommand, RunTarget, ServerSettings } from "../../../../../shared/src/lsp.js";
import { cargoProgram } from "../../../core/cargo/cargo.js";
import { programCommand, startOf } from "../../../core/cargo/programStart.js";
import { cargoArguments } from "../../../core/cargo/selection.js";
import type { Program } from "../../../core/units/program.js";
import type { Invocation } from "../../../core/units/invocation.js";
import { needUnit } from "../../../core/units/record.js";
import { applyEnvironment, environmentDifference } from "../../../core/support/environment.js";
import type { BuildKind, Built, CommonBuild, Project } from "../../protocol/api.js";
import { selectionOf } from "../../build/cargoSettings.js";

/** Benchmarks are built with optimisations, which is cargo's business. */
export function isForCargo(target: RunTarget): boolean {
  return target.kind === "bench";
}

/** The build that a target is started from: one that the workspace has, or its package's own. */
export async function buildOf(target: RunTarget, project: Project, signal?: AbortSignal): Promise<BuildKind> {
  const common = commonBuildOf(target, project);
  const name = packageOf(target, project);
  return name === undefined ? common : project.buildFor(common, name, signal);
}

/** The same at once; undefined if cargo was not asked yet. */
export function buildKnownOf(target: RunTarget, project: Project): BuildKind | undefined {
  const common = commonBuildOf(target, project);
  const name = packageOf(target, project);
  return name === undefined ? common : project.buildKnownFor(common, name);
}

/** The package that may have a build of its own for a target. */
function packageOf(target: RunTarget, project: Project): string | undefined {
  if (project.file !== undefined) return undefined;
  if (target.kind !== "test") return target.package;
  return target.alone === true ? (harnessUnit(project, target.program)?.env["CARGO_PKG_NAME"] ?? undefined) : undefined;
}

/** How a harness is compiled for the tests of the whole workspace, which the tests were found in. */
function harnessUnit(project: Project, program: string): Invocation | undefined {
  const built = project.built("test");
  const unit = built?.state.programs.find((item) => item.name === program)?.unit;
  return built === undefined || unit === undefined ? undefined : needUnit(built.layout, unit).invocation;
}

/** Which build of the workspace a target is part of. */
function commonBuildOf(target: RunTarget, project: Project): CommonBuild {
  if (target.kind === "test") return "test";
  if (target.kind === "example") return "examples";
  return isDefault(target.package, project) ? "build" : "members";
}

/** Whether `cargo build` in the workspace's root builds a package. */
function isDefault(name: string, project: Project): boolean {
  return project.file !== undefined || project.defaultPackages?.has(name) !== false;
}

/** The program of a build that a target names. */
export function findProgram(built: Built, target: RunTarget, project: Project): Program | undefined {
  const { programs } = built.state;
  if (target.kind === "test") {
    const id = built.kind === "test" ? undefined : harnessUnit(project, target.program)?.id;
    if (id === undefined) return programs.find((item) => item.name === target.program);
    // The same harness, as it is in its package's own build.
    return programs.find((item) => needUnit(built.layout, item.unit).invocation.id === id);
  }
  if (project.file !== undefined) return programs[0];
  return programs.find((item) => {
    const { env } = needUnit(built.layout, item.unit).invocation;
    const isExample = path.basename(path.dirname(item.executable)) === "examples";
    const isNamed = env["CARGO_PKG_NAME"] === target.package && env["CARGO_BIN_NAME"] === target.name;
    return isNamed && isExample === (target.kind === "example");
  });
}

/** A program, and how to start it as cargo would. */
export interface Launch {
  readonly command: ProgramCommand;
  readonly executable: string;
}

/** How to start a program of a build. */
export function launch(project: Project, built: Built, program: Program, params: PrepareParams): Launch {
  const start = startOf(built.layout, built.state, program, project.root);
  const env = applyEnvironment(project.env, params.env);
  // An editor's terminal and a debugger want a path that means the same everywhere.
  const absolute = { ...start, isRelative: false };
  const args = [...testArguments(params.target), ...params.args];
  const command = programCommand(built.state.runner, absolute, program, args, env);
  return {
    command: { argv: command.argv, cwd: params.cwd ?? command.cwd, env: changes(project, command.env) },
    executable: program.executable,
  };
}

/** What an environment has that the editor's has not. */
function changes(project: Project, env: NodeJS.ProcessEnv): Record<string, string | null> {
  return environmentDifference(project.editorEnv, env, new Set());
}

/** libtest's arguments for just these tests. */
function testArguments(target: RunTarget): string[] {
  return target.kind === "test" && target.names.length > 0 ? [...target.names, "--exact"] : [];
}

/** The same by cargo. */
export function cargoCommand(project: Project, params: PrepareParams, settings: ServerSettings): ProgramCommand {
  const { target } = params;
  const selection = selectionOf("build", project.root, settings.cargo);
  const argv = [
    cargoProgram(project.env),
    ...cargoTarget(project, target),
    ...cargoArguments({ ...selection, targets: [] }),
  ];
  const passed = [...testArguments(target), ...params.args];
  if (passed.length > 0) argv.push("--", ...passed);
  const env = changes(project, applyEnvironment(project.env, params.env));
  return { argv, cwd: params.cwd ?? project.root, env };
}

function cargoTarget(project: Project, target: RunTarget): string[] {
  switch (target.kind) {
    case "bin":
      return ["run", "--package", target.package, "--bin", target.name];
    case "example":
      return ["run", "--package", target.package, "--example", target.name];
    case "bench":
      return ["bench", "--package", target.package, "--bench", target.name];
    case "test":
      return ["test", ...harnessArguments(project, target.program)];
  }
}

/** cargo's options for one test harness, by its unit's name ("package:target"); all tests if it is not known. */
function harnessArguments(project: Project, program: string): string[] {
  const unit = harnessUnit(project, program);
  if (unit === undefined) return ["--workspace"];
  const { id, env } = unit;
  const name = id.slice(id.indexOf(":") + 1).replace(/ \(test\)$/, "");
  const [, kind = "bin", target = name] = /^(test|example|bench)\/(.*)$/.exec(name) ?? [];
  const chosen = name === "lib" ? ["--lib"] : [`--${kind}`, target];
  return ["--package", env["CARGO_PKG_NAME"] ?? id.slice(0, id.indexOf(":")), ...chosen];
}
