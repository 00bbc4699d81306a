/** The requests and notifications of shared/src/lsp.ts with the types of what they carry, so that a call needs no casts. */
import type * as lsp from "../../shared/src/lsp.js";

/** Requests to the server: method to parameters and result. */
export interface Requests {
  "cranefly/targets": { params: lsp.TargetsParams; result: lsp.TargetsResult };
  "cranefly/prepare": { params: lsp.PrepareParams; result: lsp.PrepareResult };
  "cranefly/tests": { params: lsp.TestsParams; result: lsp.TestsResult };
  "cranefly/testRun": { params: lsp.TestRunParams; result: null };
  "cranefly/inspect": { params: lsp.InspectParams; result: lsp.InspectResult };
  "cranefly/explain": { params: lsp.ExplainParams; result: lsp.ExplainResult };
  "cranefly/runClif": { params: lsp.RunClifParams; result: lsp.RunClifResult };
  "cranefly/dashboard": { params: lsp.DashboardParams; result: lsp.DashboardResult };
  "cranefly/report": { params: lsp.ReportParams; result: lsp.ReportResult };
  "cranefly/control": { params: lsp.ControlParams; result: lsp.ControlResult };
  "cranefly/checks": { params: Record<string, never>; result: lsp.ChecksResult };
}

/** Notifications from the server: method to parameters. */
export interface Notifications {
  "cranefly/status": lsp.StatusParams;
  "cranefly/generation": lsp.GenerationParams;
  "cranefly/testsChanged": lsp.TestsChangedParams;
}

export type RequestMethod = keyof Requests;
export type NotificationMethod = keyof Notifications;
