/** The bundled language server as a process, spoken to over standard input and output. */
import { type ChildProcess, spawn } from "node:child_process";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import {
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  createMessageConnection,
} from "vscode-jsonrpc/node";
import { type ProjectStatus, StatusNotification, type StatusParams } from "../../shared/src/lsp.js";
import { ROOT } from "../support/repository.js";

const SERVER = path.join(ROOT, "dist", "server.cjs");

export class LanguageServer {
  readonly connection: MessageConnection;
  private readonly child: ChildProcess;
  private projectsNow: readonly ProjectStatus[] = [];
  private readonly waiting = new Set<() => void>();

  private constructor(folder: string, env: NodeJS.ProcessEnv, settings: object) {
    this.child = spawn(process.execPath, [SERVER, "--stdio"], { cwd: folder, env, stdio: ["pipe", "pipe", "inherit"] });
    const { stdin, stdout } = this.child;
    if (stdin === null || stdout === null) throw new Error("the server has no pipes");
    this.connection = createMessageConnection(new StreamMessageReader(stdout), new StreamMessageWriter(stdin));
    this.connection.onRequest("workspace/configuration", ({ items }: { items: readonly unknown[] }) =>
      items.map(() => settings),
    );
    this.connection.onRequest("client/registerCapability", () => null);
    this.connection.onRequest("window/workDoneProgress/create", () => null);
    for (const method of [
      "workspace/codeLens/refresh",
      "workspace/inlayHint/refresh",
      "workspace/diagnostic/refresh",
    ]) {
      this.connection.onRequest(method, () => null);
    }
    this.connection.onNotification(StatusNotification, ({ projects }: StatusParams) => {
      this.projectsNow = projects;
      for (const check of this.waiting) check();
    });
    this.connection.listen();
  }

  /** Starts the server on `folder` and waits for its first word on the projects in it. */
  static async start(folder: string, env: NodeJS.ProcessEnv, settings: object): Promise<LanguageServer> {
    const server = new LanguageServer(folder, env, settings);
    const uri = pathToFileURL(folder).href;
    await server.connection.sendRequest("initialize", {
      processId: process.pid,
      rootUri: uri,
      workspaceFolders: [{ uri, name: path.basename(folder) }],
      capabilities: { workspace: { configuration: true, workspaceFolders: true }, window: { workDoneProgress: true } },
      initializationOptions: settings,
    });
    await server.connection.sendNotification("initialized", {});
    await server.until((projects) => projects.length > 0);
    return server;
  }

  get projects(): readonly ProjectStatus[] {
    return this.projectsNow;
  }

  /** Waits until the projects' status is as wanted. */
  async until(isWanted: (projects: readonly ProjectStatus[]) => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (!isWanted(this.projectsNow)) return;
        this.waiting.delete(check);
        resolve();
      };
      this.waiting.add(check);
      check();
    });
  }

  async stop(): Promise<void> {
    const exited = new Promise<void>((resolve) => this.child.once("exit", () => resolve()));
    await this.connection.sendRequest("shutdown");
    await this.connection.sendNotification("exit");
    await exited;
    this.connection.dispose();
  }
}

/** The settings of package.json that tests start from: nothing is built unless it is asked for. */
export const QUIET_SETTINGS = {
  enable: true,
  buildOnOpen: false,
  watch: true,
  cargo: { features: [], noDefaultFeatures: false, profile: null, extraArgs: [], extraEnv: {} },
  linkedProjects: [],
  jobs: null,
  diagnostics: "off",
  lens: {
    run: true,
    debug: true,
    tests: true,
    functions: "off",
    show: "quiet",
    thresholdMicroseconds: 1000,
    slowMicroseconds: 5000,
  },
  tests: { discover: true },
  engine: { path: null },
};
