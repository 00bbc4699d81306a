/**
 * What the parts of the extension offer each other. Each part's `register…` function fills its field of
 * `Context.features`; commands and lenses call through them, so that no part imports another one.
 */
import type * as vscode from "vscode";
import type { RunTarget } from "../../shared/src/lsp.js";

/** A target of kind `test`. */
export type TestTarget = Extract<RunTarget, { kind: "test" }>;

/** The Test Explorer; see `client/src/testing`. */
export interface TestingApi {
  /** Runs (or debugs) what a test lens names, with results in the Test Explorer. */
  run(target: TestTarget, options: { readonly debug: boolean }): Promise<void>;
  /** Runs (or debugs) the test that holds the cursor, or the nearest one before it. */
  runAtCursor(editor: vscode.TextEditor, options: { readonly debug: boolean }): Promise<void>;
  /** Runs every test of a source file. */
  runFile(uri: vscode.Uri): Promise<void>;
  /** Runs again what failed when it last ran. */
  rerunFailed(): Promise<void>;
}

/** How a program is debugged. `args`, `env` and `cwd` default to what the settings say for it. */
export interface DebugOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | null>>;
  readonly cwd?: string;
  /** The test run that the session belongs to, so that it ends with it. */
  readonly testRun?: vscode.TestRun;
  /** Debugs what cargo builds, which has variables. */
  readonly byCargo?: boolean;
  /** Told what the program prints. */
  readonly onOutput?: (text: string) => void;
  /** Told once the session is over, with the program's exit code if that is known. */
  readonly onEnd?: (code: number | undefined) => void;
}

/** Debugging; see `client/src/debug`. */
export interface DebuggingApi {
  /**
   * Starts `target` under a debugger. Resolves to whether a session was started; what stood in the way was then told to the
   * user.
   */
  start(target: RunTarget, options?: DebugOptions): Promise<boolean>;
}

/** The dashboard; see `client/src/dashboard`. */
export interface DashboardApi {
  /** Opens it for `project` (a URI of `ProjectStatus`), or for the active editor's project. */
  open(project?: string): Promise<void>;
}

/** Running programs in terminals; see `client/src/run`. */
export interface RunApi {
  /** Starts `target` in a terminal, and resolves once it was started (true), or was given up with a message (false). */
  run(
    target: RunTarget,
    options?: {
      readonly args?: readonly string[];
      readonly env?: Readonly<Record<string, string | null>>;
      readonly cwd?: string;
    },
  ): Promise<boolean>;
  /** Ends what was started last, or everything. */
  stop(all?: boolean): void;
}

/** What is there; a field is undefined until its part was registered. */
export interface Features {
  testing: TestingApi | undefined;
  debugging: DebuggingApi | undefined;
  dashboard: DashboardApi | undefined;
  running: RunApi | undefined;
}
