/**
 * The language server's process: started, restarted with growing pauses when it crashes, given up when it crashes too
 * often, ended with the extension. Each start uses a client of its own, so that no state of a broken connection survives.
 */
import { existsSync } from "node:fs";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  State,
  TransportKind,
  type LanguageClientOptions,
} from "vscode-languageclient/node";
import { CrashLog } from "./crashes.js";
import type { NotificationMethod, Notifications, RequestMethod, Requests } from "./requests.js";

/** What the server's process is doing. */
export type ServerState =
  | { readonly kind: "stopped" }
  | { readonly kind: "starting" }
  | { readonly kind: "running" }
  /** It crashed and is started again soon. */
  | { readonly kind: "waiting"; readonly delayMs: number }
  /** It crashed too often, or cannot be started; only the user starts it again. */
  | { readonly kind: "failed"; readonly reason: string };

/** A request could not be sent, or the connection broke before it was answered. The message is for the user. */
export class ServerUnavailable extends Error {
  override readonly name = "ServerUnavailable";
}

type Handler = (params: never) => void;

export class Server implements vscode.Disposable {
  private readonly crashes = new CrashLog();
  private readonly handlers = new Map<NotificationMethod, Set<Handler>>();
  private readonly stateChanged = new vscode.EventEmitter<ServerState>();
  private current: LanguageClient | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stateNow: ServerState = { kind: "stopped" };

  readonly onDidChangeState = this.stateChanged.event;

  /** `module` is the server's bundle; `options` are asked for at each start. */
  constructor(
    private readonly module: string,
    private readonly log: vscode.LogOutputChannel,
    private readonly options: () => LanguageClientOptions,
  ) {}

  get state(): ServerState {
    return this.stateNow;
  }

  /** The client of the running server, for what has no request in `Requests`. */
  get client(): LanguageClient | undefined {
    return this.stateNow.kind === "running" ? this.current : undefined;
  }

  /** The server's process id while it runs. */
  get pid(): number | undefined {
    return this.client?.serverProcess?.pid;
  }

  /** Starts the server unless it runs or is about to. Failures show in `state`. */
  async start(): Promise<void> {
    if (this.stateNow.kind === "running" || this.stateNow.kind === "starting") {
      return;
    }
    this.clearTimer();
    if (!existsSync(this.module)) {
      this.setState({ kind: "failed", reason: `${this.module} is missing: install the extension again` });
      return;
    }
    const client = this.createClient();
    this.current = client;
    this.setState({ kind: "starting" });
    try {
      await client.start();
      if (this.current === client) {
        this.setState({ kind: "running" });
      }
    } catch (error) {
      this.log.error("the language server did not start:", error instanceof Error ? error : String(error));
      this.ended(client);
    }
  }

  /** Ends the server, if it runs, and starts it anew, however often it crashed before. */
  async restart(): Promise<void> {
    await this.stop();
    this.crashes.clear();
    await this.start();
  }

  /** Ends the server; it is killed if it does not end within two seconds. */
  async stop(): Promise<void> {
    this.clearTimer();
    const client = this.current;
    this.current = undefined;
    this.setState({ kind: "stopped" });
    if (client === undefined) {
      return;
    }
    try {
      await client.dispose(2000);
    } catch (error) {
      this.log.debug("ending the language server:", error instanceof Error ? error : String(error));
    }
  }

  /**
   * Sends a request. While the server starts, it waits for it; when the server is stopped or given up, it rejects with
   * `ServerUnavailable`. Errors that the server answers with are passed on.
   */
  async request<M extends RequestMethod>(
    method: M,
    params: Requests[M]["params"],
    token?: vscode.CancellationToken,
  ): Promise<Requests[M]["result"]> {
    const client = await this.ready(token);
    try {
      // A third argument that is undefined would be taken for another parameter.
      return await (token === undefined
        ? client.sendRequest<Requests[M]["result"]>(method, params)
        : client.sendRequest<Requests[M]["result"]>(method, params, token));
    } catch (error) {
      if (this.current !== client || !client.isRunning()) {
        throw new ServerUnavailable("Cranefly's language server ended before it answered.");
      }
      throw withOwnWords(error);
    }
  }

  /** Calls `handler` for each notification of that method, across restarts. */
  onNotification<M extends NotificationMethod>(
    method: M,
    handler: (params: Notifications[M]) => void,
  ): vscode.Disposable {
    const handlers = this.handlers.get(method) ?? new Set<Handler>();
    this.handlers.set(method, handlers);
    handlers.add(handler);
    return new vscode.Disposable(() => handlers.delete(handler));
  }

  dispose(): void {
    void this.stop();
    this.stateChanged.dispose();
  }

  private createClient(): LanguageClient {
    const run = { module: this.module, transport: TransportKind.ipc };
    const options: LanguageClientOptions = {
      ...this.options(),
      outputChannel: this.log,
      errorHandler: {
        error: (_error, _message, count) => ({
          action: (count ?? 0) <= 3 ? ErrorAction.Continue : ErrorAction.Shutdown,
          handled: true,
        }),
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
      },
      initializationFailedHandler: () => false,
    };
    const client = new QuietClient("cranefly", "Cranefly", { run, debug: run }, options);
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Stopped || newState === State.StartFailed) {
        this.ended(client);
      }
    });
    for (const method of notificationMethods) {
      client.onNotification(method, (params: unknown) => {
        this.handlers.get(method)?.forEach((handler) => handler(params as never));
      });
    }
    return client;
  }

  /** A client ended without being asked to. Called once or more often for the same client. */
  private ended(client: LanguageClient): void {
    if (this.current !== client) {
      return;
    }
    this.current = undefined;
    client.dispose().catch((error: unknown) => this.log.debug(String(error)));
    const verdict = this.crashes.record(Date.now());
    if (verdict.kind === "giveUp") {
      this.setState({
        kind: "failed",
        reason: `the language server crashed ${verdict.crashes} times in three minutes`,
      });
      return;
    }
    this.log.warn(`the language server ended unexpectedly; it is started again in ${verdict.delayMs} ms`);
    this.setState({ kind: "waiting", delayMs: verdict.delayMs });
    this.timer = setTimeout(() => void this.start(), verdict.delayMs);
  }

  private ready(token: vscode.CancellationToken | undefined): Promise<LanguageClient> {
    const now = this.settled();
    if (now !== undefined) {
      return now;
    }
    return new Promise((resolve, reject) => {
      const subscriptions: vscode.Disposable[] = [];
      const finish = (result: Promise<LanguageClient>) => {
        subscriptions.forEach((subscription) => void subscription.dispose());
        result.then(resolve, reject);
      };
      subscriptions.push(
        this.onDidChangeState(() => {
          const result = this.settled();
          if (result !== undefined) {
            finish(result);
          }
        }),
      );
      if (token !== undefined) {
        subscriptions.push(token.onCancellationRequested(() => finish(Promise.reject(new vscode.CancellationError()))));
      }
    });
  }

  /** The client, or why there is none; undefined while that is open. */
  private settled(): Promise<LanguageClient> | undefined {
    switch (this.stateNow.kind) {
      case "running":
        return this.current === undefined ? undefined : Promise.resolve(this.current);
      case "stopped":
        return Promise.reject(new ServerUnavailable("Cranefly's language server is stopped."));
      case "failed":
        return Promise.reject(new ServerUnavailable(`Cranefly is not running: ${this.stateNow.reason}.`));
      case "starting":
      case "waiting":
        return undefined;
    }
  }

  private setState(state: ServerState): void {
    this.stateNow = state;
    this.stateChanged.fire(state);
  }

  private clearTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

const notificationMethods: readonly NotificationMethod[] = [
  "cranefly/status",
  "cranefly/generation",
  "cranefly/testsChanged",
];

/** The error as the server put it: its library writes the request's name before it. */
function withOwnWords(error: unknown): unknown {
  if (error instanceof Error) {
    error.message = error.message.replace(/^Request \S+ failed with message: /, "");
  }
  return error;
}

/** Writes what goes wrong with the connection to the log only: the status bar is what tells the user. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  override warn(message: string, data?: unknown): void {
    super.warn(message, data, false);
  }

  override info(message: string, data?: unknown): void {
    super.info(message, data, false);
  }
}
