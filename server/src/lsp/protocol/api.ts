/**
 * What the server's features build on: the projects with their state, the documents, the settings, the connection.
 *
 * A feature is a module that exports `register(context: ServerContext): void`. It is called once, after the client's
 * `initialize` and before its first request; there it adds its request handlers to `context.connection` and its
 * capabilities to what `initialize` answers (`context.capabilities`). Features see these interfaces only.
 */
import type {
  ClientCapabilities,
  Connection,
  Disposable,
  ServerCapabilities,
  TextDocuments,
} from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { GenerationSummary, ProjectStatus, ServerSettings, Target } from "../../../../shared/src/lsp.js";
import type { GenerationReport } from "../../../../shared/src/report.js";
import type { Metadata } from "../../core/cargo/cargo.js";
import type { Engine } from "../../core/engine/client.js";
import type { Layout } from "../../core/support/layout.js";
import type { SelectionState } from "../../core/cargo/selection.js";

/** One feature's entry. */
export type Register = (context: ServerContext) => void;

export interface ServerContext {
  readonly connection: Connection;
  /** The open documents, as the editor has them (which may be newer than what is saved). */
  readonly documents: TextDocuments<TextDocument>;
  readonly projects: Projects;
  readonly settings: Settings;
  /** What the client can do. */
  readonly client: ClientCapabilities;
  /** What `initialize` answers; features add what they offer. */
  readonly capabilities: ServerCapabilities;
  /** The user's environment: the editor's own, without what only concerns the editor. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** `dispose` is called at shutdown, and when the client is gone. */
  readonly disposables: Disposables;
}

export interface Log {
  error(text: string): void;
  warn(text: string): void;
  info(text: string): void;
}

export interface Disposables {
  add(disposable: Disposable): void;
}

/** The client's settings; the defaults until the client has sent them. */
export interface Settings {
  readonly current: ServerSettings;
  onDidChange(listener: (settings: ServerSettings) => void): Disposable;
}

/** The cargo workspaces (and single files) that are open. */
export interface Projects {
  all(): readonly Project[];
  /** The project whose URI (`ProjectStatus.project`) this is. */
  get(project: string): Project | undefined;
  /** The project that a source file belongs to: the innermost one around it. */
  projectOf(uri: string): Project | undefined;
  /** `all()` is not what it was. */
  onDidChange(listener: () => void): Disposable;
  /** After each build that published something, as `cranefly/generation` tells the client. */
  onGeneration(listener: (event: GenerationEvent) => void): Disposable;
  /** After each change of a project's `status`. */
  onStatus(listener: (project: Project) => void): Disposable;
}

export interface GenerationEvent {
  readonly project: Project;
  readonly summary: GenerationSummary;
  readonly report: GenerationReport;
}

/**
 * What is built together and published as one generation: what `cargo build` builds, the tests of all members, their
 * examples, and the programs of those members that `cargo build` leaves out.
 */
export type CommonBuild = "build" | "test" | "examples" | "members";

/**
 * The same of one package alone (`cargo run -p PACKAGE`), with the features that it has then: where a build of the workspace has
 * others.
 */
export type OwnBuild = `${Exclude<CommonBuild, "members">}:${string}`;

export type BuildKind = CommonBuild | OwnBuild;

/** What a package's own build is of; undefined for the others. */
export function ownBuild(
  kind: BuildKind,
): { readonly common: Exclude<CommonBuild, "members">; readonly package: string } | undefined {
  for (const common of ["build", "test", "examples"] as const) {
    if (kind.startsWith(`${common}:`)) return { common, package: kind.slice(common.length + 1) };
  }
  return undefined;
}

/** A good build. */
export interface Built {
  readonly kind: BuildKind;
  readonly state: SelectionState;
  /** Without entries for functions; see `Project.writeReport`. */
  readonly report: GenerationReport;
  readonly layout: Layout;
  /** Why it is not what is saved now, for the user; undefined when it is. */
  readonly stale: string | undefined;
}

/** Why there is nothing to run. */
export interface NotBuilt {
  /** `errors`: the sources do not compile. `unsupported`: Cranefly cannot, cargo can. `down`: no engine. */
  readonly kind: "errors" | "unsupported" | "down" | "idle";
  readonly reason: string;
}

export type BuildOutcome =
  { readonly built: Built } | { readonly failure: NotBuilt; readonly built: Built | undefined };

/** One cargo workspace, or one source file without a package. */
export interface Project {
  /** Its root folder, or the file, as URI: its name in every request. */
  readonly uri: string;
  /** The root folder's path (of a single file: the folder that it lies in). */
  readonly root: string;
  readonly name: string;
  /** The source file, when that is all there is. */
  readonly file: string | undefined;
  readonly status: ProjectStatus;
  /** The newest first; bounded. */
  readonly history: readonly GenerationSummary[];
  /** `target/cranefly`, once known. */
  readonly layout: Layout | undefined;
  /** The engine's client, once there was something to publish. */
  readonly engine: Engine | undefined;
  /** The environment that its builds and programs get: the user's with the settings' `cargo.extraEnv`. */
  readonly env: NodeJS.ProcessEnv;
  /** The editor's own environment, without what only concerns the editor. */
  readonly editorEnv: NodeJS.ProcessEnv;
  /** The packages that `cargo build` builds; undefined before cargo has told. */
  readonly defaultPackages: ReadonlySet<string> | undefined;
  /** Whatever is built, was built, or failed; what counts most comes first. */
  readonly kinds: readonly BuildKind[];
  /** The last good build, at once; undefined before the first one. */
  built(kind: BuildKind): Built | undefined;
  /** Whether an executable is the program of this build, and not that of another one or of a command line. */
  isInPlace(kind: BuildKind, executable: string): boolean;
  /** Which build a package's program is to be run from: that of the workspace, or its own. */
  buildFor(common: CommonBuild, packageName: string, signal?: AbortSignal): Promise<BuildKind>;
  /** The same at once; undefined if cargo was not asked yet. */
  buildKnownFor(common: CommonBuild, packageName: string): BuildKind | undefined;
  /** Waits until what is saved now is built, or cannot be. Cancelling only ends the waiting. Throws `Cancelled`. */
  ensure(kind: BuildKind, signal?: AbortSignal): Promise<BuildOutcome>;
  /** Like `ensure`, but asks cargo anew and publishes everything, whatever is known. */
  rebuild(kind: BuildKind, reason: string, signal?: AbortSignal): Promise<BuildOutcome>;
  /** `ensure("test")`. */
  ensureTests(signal?: AbortSignal): Promise<BuildOutcome>;
  /** Writes the last report of the programs' selection to a file, with an entry for each function; false: there is none. */
  writeReport(file: string): Promise<boolean>;
  /** The last report, as it is. */
  readonly lastReport: GenerationReport | undefined;
  /** cargo's description of the workspace, asked of cargo once and again when a manifest changed. */
  metadata(signal?: AbortSignal): Promise<Metadata>;
  /** Programs, examples, benches: from the metadata at hand; empty before there is some. */
  readonly targets: readonly Target[];
}
