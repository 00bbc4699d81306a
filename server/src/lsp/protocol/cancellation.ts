/** LSP's way of cancelling, as the rest of the program knows it. */
import type { CancellationToken } from "vscode-languageserver/node";

/** A signal that is aborted when the client cancels the request. */
export function signalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  else token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
