/** Debug sessions of this extension, whichever adapter serves them: what they print, and how they end. */
import * as vscode from "vscode";
import type { DapMessage } from "./dapMessages.js";

/** The field of a debug configuration that names our session. */
export const SESSION_FIELD = "__craneflySession";
/** CodeLLDB's debug type. */
export const CODELLDB_TYPE = "lldb";
export const DEBUG_TYPE = "cranefly";

export interface SessionListener {
  /** What the program prints. */
  onOutput?(text: string): void;
  /** The session is over. `code`: the program's exit code, if the adapter told it. */
  onEnd?(code: number | undefined): void;
}

export class Sessions implements vscode.Disposable {
  private readonly listeners = new Map<string, SessionListener>();
  private readonly subscriptions: vscode.Disposable[];
  private last = 0;

  constructor() {
    const factory: vscode.DebugAdapterTrackerFactory = {
      createDebugAdapterTracker: (session) => this.track(session),
    };
    this.subscriptions = [DEBUG_TYPE, CODELLDB_TYPE].map((type) =>
      vscode.debug.registerDebugAdapterTrackerFactory(type, factory),
    );
  }

  /** Names a session that is about to start. */
  add(listener: SessionListener): string {
    this.last++;
    const id = String(this.last);
    this.listeners.set(id, listener);
    return id;
  }

  /** The session did not start. */
  remove(id: string): void {
    this.listeners.delete(id);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) void subscription.dispose();
    for (const [id, listener] of this.listeners) {
      this.listeners.delete(id);
      listener.onEnd?.(undefined);
    }
  }

  private track(session: vscode.DebugSession): vscode.DebugAdapterTracker | undefined {
    const id: unknown = session.configuration[SESSION_FIELD];
    const listener = typeof id === "string" ? this.listeners.get(id) : undefined;
    if (typeof id !== "string" || listener === undefined) return undefined;
    let code: number | undefined;
    const end = (): void => {
      if (this.listeners.delete(id)) listener.onEnd?.(code);
    };
    return {
      onDidSendMessage: (message: DapMessage) => {
        if (message.type !== "event") return;
        if (message.event === "output") listener.onOutput?.(programOutput(message.body));
        else if (message.event === "exited") code = exitCode(message.body);
        else if (message.event === "terminated") end();
      },
      onWillStopSession: end,
      onError: end,
      onExit: end,
    };
  }
}

/** What the program printed, of an `output` event; nothing of what the debugger says. */
function programOutput(body: unknown): string {
  if (typeof body !== "object" || body === null || !("output" in body) || typeof body.output !== "string") return "";
  const category = "category" in body ? body.category : "console";
  return category === "stdout" || category === "stderr" ? body.output : "";
}

function exitCode(body: unknown): number | undefined {
  if (typeof body !== "object" || body === null || !("exitCode" in body)) return undefined;
  return typeof body.exitCode === "number" ? body.exitCode : undefined;
}
