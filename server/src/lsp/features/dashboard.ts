/** Answers `cranefly/dashboard`. The engine sums up; nothing here goes through all functions. */
import { ErrorCodes, ResponseError } from "vscode-languageserver/node";
import {
  type DashboardFamily,
  type DashboardFunction,
  type DashboardParams,
  DashboardRequest,
  type DashboardResult,
  type EngineStatus,
} from "../../../../shared/src/lsp.js";
import type { StatusResult, SummaryResult } from "../../../../shared/src/protocol.js";
import type { BodyLaneStatistics } from "../../../../shared/src/report.js";
import { messageOf } from "../../core/support/errors.js";
import type { Project, ServerContext } from "../protocol/api.js";
import { nameOf } from "./functions/names.js";

/** Entries of each list. */
const TOP = 50;

export function registerDashboard(context: ServerContext): void {
  const { connection, projects, log } = context;
  const find = (uri: string | undefined): Project | undefined =>
    uri === undefined ? projects.all()[0] : projects.get(uri);

  connection.onRequest(
    DashboardRequest,
    async ({ project: uri }: DashboardParams): Promise<DashboardResult | ResponseError> => {
      const project = find(uri);
      if (project === undefined) {
        return new ResponseError(
          ErrorCodes.InvalidParams,
          "no cargo workspace is open: open a folder with a Cargo.toml",
        );
      }
      const [summaries, engine] = await Promise.all([summariesOf(project, log), statusOf(project)]);
      return dashboard(project, summaries, engine);
    },
  );
}

function dashboard(
  project: Project,
  summaries: readonly SummaryResult[],
  engine: StatusResult | undefined,
): DashboardResult {
  const { uri, name, status, history } = project;
  return {
    project: uri,
    name,
    state: status.state,
    history,
    slowest: slowestOf(summaries),
    families: familiesOf(summaries),
    tiers: sumTiers(summaries),
    fallbacks: sumFallbacks(summaries),
    engine: engine && engineStatus(engine),
    bodyLane: bodyLaneOf(project),
  };
}

/** Of every program of the last good build. What the engine cannot tell is missing, and the log says so. */
async function summariesOf(project: Project, log: ServerContext["log"]): Promise<SummaryResult[]> {
  const { engine } = project;
  const built = project.built("build");
  if (engine === undefined || built === undefined || project.status.state.kind === "down") return [];
  const summaries: SummaryResult[] = [];
  for (const { name } of built.state.programs) {
    try {
      summaries.push(await engine.summary({ workspace: built.layout.root, program: name, top: TOP }));
    } catch (error) {
      log.warn(`the functions of ${name} are unknown: ${messageOf(error)}`);
    }
  }
  return summaries;
}

/** The engine's own numbers; it is not started for them. */
async function statusOf(project: Project): Promise<StatusResult | undefined> {
  const { engine } = project;
  if (engine === undefined || project.status.state.kind === "down" || !(await engine.isRunning())) return undefined;
  return engine.status().catch(() => undefined);
}

/** Over all programs, each symbol once. */
export function slowestOf(summaries: readonly SummaryResult[]): DashboardFunction[] {
  const found = new Map<string, DashboardFunction>();
  for (const entry of summaries.flatMap((item) => item.slowest)) {
    const { symbol, file, line, tier, us, bytes } = entry;
    found.set(symbol, { symbol, name: nameOf(entry), file, line, tier, us, bytes });
  }
  const cost = ({ us }: DashboardFunction): number => us.parse + us.hash + us.translate + us.compile;
  return [...found.values()].sort((a, b) => cost(b) - cost(a)).slice(0, TOP);
}

/**
 * The largest families by instances, bytes or time, whichever they are largest by, so that a view may sort them by each.
 * Of a family in several programs the largest counts: the programs share most of its instances.
 */
export function familiesOf(summaries: readonly SummaryResult[]): DashboardFamily[] {
  const found = new Map<string, DashboardFamily>();
  for (const family of summaries.flatMap((item) => item.families)) {
    const key = `${family.name}\n${family.file ?? ""}\n${family.line}`;
    const known = found.get(key);
    if (known === undefined || known.instances < family.instances) found.set(key, family);
  }
  const all = [...found.values()];
  const largest = new Set<DashboardFamily>();
  for (const measure of ["us", "bytes", "instances"] as const) {
    all.sort((a, b) => b[measure] - a[measure]);
    for (const family of all.slice(0, TOP)) largest.add(family);
  }
  return [...largest].sort((a, b) => b.instances - a.instances || b.us - a.us);
}

export function sumTiers(summaries: readonly SummaryResult[]): DashboardResult["tiers"] {
  const sum = { cranelift: 0, llvm: 0, none: 0 };
  for (const { tiers } of summaries)
    for (const tier of ["cranelift", "llvm", "none"] as const) sum[tier] += tiers[tier];
  return sum;
}

export function sumFallbacks(summaries: readonly SummaryResult[]): DashboardResult["fallbacks"] {
  const sums = new Map<string, number>();
  for (const { construct, functions } of summaries.flatMap((item) => item.fallbacks)) {
    sums.set(construct, (sums.get(construct) ?? 0) + functions);
  }
  return [...sums]
    .map(([construct, functions]) => ({ construct, functions }))
    .sort((a, b) => b.functions - a.functions);
}

/** How often edits took the body lane, of those that might have; undefined while no build has one. */
export function bodyLaneOf({
  bodyLane,
}: Pick<Project, "name"> & { readonly bodyLane?: BodyLaneStatistics | undefined }): DashboardResult["bodyLane"] {
  if (bodyLane === undefined) return undefined;
  const { taken, divergences, refusals } = bodyLane;
  const refused = refusals.reduce((sum, { count }) => sum + count, 0);
  return { share: taken === 0 ? 0 : taken / (taken + refused), divergences, refusals: refusals.slice(0, TOP) };
}

function engineStatus({ pid, version, uptimeMs, memory, cache }: StatusResult): EngineStatus {
  return {
    pid,
    version,
    uptimeMs,
    rssBytes: memory.rssBytes,
    cacheFunctions: memory.cacheFunctions,
    cacheBytes: memory.cacheBytes,
    cacheLimitBytes: memory.cacheLimitBytes,
    cacheHits: cache?.hits,
    cacheMisses: cache?.misses,
    imageBytes: memory.imageBytes,
    imageLimitBytes: memory.imageLimitBytes,
  };
}
