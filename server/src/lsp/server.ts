/** The server: what it offers, and how its parts are put together. */
import * as path from "node:path";
import PQueue from "p-queue";
import {
  type Connection,
  type InitializeParams,
  type InitializeResult,
  TextDocumentSyncKind,
  TextDocuments,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { URI } from "vscode-uri";
import type { ServerSettings } from "../../../shared/src/lsp.js";
import type { Log, Register, ServerContext } from "./protocol/api.js";
import { register as registerChecks } from "./features/checks.js";
import { register as registerControl } from "./features/control.js";
import { register as registerDiagnostics } from "./features/diagnostics.js";
import { DisposableStore } from "./protocol/disposables.js";
import { userEnvironment } from "./protocol/userEnvironment.js";
import { register as registerFeatures } from "./features/index.js";
import { register as registerPrepare } from "./features/run/prepare.js";
import { ProjectSet } from "./build/projects.js";
import { register as registerReports } from "./features/reports.js";
import { SettingsStore } from "./protocol/settings.js";
import { register as registerStatus } from "./features/status.js";
import { register as registerTests } from "./features/tests/index.js";

const VERSION = "0.1.0";

const PARTS: readonly Register[] = [registerStatus, registerReports, registerFeatures, registerTests];

/** Sets up a connection that is not listening yet. `bundleDir`: where the bundles are. */
export function serve(connection: Connection, bundleDir: string): void {
  connection.onInitialize((params) => new Server(connection, bundleDir, params).initialize());
}

class Server {
  private readonly documents = new TextDocuments(TextDocument);
  private readonly disposables = new DisposableStore();
  private readonly settings: SettingsStore;
  private readonly projects: ProjectSet;
  private readonly log: Log;
  private readonly env = userEnvironment(process.env);
  private readonly folders: Set<string>;

  constructor(
    private readonly connection: Connection,
    private readonly bundleDir: string,
    private readonly params: InitializeParams,
  ) {
    const { console } = connection;
    this.log = {
      error: (text) => console.error(text),
      warn: (text) => console.warn(text),
      info: (text) => console.info(text),
    };
    this.settings = new SettingsStore(connection, this.log, params);
    const services = {
      connection,
      queue: new PQueue({ concurrency: 1 }),
      env: this.env,
      log: this.log,
      bundleDir,
      settings: () => this.settings.current,
      openFiles: () => this.documents.all().map(({ uri }) => URI.parse(uri).fsPath),
    };
    this.projects = new ProjectSet(services, (root) =>
      this.documents.all().some((document) => this.projects.projectOf(document.uri)?.root === root),
    );
    this.folders = new Set(foldersOf(params));
  }

  initialize(): InitializeResult {
    const { connection, documents, projects, settings, env, log, disposables, params } = this;
    const result: InitializeResult = {
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
      serverInfo: { name: "cranefly", version: VERSION },
    };
    const context: ServerContext = {
      connection,
      documents,
      projects,
      settings,
      client: params.capabilities,
      capabilities: result.capabilities,
      env,
      log,
      disposables,
    };
    for (const register of PARTS) register(context);
    registerDiagnostics(context, projects);
    registerPrepare(context, projects);
    registerControl(context, projects);
    registerChecks(context, this.bundleDir);
    documents.onDidOpen(({ document }) => projects.documentOpened(document.uri));
    documents.onDidSave(({ document }) => {
      projects.projectOf(document.uri)?.saved(URI.parse(document.uri).fsPath, performance.now());
    });
    documents.listen(connection);
    connection.onInitialized(() => void this.start());
    connection.onShutdown(() => this.stop());
    return result;
  }

  private async start(): Promise<void> {
    const { connection, projects, settings } = this;
    if (this.params.capabilities.workspace?.workspaceFolders === true) {
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        for (const { uri } of removed) this.folders.delete(URI.parse(uri).fsPath);
        for (const { uri } of added) this.folders.add(URI.parse(uri).fsPath);
        void projects.setFolders([...this.folders]);
      });
    }
    await settings.start();
    this.followSettings();
    await projects.setFolders([...this.folders]);
  }

  /** Settings that decide what is built have it built anew. */
  private followSettings(): void {
    let before = this.settings.current;
    this.settings.onDidChange((settings) => {
      if (buildSettings(settings) !== buildSettings(before)) void this.projects.restart();
      // What changed meanwhile was not built.
      else if (settings.watch && !before.watch) for (const project of this.projects.all()) project.request("watching");
      before = settings;
      void this.projects.refresh();
    });
  }

  private async stop(): Promise<void> {
    await this.projects.close();
    this.disposables.dispose();
  }
}

function buildSettings({ cargo, jobs, engine, bodyLane }: ServerSettings): string {
  return JSON.stringify([cargo, jobs, engine, bodyLane]);
}

function foldersOf(params: InitializeParams): string[] {
  const uris = params.workspaceFolders?.map((folder) => folder.uri);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- what clients without several folders send
  const only = params.rootUri;
  const all = uris ?? (only === null ? [] : [only]);
  return all.filter((uri) => uri.startsWith("file:")).map((uri) => path.resolve(URI.parse(uri).fsPath));
}
