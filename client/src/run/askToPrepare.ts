/**
 * From "run this" to a command: asks the server, and settles with the user what to do when the newest sources are not
 * built yet, or do not compile. Nothing stale is started without saying so.
 */
import * as vscode from "vscode";
import type { PrepareParams, PrepareResult } from "../../../shared/src/lsp.js";
import type { Context } from "../context.js";
import type { StaleRun } from "../settings.js";

type Program = Extract<PrepareResult, { kind: "program" }>;
type Params = Omit<PrepareParams, "wait">;

/**
 * How to start the program, or undefined when the user, or who cancelled `token`, gave it up. A `none` was not told yet.
 */
export async function prepareRun(
  context: Context,
  params: Params,
  mode: StaleRun,
  token: vscode.CancellationToken,
): Promise<PrepareResult | undefined> {
  const now = await context.request("cranefly/prepare", { ...params, wait: false }, token);
  if (now.kind === "cargo" || (now.kind === "program" && (now.stale === undefined || mode === "runAnyway"))) {
    return now;
  }
  if (now.kind === "none") {
    return confirmed(await waitWithProgress(context, params, token), mode);
  }
  if (context.projects.byId(params.target.project)?.state.kind !== "rebuilding") {
    return confirmed(now, mode);
  }
  return mode === "wait"
    ? confirmed(await waitWithProgress(context, params, token), mode)
    : askWhileWaiting(context, params, now, token);
}

/** Waits for the build in a notification with a cancel button. */
async function waitWithProgress(
  context: Context,
  params: Params,
  token: vscode.CancellationToken,
): Promise<PrepareResult | undefined> {
  const title = `Cranefly: waiting for the build of ${targetName(params)}`;
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (_progress, cancelled) => {
      const source = linked(token, cancelled);
      try {
        return await context.request("cranefly/prepare", { ...params, wait: true }, source.token);
      } catch (error) {
        if (source.token.isCancellationRequested) {
          return undefined;
        }
        throw error;
      } finally {
        source.dispose();
      }
    },
  );
}

/** Lets the user choose between waiting and the last good generation; when the build ends first, the choice is moot. */
async function askWhileWaiting(
  context: Context,
  params: Params,
  last: Program,
  token: vscode.CancellationToken,
): Promise<PrepareResult | undefined> {
  const source = linked(token);
  const built = context.request("cranefly/prepare", { ...params, wait: true }, source.token);
  const question = new StaleQuestion(last);
  try {
    const first = await Promise.race([built, question.answer]);
    switch (first) {
      case "wait":
        return await confirmed(await waitWithProgress(context, params, token), "ask");
      case "run":
        return last;
      case undefined:
        return undefined;
      default:
        question.close();
        return await confirmed(first, "ask");
    }
  } finally {
    question.close();
    source.cancel();
    source.dispose();
    // What was cancelled rejects, and nobody is interested in it any more.
    built.catch(() => undefined);
  }
}

class StaleQuestion {
  readonly answer: Promise<"wait" | "run" | undefined>;
  private readonly pick = vscode.window.createQuickPick<vscode.QuickPickItem & { readonly choice: "wait" | "run" }>();

  constructor(last: Program) {
    this.pick.title = `${last.label} is being rebuilt`;
    this.pick.placeholder = last.stale ?? "";
    this.pick.items = [
      { label: "$(watch) Wait for the build", choice: "wait" },
      { label: `$(play) Run generation ${last.generation} as it is`, description: "stale", choice: "run" },
    ];
    this.answer = new Promise((resolve) => {
      this.pick.onDidAccept(() => {
        resolve(this.pick.selectedItems[0]?.choice);
        this.pick.hide();
      });
      this.pick.onDidHide(() => resolve(undefined));
    });
    this.pick.show();
  }

  close(): void {
    this.pick.dispose();
  }
}

/** A stale program is one whose sources do not compile by now: that needs a yes, unless the settings gave it. */
async function confirmed(result: PrepareResult | undefined, mode: StaleRun): Promise<PrepareResult | undefined> {
  if (result?.kind !== "program" || result.stale === undefined || mode === "runAnyway") {
    return result;
  }
  const run = `Run Generation ${result.generation}`;
  const problems = "Show Problems";
  const choice = await vscode.window.showWarningMessage(
    `Cranefly: ${result.label} is stale: ${result.stale}`,
    run,
    problems,
  );
  if (choice === problems) {
    await vscode.commands.executeCommand("workbench.actions.view.problems");
  }
  return choice === run ? result : undefined;
}

function targetName({ target }: Params): string {
  return target.kind === "test" ? target.program : target.name;
}

/** A source that is cancelled when one of `tokens` is. */
function linked(...tokens: vscode.CancellationToken[]): vscode.CancellationTokenSource {
  const source = new vscode.CancellationTokenSource();
  for (const token of tokens) {
    token.onCancellationRequested(() => source.cancel());
    if (token.isCancellationRequested) {
      source.cancel();
    }
  }
  return source;
}
