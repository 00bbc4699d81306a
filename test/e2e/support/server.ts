/** VS Code's server, with an extension installed, listening on a port of 127.0.0.1. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { until } from "./poll.js";
import { type Sandbox, signal } from "./sandbox.js";

/** The programs to start; see scripts/lib/editor.mjs. */
export interface EditorProgram {
  readonly node: string;
  readonly entry: string;
}

export type Settings = Readonly<Record<string, unknown>>;

/** What keeps the workbench quiet, offline, and its text in the DOM. */
const quiet: Settings = {
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.enableExperiments": false,
  "workbench.tips.enabled": false,
  "chat.disableAIFeatures": true,
  "telemetry.telemetryLevel": "off",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  // Otherwise the terminal is a canvas without text.
  "terminal.integrated.gpuAcceleration": "off",
  // It is a second terminal over the first one, with a copy of some of its text.
  "terminal.integrated.stickyScroll.enabled": false,
  // A new window begins with none.
  "terminal.integrated.enablePersistentSessions": false,
  "terminal.integrated.hideOnStartup": "whenEmpty",
  "editor.accessibilitySupport": "off",
  // Typed text is what lands in the file.
  "editor.autoClosingBrackets": "never",
  "editor.autoIndent": "none",
  "editor.quickSuggestions": { other: "off", comments: "off", strings: "off" },
  "editor.minimap.enabled": false,
  "editor.stickyScroll.enabled": false,
  "files.autoSave": "off",
};

export interface ServerOptions {
  /** An extension to install: a `.vsix`, or a folder with a manifest. */
  readonly extension: string;
  /** User settings, laid over those that keep the editor quiet. */
  readonly settings?: Settings;
  /** Whether workspaces have to be trusted first, as they have to in the user's editor. Off by default. */
  readonly workspaceTrust?: boolean;
}

export class EditorServer {
  private constructor(
    private readonly sandbox: Sandbox,
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  static async start(program: EditorProgram, sandbox: Sandbox, options: ServerOptions): Promise<EditorServer> {
    sandbox.writeProfile();
    const user = sandbox.folder("ud/User");
    const trust: Settings = options.workspaceTrust === true ? {} : { "security.workspace.trust.enabled": false };
    const settings = { ...quiet, ...trust, ...options.settings };
    fs.writeFileSync(path.join(user, "settings.json"), JSON.stringify(settings, undefined, 2));
    const env = { ...sandbox.environment(), EXTENSIONS_GALLERY: "{}" };
    const common = [
      program.entry,
      `--user-data-dir=${folders(sandbox).data}`,
      `--extensions-dir=${folders(sandbox).extensions}`,
    ];
    await install(program, common, env, sandbox, options.extension);

    const log = fs.openSync(path.join(sandbox.root, "server.log"), "w");
    const args = [
      ...common,
      ...["--auth=none", "--bind-addr=127.0.0.1:0", `--config=${path.join(sandbox.root, "code-server.yaml")}`],
      ...["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override", "--disable-proxy"],
      ...(options.workspaceTrust === true ? [] : ["--disable-workspace-trust"]),
      sandbox.workspace,
    ];
    // A group of its own, so that its children end with it.
    const child = spawn(program.node, args, { cwd: sandbox.root, env, stdio: ["ignore", log, log], detached: true });
    fs.closeSync(log);
    const text = await until(
      "the editor's server to listen",
      () => {
        if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
        return fs.readFileSync(path.join(sandbox.root, "server.log"), "utf8");
      },
      (lines) => /HTTP server listening on \S+:\d+/.test(lines),
    );
    return new EditorServer(sandbox, child, Number(/HTTP server listening on \S+:(\d+)/.exec(text)?.[1]));
  }

  /**
   * The workbench's address; `files` are opened in it at once. `workspaceFile`: the file that names the folders, beside the
   * workspace, where there are several.
   */
  url(files: readonly string[] = [], workspaceFile?: string): string {
    const { workspace, root } = this.sandbox;
    const opened = workspaceFile === undefined ? { folder: workspace } : { workspace: path.join(root, workspaceFile) };
    const host = `vscode-remote://127.0.0.1:${this.port}`;
    const payload = files.map((file) => ["openFile", `${host}${path.join(workspace, file)}`]);
    const query = new URLSearchParams({ ...opened, payload: JSON.stringify(payload) });
    return `http://127.0.0.1:${this.port}/?${query}`;
  }

  /** The text of an output channel, from the file behind it; empty when there is no such channel yet. */
  outputChannel(name: string): string {
    const files = logFiles(this.sandbox).filter((file) => {
      const base = path.basename(file, ".log");
      return base === name || base.replace(/^\d+-/, "") === name;
    });
    return files.map((file) => fs.readFileSync(file, "utf8")).join("");
  }

  /** The text of VS Code's own log `name`: "remoteexthost", "remoteagent", … */
  log(name: string): string {
    const files = logFiles(this.sandbox).filter((file) => path.basename(file) === `${name}.log`);
    return files.map((file) => fs.readFileSync(file, "utf8")).join("");
  }

  /** Copies the logs of server, extension host and output channels for a reader after a failure. */
  saveLogs(folder: string): void {
    const { data } = folders(this.sandbox);
    fs.mkdirSync(folder, { recursive: true });
    fs.copyFileSync(path.join(this.sandbox.root, "server.log"), path.join(folder, "server.log"));
    for (const file of logFiles(this.sandbox)) {
      const target = path.join(folder, path.relative(path.join(data, "logs"), file));
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.copyFileSync(file, target);
    }
  }

  async stop(): Promise<void> {
    const { pid } = this.child;
    if (pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    signal(-pid, "SIGKILL");
    await ended;
  }
}

function folders(sandbox: Sandbox): { data: string; extensions: string } {
  return { data: path.join(sandbox.root, "ud"), extensions: path.join(sandbox.root, "ext") };
}

/** All log files, oldest first. */
function logFiles(sandbox: Sandbox): string[] {
  const logs = path.join(folders(sandbox).data, "logs");
  if (!fs.existsSync(logs)) return [];
  return fs
    .readdirSync(logs, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".log"))
    .map((file) => path.join(logs, file))
    .sort((a, b) => fs.statSync(a).mtimeMs - fs.statSync(b).mtimeMs);
}

/** Installs a package as a user would; a folder is linked to where an installed extension would lie. */
async function install(
  program: EditorProgram,
  common: readonly string[],
  env: NodeJS.ProcessEnv,
  sandbox: Sandbox,
  extension: string,
): Promise<void> {
  if (extension.endsWith(".vsix")) {
    await promisify(execFile)(program.node, [...common, `--install-extension=${extension}`, "--force"], { env });
    return;
  }
  const manifest = JSON.parse(fs.readFileSync(path.join(extension, "package.json"), "utf8")) as Record<string, string>;
  const name = `${manifest["publisher"] ?? ""}.${manifest["name"] ?? ""}-${manifest["version"] ?? ""}`;
  sandbox.folder("ext");
  fs.symlinkSync(extension, path.join(folders(sandbox).extensions, name));
}
