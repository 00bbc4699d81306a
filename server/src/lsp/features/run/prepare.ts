/** Answers how a program is started. Without `wait` it answers with what there is; with `wait` it may be cancelled. */
import * as fs from "node:fs";
import { type CancellationToken, LSPErrorCodes, ResponseError } from "vscode-languageserver/node";
import { URI } from "vscode-uri";
import {
  type PrepareParams,
  PrepareRequest,
  type PrepareResult,
  type RunTarget,
} from "../../../../../shared/src/lsp.js";
import { Cancelled } from "../../../core/support/errors.js";
import { MissingUnit } from "../../../core/units/record.js";
import type { BuildKind, BuildOutcome, Built, NotBuilt, Project, ServerContext } from "../../protocol/api.js";
import { signalOf } from "../../protocol/cancellation.js";
import { compileForDebugger } from "./debugging.js";
import { noteRun } from "./lastRun.js";
import { buildKnownOf, buildOf, cargoCommand, findProgram, isForCargo, launch } from "./targetCommand.js";
import type { ProjectSet } from "../../build/projects.js";

export function register(context: ServerContext, projects: ProjectSet): void {
  context.connection.onRequest(PrepareRequest, async (params: PrepareParams, token: CancellationToken) => {
    const project = projectFor(projects, params.target);
    if (project === undefined) {
      const reason = `there is no project ${params.target.project}: open its folder`;
      return { kind: "none", reason } satisfies PrepareResult;
    }
    try {
      return await prepare(context, project, params, signalOf(token));
    } catch (error) {
      if (error instanceof Cancelled) return new ResponseError(LSPErrorCodes.RequestCancelled, error.message);
      if (!(error instanceof MissingUnit)) throw error;
      return { kind: "none", reason: GONE } satisfies PrepareResult;
    }
  });
}

const GONE = "its files were removed: it has to be built again";

/** A source file without a package becomes a project when somebody wants to run it. */
function projectFor(projects: ProjectSet, target: RunTarget): Project | undefined {
  const known = projects.get(target.project);
  if (known !== undefined || !target.project.endsWith(".rs")) return known;
  const file = URI.parse(target.project).fsPath;
  return fs.existsSync(file) ? projects.openSingle(file) : undefined;
}

async function prepare(
  context: ServerContext,
  project: Project,
  params: PrepareParams,
  signal: AbortSignal,
): Promise<PrepareResult> {
  const { target, wait } = params;
  const label = labelOf(target);
  const byCargo = (reason: string): PrepareResult => ({
    kind: "cargo",
    command: cargoCommand(project, params, context.settings.current),
    label,
    reason,
  });
  if (params.byCargo === true) return byCargo("cargo was asked for");
  if (isForCargo(target)) return byCargo("benchmarks are measured with optimised code, which cargo builds");
  const chosen = wait ? await newest(project, target, signal) : present(project, target);
  if (chosen === undefined) return { kind: "none", reason: "cargo was not asked yet how it is built" };
  const { kind } = chosen;
  let { outcome } = chosen;
  if (wait && "built" in outcome && outcome.built !== undefined && isGone(outcome.built, target, project)) {
    // The target directory was removed behind our back.
    outcome = await project.rebuild(kind, "its files were removed", signal);
  }
  const { built } = outcome;
  const failure = "failure" in outcome ? outcome.failure : undefined;
  if (failure?.kind === "unsupported" || failure?.kind === "down") return byCargo(failure.reason);
  if (built === undefined) return { kind: "none", reason: failure?.reason ?? "it was not built yet" };
  const program = findProgram(built, target, project);
  if (program === undefined) return missing(failure, target, wait);
  if (!fs.existsSync(program.executable)) {
    return { kind: "none", reason: GONE };
  }
  if (!project.isInPlace(kind, program.executable)) {
    return { kind: "none", reason: "another build has put a program of the same name in its place" };
  }
  if (params.breakpoints !== undefined) {
    await compileForDebugger(project, built, program, params.breakpoints, context.log, signal);
  }
  const { command, executable } = launch(project, built, program, params);
  noteRun(project, program.name);
  const generation = built.report.programs.find((item) => item.program === program.name)?.generation ?? 0;
  const stale = failure?.reason ?? built.stale;
  return { kind: "program", command, label, generation, stale, executable, debugInfo: "lines" };
}

interface Chosen {
  readonly kind: BuildKind;
  readonly outcome: BuildOutcome;
}

/** What there is; undefined if it is not known which build it would be of. */
function present(project: Project, target: RunTarget): Chosen | undefined {
  const kind = buildKnownOf(target, project);
  if (kind === undefined) return undefined;
  const built = project.built(kind);
  if (built !== undefined) return { kind, outcome: { built } };
  return { kind, outcome: { failure: { kind: "idle", reason: "it was not built yet" }, built } };
}

/** What is saved now. */
async function newest(project: Project, target: RunTarget, signal: AbortSignal): Promise<Chosen> {
  for (let kind = await buildOf(target, project, signal); ;) {
    const outcome = await project.ensure(kind, signal);
    // If a manifest was changed, cargo may build it with other features than before.
    const now = await buildOf(target, project, signal);
    if (now === kind) return { kind, outcome };
    kind = now;
  }
}

function isGone(built: Built, target: RunTarget, project: Project): boolean {
  try {
    const program = findProgram(built, target, project);
    return program !== undefined && !fs.existsSync(program.executable);
  } catch (error) {
    if (error instanceof MissingUnit) return true;
    throw error;
  }
}

function missing(failure: NotBuilt | undefined, target: RunTarget, wait: boolean): PrepareResult {
  if (failure !== undefined) return { kind: "none", reason: failure.reason };
  const reason = wait ? `cargo did not build ${labelOf(target)}` : `${labelOf(target)} was not built yet`;
  return { kind: "none", reason };
}

function labelOf(target: RunTarget): string {
  if (target.kind !== "test") return target.kind === "bin" ? target.name : `${target.kind} ${target.name}`;
  const [only] = target.names;
  return target.names.length === 1 && only !== undefined ? only : `tests of ${target.program}`;
}
