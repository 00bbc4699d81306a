/**
 * The one object that the extension's parts share. It owns everything that has to be disposed of: a part gives what it
 * creates to `own`, and keeps no global state.
 */
import * as vscode from "vscode";
import type { Features } from "./features.js";
import { Projects } from "./projectStatus.js";
import type { RequestMethod, Requests } from "./requests.js";
import { clientOptions } from "./clientOptions.js";
import { Server } from "./server.js";

export class Context {
  /** What goes wrong, what is started, and what the server writes: Output › Cranefly. */
  readonly log: vscode.LogOutputChannel;
  readonly server: Server;
  /** The projects' status, and which project is meant. */
  readonly projects: Projects;
  /** What the parts offer each other. */
  readonly features: Features = {
    testing: undefined,
    debugging: undefined,
    dashboard: undefined,
    running: undefined,
  };

  constructor(readonly extension: vscode.ExtensionContext) {
    this.log = this.own(vscode.window.createOutputChannel("Cranefly", { log: true }));
    this.server = new Server(this.asset("dist", "server.cjs").fsPath, this.log, clientOptions);
    this.projects = this.own(new Projects(this.server));
  }

  /** Keeps `disposable` until the extension ends. */
  own<T extends vscode.Disposable>(disposable: T): T {
    this.extension.subscriptions.push(disposable);
    return disposable;
  }

  /** A file of the extension. */
  asset(...path: string[]): vscode.Uri {
    return vscode.Uri.joinPath(this.extension.extensionUri, ...path);
  }

  /** Asks the server; see `Server.request`. */
  request<M extends RequestMethod>(
    method: M,
    params: Requests[M]["params"],
    token?: vscode.CancellationToken,
  ): Promise<Requests[M]["result"]> {
    return this.server.request(method, params, token);
  }

  /** Registers a command whose failures become messages. */
  command(id: string, run: (...args: never[]) => unknown): void {
    this.own(
      vscode.commands.registerCommand(id, async (...args: unknown[]) => {
        try {
          return await run(...(args as never[]));
        } catch (error) {
          this.report(error);
          return undefined;
        }
      }),
    );
  }

  /** Tells the user what failed, with a way to the log. Cancellations are not failures. */
  report(error: unknown): void {
    if (error instanceof vscode.CancellationError || isCancelledRequest(error)) {
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    this.log.error(error instanceof Error ? error : message);
    const show = "Show Logs";
    void vscode.window.showErrorMessage(`Cranefly: ${message}`, show).then((choice) => {
      if (choice === show) {
        this.log.show();
      }
    });
  }
}

/** LSP's `RequestCancelled` and `ServerCancelled`. */
function isCancelledRequest(error: unknown): boolean {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return code === -32800 || code === -32802;
}
