/** The client's side of the language server, over its standard streams, as an editor would start it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { onTestFailed } from "vitest";
import {
  type Diagnostic,
  DidChangeWorkspaceFoldersNotification,
  InitializeRequest,
  type InitializeResult,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  StreamMessageReader,
  StreamMessageWriter,
  createProtocolConnection,
} from "vscode-languageserver-protocol/node";
import {
  GenerationNotification,
  type GenerationParams,
  PrepareRequest,
  type PrepareResult,
  type ProgramCommand,
  type ProjectState,
  type ProjectStatus,
  type RunTarget,
  StatusNotification,
  type StatusParams,
} from "../../shared/src/lsp.js";
import { ROOT } from "../support/repository.js";
import { type Project } from "./project.js";

const SERVER = path.join(ROOT, "dist", "server.cjs");
/** Only to end a test that would otherwise wait for ever. */
const PATIENCE_MS = 120_000;

export interface ClientOptions {
  readonly settings?: object;
  readonly env?: NodeJS.ProcessEnv;
  /** Whose end is the server's end. */
  readonly processId?: number;
}

export class LanguageClient {
  readonly child: ChildProcess;
  readonly connection: ProtocolConnection;
  readonly exited: Promise<number | null>;
  initialized: InitializeResult | undefined;
  settings: object;
  /** All that the server has told, the newest last. */
  readonly statuses: StatusParams[] = [];
  readonly generations: GenerationParams[] = [];
  readonly diagnostics = new Map<string, Diagnostic[]>();
  readonly progress: unknown[] = [];
  private readonly wakers = new Set<() => void>();
  private log = "";

  constructor(
    readonly project: Project,
    private readonly options: ClientOptions = {},
  ) {
    this.settings = options.settings ?? {};
    this.child = spawn(process.execPath, [SERVER, "--stdio"], {
      cwd: "/",
      env: { ...project.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const { stdin, stdout, stderr } = this.child;
    if (stdin === null || stdout === null) throw new Error("no streams");
    stderr?.on("data", (data: Buffer) => (this.log += data.toString()));
    this.exited = new Promise((resolve) => this.child.once("exit", (code) => resolve(code)));
    const connection = createProtocolConnection(new StreamMessageReader(stdout), new StreamMessageWriter(stdin));
    this.connection = connection;
    connection.onRequest("workspace/configuration", ({ items }: { items: unknown[] }) =>
      items.map(() => this.settings),
    );
    connection.onRequest("client/registerCapability", () => null);
    connection.onRequest("window/workDoneProgress/create", () => null);
    const keep = (act: () => void): void => {
      act();
      for (const wake of this.wakers) wake();
    };
    connection.onNotification("$/progress", (params: unknown) => keep(() => this.progress.push(params)));
    connection.onNotification(
      "window/logMessage",
      ({ message }: { message: string }) => void (this.log += `${message}\n`),
    );
    connection.onNotification(StatusNotification, (params: StatusParams) => keep(() => this.statuses.push(params)));
    connection.onNotification(GenerationNotification, (params: GenerationParams) =>
      keep(() => this.generations.push(params)),
    );
    connection.onNotification(PublishDiagnosticsNotification.type, ({ uri, diagnostics }) =>
      keep(() => this.diagnostics.set(uri, diagnostics)),
    );
    connection.listen();
    onTestFailed(() => void process.stderr.write(this.log));
  }

  /** Opens folders, named relative to the project's. */
  async open(...folders: string[]): Promise<this> {
    this.initialized = await this.connection.sendRequest(InitializeRequest.type, {
      processId: this.options.processId ?? process.pid,
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- the protocol asks for it
      rootUri: null,
      workspaceFolders: folders.map((folder) => this.folder(folder)),
      capabilities: {
        window: { workDoneProgress: true },
        workspace: {
          configuration: true,
          workspaceFolders: true,
          didChangeConfiguration: { dynamicRegistration: true },
        },
      },
    });
    await this.connection.sendNotification("initialized", {});
    return this;
  }

  uri(file: string): string {
    return pathToFileURL(this.project.path(file)).toString();
  }

  private folder(name: string): { uri: string; name: string } {
    return { uri: this.uri(name), name };
  }

  async changeFolders(added: readonly string[], removed: readonly string[]): Promise<void> {
    const event = { added: added.map((name) => this.folder(name)), removed: removed.map((name) => this.folder(name)) };
    await this.connection.sendNotification(DidChangeWorkspaceFoldersNotification.type, { event });
  }

  /** Shows a file in the editor. */
  async show(file: string): Promise<void> {
    const text = fs.readFileSync(this.project.path(file), "utf8");
    await this.connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri: this.uri(file), languageId: "rust", version: 1, text },
    });
  }

  async changeSettings(settings: object): Promise<void> {
    this.settings = settings;
    await this.connection.sendNotification("workspace/didChangeConfiguration", { settings: null });
  }

  /** Waits until a condition holds; it is tried after every message of the server's. */
  async until<T>(what: string, condition: () => T | undefined | false): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const value = condition();
      if (value !== undefined && value !== false) return value;
      if (Date.now() > deadline)
        throw new Error(`never: ${what}; the last status: ${JSON.stringify(this.statuses.at(-1))}`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.wakers.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, 500);
        this.wakers.add(wake);
      });
    }
  }

  /** The newest status of a project, which is named by its folder. */
  status(folder: string): ProjectStatus | undefined {
    const uri = this.uri(folder);
    return this.statuses.at(-1)?.projects.find((item) => item.project === uri);
  }

  /** Waits for a state, which the project may have already. */
  async state<K extends ProjectState["kind"]>(
    folder: string,
    kind: K,
  ): Promise<Extract<ProjectState, { readonly kind: K }>> {
    const isWanted = (state: ProjectState | undefined): state is Extract<ProjectState, { readonly kind: K }> =>
      state?.kind === kind;
    return this.until(`${folder} is ${kind}`, () => {
      const state = this.status(folder)?.state;
      return isWanted(state) ? state : undefined;
    });
  }

  /** Waits for the next generation that is not among the first `known`. */
  async generation(known: number): Promise<GenerationParams> {
    return this.until(`generation ${known + 1}`, () => this.generations[known]);
  }

  prepare(target: RunTarget, wait: boolean, args: readonly string[] = []): Promise<PrepareResult> {
    return this.connection.sendRequest(PrepareRequest, { target, args, env: {}, cwd: undefined, wait });
  }

  bin(folder: string, name: string, packageName = name): RunTarget {
    return { kind: "bin", project: this.uri(folder), package: packageName, name };
  }

  /** Runs a prepared command as the editor would. */
  run(command: ProgramCommand): { readonly status: number | null; readonly stdout: string } {
    const env = { ...this.project.env };
    for (const [name, value] of Object.entries(command.env)) {
      if (value === null) Reflect.deleteProperty(env, name);
      else env[name] = value;
    }
    const [program = "", ...args] = command.argv;
    return spawnSync(program, args, { cwd: command.cwd, env, encoding: "utf8" });
  }

  /** Builds the newest, runs it, and gives what it printed. */
  async output(target: RunTarget): Promise<string> {
    const result = await this.prepare(target, true);
    if (result.kind !== "program") throw new Error(JSON.stringify(result));
    return this.run(result.command).stdout;
  }

  /** Ends the server as an editor does, and gives its exit code. */
  async close(): Promise<number | null> {
    await this.connection.sendRequest("shutdown");
    await this.connection.sendNotification("exit");
    const code = await this.exited;
    this.connection.dispose();
    return code;
  }

  kill(): void {
    this.child.kill("SIGKILL");
    this.connection.dispose();
  }
}
