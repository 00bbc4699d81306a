/**
 * Answers `cranefly/runClif`: runs the directives of a text in Cranelift IR, in processes of their own that the engine's
 * binary starts and bounds. Needs no daemon and no project.
 */
import { execFile } from "node:child_process";
import { type CancellationToken, LSPErrorCodes, ResponseError } from "vscode-languageserver/node";
import { type RunClifParams, RunClifRequest, type RunClifResult } from "../../../../../shared/src/lsp.js";
import { ClifReport } from "../../../../../shared/src/protocol.js";
import { findEngine } from "../../../core/engine/location.js";
import { messageOf } from "../../../core/support/errors.js";
import type { ServerContext } from "../../protocol/api.js";
import { signalOf } from "../../protocol/cancellation.js";

/** Of the answer: directives print one value each. */
const MAX_ANSWER = 16 << 20;

export function registerClifRuns(context: ServerContext, bundleDir: string): void {
  const { connection, env, settings } = context;
  connection.onRequest(
    RunClifRequest,
    async (params: RunClifParams, token: CancellationToken): Promise<RunClifResult | ResponseError> => {
      try {
        const engine = findEngine(env, bundleDir, settings.current.engine.path ?? undefined);
        return resultsOf(await runClif(engine, params, env, signalOf(token)));
      } catch (error) {
        if (token.isCancellationRequested) return new ResponseError(LSPErrorCodes.RequestCancelled, "cancelled");
        return new ResponseError(LSPErrorCodes.RequestFailed, messageOf(error));
      }
    },
  );
}

/** Runs one directive or all. Throws when the engine's binary has no answer. */
async function runClif(
  engine: string,
  { text, line }: RunClifParams,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<ClifReport> {
  const args = ["clif", "-", ...(line === undefined ? [] : ["--line", String(line + 1)])];
  const answer = await new Promise<string>((resolve, reject) => {
    const child = execFile(engine, args, { env, signal, maxBuffer: MAX_ANSWER }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(new Error(`the engine cannot run this text: ${stderr.trim() === "" ? error.message : stderr.trim()}`));
    });
    // One that ends without reading says why by other means.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(text);
  });
  const report = ClifReport.safeParse(JSON.parse(answer));
  if (!report.success) throw new Error(`the engine's answer is not understood: ${report.error.message}`);
  return report.data;
}

/** What is wrong with the text first; the editor's lines count from 0. */
export function resultsOf(report: ClifReport): RunClifResult {
  const errors = report.errors.map(({ line, message }) => ({ line: Math.max(0, line - 1), ok: false, message }));
  const directives = report.directives.map(({ line, ok, message }) => ({ line: Math.max(0, line - 1), ok, message }));
  return { results: [...errors, ...directives] };
}
