/** An editor with a workspace open, for the tests of one file: started before them, ended after them, with its logs kept if one fails. */
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, inject } from "vitest";
import { openWindow, type Window } from "./browser.js";
import { Sandbox } from "./sandbox.js";
import { EditorServer, type ServerOptions } from "./server.js";
import { Workbench } from "./workbench.js";

const repository = path.resolve(import.meta.dirname, "../../..");
/** What is kept of a failure, one folder a test. */
const ARTEFACTS = path.join(repository, "target/tests/e2e-artifacts");

export interface SessionOptions extends Partial<ServerOptions> {
  /** The cargo project that is copied to be the workspace. */
  readonly project: string;
  /** Files of it that are opened at once. */
  readonly open?: readonly string[];
  /** What names the workspace's folders, beside it, if it is not its only one. */
  readonly workspaceFile?: string;
  /** Changes the workspace before the editor sees it. */
  readonly prepare?: (sandbox: Sandbox) => void;
}

export class Session {
  private constructor(
    readonly sandbox: Sandbox,
    readonly server: EditorServer,
    readonly workbench: Workbench,
    private readonly window: Window,
    private readonly options: SessionOptions,
  ) {}

  static async start(options: SessionOptions): Promise<Session> {
    const sandbox = new Sandbox(options.project);
    try {
      options.prepare?.(sandbox);
      const programs = inject("programs");
      const server = await EditorServer.start(programs, sandbox, { extension: programs.extension, ...options });
      const window = await openWindow(programs.browser, sandbox.folder("browser"));
      const session = new Session(sandbox, server, new Workbench(window.page, sandbox.workspace), window, options);
      await session.load();
      return session;
    } catch (error) {
      await sandbox.remove();
      throw error;
    }
  }

  /** Loads the window, or loads it anew: the extension host starts again. */
  load(): Promise<void> {
    return this.workbench.load(this.server.url(this.options.open, this.options.workspaceFile));
  }

  /** A file of the workspace. */
  path(file: string): string {
    return path.join(this.sandbox.workspace, file);
  }

  read(file: string): string {
    return fs.readFileSync(this.path(file), "utf8");
  }

  /** Keeps a picture and all logs. */
  async saveArtefacts(name: string): Promise<string> {
    const folder = path.join(ARTEFACTS, name.replace(/[^\w.-]+/g, "-").slice(0, 120));
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    this.server.saveLogs(folder);
    fs.writeFileSync(path.join(folder, "console.log"), this.window.console.join("\n"));
    await this.workbench.screenshot(path.join(folder, "screen.png"));
    return folder;
  }

  async stop(): Promise<void> {
    await this.window.browser.close();
    await this.server.stop();
    await this.sandbox.remove();
  }
}

/** Gives all tests of the file one editor; the function that comes back gives it to each. */
export function useEditor(options: SessionOptions): () => Session {
  let session: Session | undefined;
  beforeAll(async () => {
    session = await Session.start(options);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    const folder = await session?.saveArtefacts(`${path.basename(task.file.name, ".test.ts")}-${task.name}`);
    console.error(`screenshot and logs: ${folder ?? "none, the editor did not start"}`);
  });
  afterAll(() => session?.stop());
  return () => {
    if (session === undefined) throw new Error("the editor did not start");
    return session;
  };
}
