/** An editor with a workspace open, for the tests of one file: started before them, ended after them; what it was like when one failed is told and kept. */
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, inject } from "vitest";
import { closeWindow, openWindow, startBrowser, type Window } from "./browser.js";
import { STATUS } from "./cranefly.js";
import { until } from "./poll.js";
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
  private shown: { readonly window: Window; readonly workbench: Workbench } | undefined;

  private constructor(
    readonly sandbox: Sandbox,
    readonly server: EditorServer,
    private readonly browser: Browser,
    private readonly options: SessionOptions,
  ) {}

  static async start(options: SessionOptions): Promise<Session> {
    const sandbox = new Sandbox(options.project);
    let browser: Browser | undefined;
    try {
      options.prepare?.(sandbox);
      const programs = inject("programs");
      const server = await EditorServer.start(programs, sandbox, { extension: programs.extension, ...options });
      browser = await startBrowser(programs.browser, sandbox.folder("browser"));
      const session = new Session(sandbox, server, browser, options);
      await session.show(options.open);
      return session;
    } catch (error) {
      const log = path.join(sandbox.root, "server.log");
      const said = fs.existsSync(log) ? tail(fs.readFileSync(log, "utf8"), 15) : "nothing";
      await browser?.close();
      sandbox.remove();
      throw new Error(`the editor did not start: ${String(error)}\nits server said:\n${said}`, { cause: error });
    }
  }

  get workbench(): Workbench {
    if (this.shown === undefined) throw new Error("no window is open");
    return this.shown.workbench;
  }

  /**
   * Begins anew in another window: with the sources as they were at first, and nothing of what the editor and the extension
   * knew, but with what was built. `open`: files that are opened at once.
   */
  async renew(open: readonly string[]): Promise<void> {
    if (this.shown !== undefined) await closeWindow(this.shown.window);
    this.shown = undefined;
    await until(
      "the end of the window's processes",
      () => this.sandbox.processes().filter(({ command }) => OF_WINDOW.test(command)),
      (left) => left.length === 0,
    );
    this.sandbox.restore();
    await this.show(open);
  }

  private async show(open: readonly string[] = []): Promise<void> {
    const window = await openWindow(this.browser);
    this.shown = { window, workbench: new Workbench(window.page, this.sandbox.workspace) };
    await this.workbench.load(this.server.url(open, this.options.workspaceFile));
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
    fs.writeFileSync(path.join(folder, "console.log"), this.shown?.window.console.join("\n") ?? "");
    await this.workbench.screenshot(path.join(folder, "screen.png"));
    return folder;
  }

  /** What is on the screen and in the logs, in few lines, for a reader of nothing but the failure's message. */
  async describe(): Promise<string> {
    const { statusBar, notifications, editor, terminal, page } = this.workbench;
    const ask = (probe: () => Promise<string>): Promise<string> =>
      Promise.race([probe(), delay(10_000, "no answer")]).catch((error: unknown) => String(error).slice(0, 100));
    const focus = (): Promise<string> =>
      page.evaluate(() => `${document.activeElement?.tagName ?? ""} .${document.activeElement?.className ?? ""}`);
    const processes = this.sandbox.processes().map(({ command }) => path.basename(command.split(" ")[0] ?? ""));
    const facts = {
      status: await ask(() => statusBar.label(STATUS)),
      notifications: await ask(async () => (await notifications.texts()).join(" | ")),
      editor: await ask(async () => `${await editor.file()}, ${await editor.cursor()}`),
      focus: (await ask(focus)).slice(0, 100),
      processes: [...new Set(processes)].join(" "),
      log: tail(this.server.outputChannel("Cranefly"), 6),
      terminal: tail(await ask(() => terminal.text()), 4),
    };
    return Object.entries(facts)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n");
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
    this.sandbox.remove();
  }
}

/** The last lines of a text, each as long as a reader needs it. */
function tail(text: string, lines: number): string {
  return text
    .trimEnd()
    .split("\n")
    .slice(-lines)
    .map((line) => line.slice(0, 120))
    .join("\n  ");
}

/** What the server starts for a window: the extension host and the language servers. */
const OF_WINDOW = /--type=extensionHost\b|\/dist\/server\.cjs\b/;

/** Gives all tests of the file one editor; the function that comes back gives it to each. */
export function useEditor(options: SessionOptions): () => Session {
  const { editor, begin } = keepEditor(options);
  beforeAll(() => begin(options.open ?? []));
  return editor;
}

/** An editor for tests about several things. */
export interface SharedEditor {
  (): Session;
  /**
   * Says, in a `describe`, that its tests begin anew: with the sources as they were at first, in a new window with these
   * files open.
   */
  begin(open: readonly string[]): void;
}

/** Gives tests of one file that are about several things one editor and what was built in it. */
export function useSharedEditor(options: Omit<SessionOptions, "open">): SharedEditor {
  const { editor, begin } = keepEditor(options);
  return Object.assign(editor, { begin: (open: readonly string[]) => beforeAll(() => begin(open)) });
}

function keepEditor(options: SessionOptions): {
  editor: () => Session;
  begin: (open: readonly string[]) => Promise<void>;
} {
  let session: Session | undefined;
  let failed = false;
  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    failed = true;
    if (session === undefined) return;
    const seen = await session.describe();
    const saved = await session
      .saveArtefacts(`${path.basename(task.file.name, ".test.ts")}-${task.name}`)
      .catch((error: unknown) => `none: ${String(error)}`);
    // It is one more message of the test that failed, which is all that is left of it where nobody kept the files.
    throw new Error(`the editor after the failure, kept in ${path.relative(repository, saved)}\n${seen}`);
  });
  const stop = async (): Promise<void> => {
    await session?.stop();
    session = undefined;
  };
  afterAll(stop);
  return {
    editor: () => {
      if (session === undefined) throw new Error("the editor did not start");
      return session;
    },
    begin: async (open) => {
      // Whatever went wrong shall not go wrong again for those who have nothing to do with it.
      if (failed) await stop();
      failed = false;
      if (session === undefined) session = await Session.start({ ...options, open });
      else await session.renew(open);
    },
  };
}
