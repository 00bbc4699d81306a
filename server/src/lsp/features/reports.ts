/** What is at hand: targets, and the last report. */
import {
  type ReportParams,
  ReportRequest,
  type ReportResult,
  type TargetsParams,
  TargetsRequest,
  type TargetsResult,
} from "../../../../shared/src/lsp.js";
import type { Project, ServerContext } from "../protocol/api.js";

export function register({ connection, projects }: ServerContext): void {
  connection.onRequest(TargetsRequest, ({ project }: TargetsParams): TargetsResult => {
    const chosen = projects.all().filter((item) => project === undefined || item.uri === project);
    return { targets: chosen.flatMap((item) => item.targets) };
  });
  connection.onRequest(ReportRequest, async ({ project, file }: ReportParams): Promise<ReportResult> => {
    const chosen = project === undefined ? newest(projects.all()) : projects.get(project);
    return { written: chosen !== undefined && (await chosen.writeReport(file)) };
  });
}

/** The project that was built last. */
function newest(projects: readonly Project[]): Project | undefined {
  return [...projects].sort((a, b) => (b.history[0]?.at ?? 0) - (a.history[0]?.at ?? 0))[0];
}
