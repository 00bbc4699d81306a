/** What a project's builds did, in short. */
import type { GenerationSummary, SelectionKind } from "../../../../shared/src/lsp.js";
import type { GenerationReport } from "../../../../shared/src/report.js";
import { type BuildKind, ownBuild } from "../protocol/api.js";

/** How many builds are remembered. */
const LIMIT = 200;

export class History {
  private readonly list: GenerationSummary[] = [];
  private count = 0;

  /** The newest first. */
  get all(): readonly GenerationSummary[] {
    return this.list;
  }

  add(kind: BuildKind, report: GenerationReport): GenerationSummary {
    this.count++;
    const summary = summarize(this.count, kind, report);
    this.list.unshift(summary);
    if (this.list.length > LIMIT) this.list.pop();
    return summary;
  }
}

function summarize(id: number, kind: BuildKind, report: GenerationReport): GenerationSummary {
  const { generation, lane, ok, stale, reason, units, ms, functions, diagnostics } = report;
  const selection: SelectionKind = (ownBuild(kind)?.common ?? kind) === "test" ? "test" : "build";
  const count = (level: string): number => diagnostics.filter((item) => item.level.startsWith(level)).length;
  return {
    id,
    generation,
    at: Date.now(),
    selection,
    lane,
    ok,
    stale,
    reason,
    units,
    ms,
    functions,
    errors: count("error"),
    warnings: count("warning"),
  };
}
