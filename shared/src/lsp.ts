/**
 * What the language server and the editor's client say to each other beyond LSP.
 *
 * Requests and notifications are named `cranefly/…`. Lenses, inlay hints, hovers, diagnostics and progress are plain LSP
 * and not listed here. Everything is JSON; URIs are strings, times are milliseconds, lines and columns count from 0 as in
 * LSP unless a field says otherwise.
 */
import type { FunctionCounts, FunctionEntry, Lane, StageTimes } from "./report.js";

/** What one cargo workspace (or single file) is doing. The client's status bar is a view of this. */
export type ProjectState =
  /** Nothing was built yet, and nothing asks for it. */
  | { readonly kind: "idle" }
  /** `stage` is what the user would call it: "cargo", "rustc app", "linking the base image", "engine". */
  | {
      readonly kind: "rebuilding";
      readonly lane: Lane | undefined;
      readonly stage: string;
      /** When it began, by `Date.now()`. */
      readonly since: number;
      readonly reason: string;
    }
  | { readonly kind: "current" }
  /** The sources do not compile; the last good generation, if any, stays runnable. */
  | { readonly kind: "stale"; readonly errors: number; readonly hasGeneration: boolean }
  /** Cranefly cannot do it; runs are cargo's. `reason` is for the user. */
  | { readonly kind: "fallback"; readonly reason: string }
  /**
   * The engine's daemon was stopped by the user; cannot be started, which is tried again by and by; or ended so often that
   * the user has to say whether to go on.
   */
  | { readonly kind: "down"; readonly reason: string; readonly why: "stopped" | "failing" | "givenUp" };

/** A generation without its functions, as the status bar's tooltip and the dashboard's history show it. */
export interface GenerationSummary {
  /** Counts up over the project's builds of this server, failed ones included. */
  readonly id: number;
  readonly generation: number;
  /** When it ended, by `Date.now()`. */
  readonly at: number;
  readonly selection: SelectionKind;
  readonly lane: Lane;
  readonly ok: boolean;
  readonly stale: boolean;
  readonly reason: string;
  readonly units: readonly string[];
  readonly ms: StageTimes;
  readonly functions: FunctionCounts;
  readonly errors: number;
  readonly warnings: number;
}

/** What is kept current: the programs (`cargo build`), or the test harnesses (`cargo test`). */
export type SelectionKind = "build" | "test";

export interface ProjectStatus {
  /** The cargo workspace's root folder (or the single file), as URI. Names the project in every request. */
  readonly project: string;
  readonly name: string;
  readonly state: ProjectState;
  /** The newest first; at most ten. */
  readonly history: readonly GenerationSummary[];
}

/** Server to client, whenever a project's status changes. `projects` are all there are. */
export const StatusNotification = "cranefly/status";
export interface StatusParams {
  readonly projects: readonly ProjectStatus[];
}

/** Server to client, after each build that published something. Lenses and views are then asked for anew. */
export const GenerationNotification = "cranefly/generation";
export interface GenerationParams {
  readonly project: string;
  readonly summary: GenerationSummary;
}

/** Names a program that can be started. */
export type RunTarget =
  | {
      readonly kind: "bin" | "example" | "bench";
      readonly project: string;
      readonly package: string;
      readonly name: string;
    }
  /** A test harness; `names` as libtest lists them, none for all. */
  | {
      readonly kind: "test";
      readonly project: string;
      /** The harness's program, as in `TestHarness`. */
      readonly program: string;
      readonly names: readonly string[];
      /** As `cargo test -p PACKAGE` builds it, which may have fewer features than the tests of the whole workspace. */
      readonly alone?: boolean;
    };

/** Client to server: the programs of a project, as cargo names them. Never waits for a build. */
export const TargetsRequest = "cranefly/targets";
export interface TargetsParams {
  readonly project: string | undefined;
}
export interface Target {
  readonly target: RunTarget;
  readonly label: string;
  /** The source file of `main`, as URI. */
  readonly uri: string | undefined;
}
export interface TargetsResult {
  readonly targets: readonly Target[];
}

/**
 * Client to server: how to start a program. Waits for a build that is under way if `wait`, so it is cancellable;
 * without `wait` it answers at once with what there is, and says whether that is stale.
 */
export const PrepareRequest = "cranefly/prepare";
export interface PrepareParams {
  readonly target: RunTarget;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | null>>;
  readonly cwd: string | undefined;
  readonly wait: boolean;
  /** Asks for cargo's way of running it (`kind: "cargo"`), whatever Cranefly can do. */
  readonly byCargo?: boolean;
  /** For a debugger, with the source lines (1-based) of breakpoints: all functions are compiled first. */
  readonly breakpoints?: readonly { readonly file: string; readonly line: number }[];
}
export type PrepareResult =
  | {
      readonly kind: "program";
      readonly command: ProgramCommand;
      readonly label: string;
      readonly generation: number;
      /** Something newer is being built, or does not compile: the reason, for the user. */
      readonly stale: string | undefined;
      /** The program's executable; the same as `command.argv[0]` unless cargo has a runner configured. */
      readonly executable: string;
      readonly debugInfo: "lines" | "full";
    }
  /** Cranefly cannot run it: cargo does, and the user is told why. */
  | { readonly kind: "cargo"; readonly command: ProgramCommand; readonly label: string; readonly reason: string }
  /** There is nothing to run: errors before any good generation, say. */
  | { readonly kind: "none"; readonly reason: string };

/** A program to start, as a process (no shell in between). */
export interface ProgramCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Changes to the environment that the editor was started with; `null` removes. */
  readonly env: Readonly<Record<string, string | null>>;
}

/** Client to server: the test harnesses of a project with their tests, from libtest's `--list`. Builds what is not current. */
export const TestsRequest = "cranefly/tests";
export interface TestsParams {
  readonly project: string;
}
export interface TestHarness {
  readonly program: string;
  readonly package: string;
  /** cargo's name of the target, and its kind. */
  readonly target: string;
  readonly kind: "lib" | "bin" | "test" | "example" | "bench";
  readonly label: string;
  /** The target's root source file, as URI. */
  readonly uri: string;
  /** Whether it is libtest's harness; another one (`harness = false`) is one test as a whole. */
  readonly harness: boolean;
  readonly tests: readonly TestCase[];
  /** Why there are no tests: it could not be listed. */
  readonly problem: string | undefined;
}
export interface TestCase {
  /** As libtest lists it: `module::path::name`. */
  readonly name: string;
  readonly kind: "test" | "bench";
  /** Where the function is; undefined when debug info does not tell. `line` counts from 0. */
  readonly uri: string | undefined;
  readonly line: number | undefined;
}
export interface TestsResult {
  readonly harnesses: readonly TestHarness[];
  readonly generation: number;
  readonly stale: string | undefined;
}
/**
 * Client to server: tests of a project are about to run, or have ended. In between, the programs beside them are where cargo would
 * leave them, since tests may start them there. Answered when they are.
 */
export const TestRunRequest = "cranefly/testRun";
export interface TestRunParams {
  readonly project: string;
  readonly isRunning: boolean;
}

/** Server to client: the tests of a project may be others now; ask again when they are shown. */
export const TestsChangedNotification = "cranefly/testsChanged";
export interface TestsChangedParams {
  readonly project: string;
}

/** Client to server: a text about the function at a place, or about `symbol`. */
export const InspectRequest = "cranefly/inspect";
export type InspectKind = "llvm" | "clif" | "asm";
export interface InspectParams {
  readonly uri: string;
  /** Counts from 0. */
  readonly line: number;
  readonly symbol?: string;
  readonly what: InspectKind;
  /** The text before the function's last change. */
  readonly previous?: boolean;
}
export interface InspectResult {
  readonly project: string;
  readonly symbol: string;
  readonly name: string;
  readonly generation: number;
  readonly text: string;
  /** Source lines of the text's lines; both count from 1, as the engine tells them. */
  readonly lines: readonly { readonly line: number; readonly file: string; readonly sourceLine: number }[];
  readonly refs: readonly {
    readonly line: number;
    readonly column: number;
    readonly length: number;
    readonly symbol: string;
    readonly name: string;
    readonly file: string | null;
    readonly sourceLine: number;
  }[];
  /** All instances of the function at that place, for a choice. */
  readonly instances: readonly { readonly symbol: string; readonly name: string }[];
}

/** Client to server: everything about the function at a place: why it was (not) compiled, by which tier, what it cost. */
export const ExplainRequest = "cranefly/explain";
export interface ExplainParams {
  readonly uri: string;
  readonly line: number;
}
export interface ExplainResult {
  /** Markdown. */
  readonly text: string;
  readonly functions: readonly FunctionEntry[];
}

/** Client to server: runs the directives of a `.clif` file through the engine's compiler; `line` (from 0) selects one. */
export const RunClifRequest = "cranefly/runClif";
export interface RunClifParams {
  readonly uri: string;
  readonly text: string;
  readonly line: number | undefined;
}
export interface RunClifResult {
  readonly results: readonly { readonly line: number; readonly ok: boolean; readonly message: string }[];
}

/** Client to server: all that the dashboard shows. Also the JSON export. */
export const DashboardRequest = "cranefly/dashboard";
export interface DashboardParams {
  readonly project: string | undefined;
}
export interface DashboardResult {
  readonly project: string;
  readonly name: string;
  readonly state: ProjectState;
  /** The newest first; bounded by the server. */
  readonly history: readonly GenerationSummary[];
  /** Those whose compilation took longest, most first. */
  readonly slowest: readonly DashboardFunction[];
  /** Generic families by instances; the view sorts them by bytes or time, too. */
  readonly families: readonly DashboardFamily[];
  readonly tiers: { readonly cranelift: number; readonly llvm: number; readonly none: number };
  readonly fallbacks: readonly { readonly construct: string; readonly functions: number }[];
  readonly engine: EngineStatus | undefined;
  /** Body lane bookkeeping; absent while there is none. */
  readonly bodyLane:
    | {
        readonly share: number;
        readonly divergences: number;
        readonly refusals: readonly { readonly reason: string; readonly count: number }[];
      }
    | undefined;
}
export interface DashboardFunction {
  readonly symbol: string;
  readonly name: string;
  readonly file: string | null;
  /** Counts from 1. */
  readonly line: number;
  readonly tier: FunctionEntry["tier"];
  readonly us: FunctionEntry["us"];
  readonly bytes: number;
}
export interface DashboardFamily {
  readonly name: string;
  readonly file: string | null;
  readonly line: number;
  readonly instances: number;
  readonly bytes: number;
  readonly us: number;
}
export interface EngineStatus {
  readonly pid: number;
  readonly version: string;
  readonly uptimeMs: number;
  readonly rssBytes: number;
  readonly cacheFunctions: number;
  readonly cacheBytes: number;
  readonly cacheLimitBytes: number | undefined;
  readonly cacheHits: number | undefined;
  readonly cacheMisses: number | undefined;
  readonly imageBytes: number;
  readonly imageLimitBytes: number | undefined;
}

/**
 * Client to server: write the last report of a project to a file, with an entry for each function. It may be tens of megabytes,
 * so it is no message.
 */
export const ReportRequest = "cranefly/report";
export interface ReportParams {
  readonly project: string | undefined;
  /** Absolute path. */
  readonly file: string;
}
export interface ReportResult {
  /** False: nothing was built yet. */
  readonly written: boolean;
}

/** Client to server: what the user asked for. `project` undefined: all of them. */
export const ControlRequest = "cranefly/control";
export interface ControlParams {
  readonly project: string | undefined;
  readonly action: "rebuild" | "cancel" | "clearCache" | "restartEngine" | "stopEngine" | "pauseWatch" | "resumeWatch";
}
export interface ControlResult {
  /** For the user, when there is something to say. */
  readonly message: string | undefined;
}

/** Client to server: is everything there that Cranefly needs? */
export const ChecksRequest = "cranefly/checks";
export interface Check {
  readonly id: "platform" | "toolchain" | "linker" | "engine" | "memory" | "workspace";
  readonly ok: boolean;
  /** One sentence; when not `ok`, what to do. */
  readonly message: string;
}
export interface ChecksResult {
  readonly checks: readonly Check[];
}

/** Arguments of the commands that lenses carry; the client registers these. */
export const LensCommands = {
  run: "cranefly.lens.run",
  debug: "cranefly.lens.debug",
  explain: "cranefly.explainFunction",
  runClif: "cranefly.clif.run",
} as const;
export interface LensArguments {
  readonly target: RunTarget;
}

/** The settings that the server reads (`workspace/configuration`, section `cranefly`). Defaults in package.json. */
export interface ServerSettings {
  readonly enable: boolean;
  readonly buildOnOpen: boolean;
  readonly watch: boolean;
  readonly bodyLane: boolean;
  readonly cargo: {
    readonly features: readonly string[] | "all";
    readonly noDefaultFeatures: boolean;
    readonly profile: string | null;
    readonly extraArgs: readonly string[];
    readonly extraEnv: Readonly<Record<string, string>>;
  };
  readonly linkedProjects: readonly string[];
  readonly jobs: number | null;
  readonly diagnostics: "auto" | "on" | "off";
  /** What the client found out about rust-analyzer: whether its check on save is on. */
  readonly rustAnalyzerChecks?: boolean;
  readonly lens: {
    readonly run: boolean;
    readonly debug: boolean;
    readonly tests: boolean;
    readonly functions: "off" | "lens" | "endOfLine";
    readonly show: "quiet" | "all";
    readonly thresholdMicroseconds: number;
    readonly slowMicroseconds: number;
  };
  readonly tests: { readonly discover: boolean };
  /** Machine-scoped. */
  readonly engine: { readonly path: string | null };
}
