/**
 * A home, a runtime directory and a workspace of its own for each editor, so that nothing of the user's is touched and no
 * two editors share an engine; it ends every process that was started in it.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Process, endAll, processesWith } from "../../../scripts/lib/processes.mjs";

/** Variables of the session around the tests that would change what cargo, the extension or the programs do. */
const inherited =
  /^(CARGO_(?!HOME$|NET_|REGISTRIES_|HTTP_)|RUSTC|RUSTFLAGS|RUST_BACKTRACE|RUST_LOG|npm_|VITEST|NODE_|VSCODE_|CRANEFLY_|COLORTERM|FORCE_COLOR|NO_COLOR|XDG_)/;

/** Where all are, and how they begin: short, since sockets lie below and their paths are limited to 107 bytes. */
const PLACE = fs.realpathSync(os.tmpdir());
const PREFIX = "cf-e2e-";

/** What cargo and others make in a project. */
const BUILT = new Set(["target", "node_modules"]);

/** The files of a project, by their paths in it. */
function filesOf(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (BUILT.has(entry.name)) return [];
    if (!entry.isDirectory()) return [entry.name];
    return filesOf(path.join(folder, entry.name)).map((file) => path.join(entry.name, file));
  });
}

export class Sandbox {
  readonly root = fs.mkdtempSync(path.join(PLACE, PREFIX));
  readonly home = this.folder("home");
  readonly workspace: string;
  readonly runtime = this.folder("run", 0o711);
  /** Laid over the editor's environment when it starts. */
  readonly variables: Record<string, string> = {};

  /** Copies `project` to be the workspace; what cargo built in it stays behind. */
  constructor(private readonly project: string) {
    this.workspace = path.join(this.root, path.basename(project));
    fs.cpSync(project, this.workspace, { recursive: true, filter: (source) => !BUILT.has(path.basename(source)) });
  }

  /** Makes the workspace's files what they were in the project again; what cargo built stays, and what is the same is left alone. */
  restore(): void {
    const wanted = new Set(filesOf(this.project));
    for (const file of filesOf(this.workspace)) if (!wanted.has(file)) fs.rmSync(path.join(this.workspace, file));
    for (const file of wanted) {
      const target = path.join(this.workspace, file);
      const text = fs.readFileSync(path.join(this.project, file));
      if (fs.existsSync(target) && fs.readFileSync(target).equals(text)) continue;
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, text);
    }
  }

  /**
   * Writes what the user's shell says of the environment. The editor asks a login shell, as it does outside of tests, and
   * that would otherwise give it a PATH without rustup.
   */
  writeProfile(): void {
    const search = this.environment()["PATH"] ?? "";
    fs.writeFileSync(path.join(this.home, ".profile"), `export PATH='${search}'\n`);
  }

  /** The environment of the editor: the user's Rust, nothing else of theirs. */
  environment(): NodeJS.ProcessEnv {
    const kept = Object.entries(process.env).filter(([name]) => !inherited.test(name));
    return {
      ...Object.fromEntries(kept),
      HOME: this.home,
      SHELL: "/bin/bash",
      // With another HOME, rustup and cargo would look for toolchains and registries in an empty one.
      RUSTUP_HOME: process.env["RUSTUP_HOME"] ?? path.join(os.homedir(), ".rustup"),
      CARGO_HOME: process.env["CARGO_HOME"] ?? path.join(os.homedir(), ".cargo"),
      XDG_RUNTIME_DIR: this.runtime,
      LC_ALL: "C.UTF-8",
      ...(process.env["CRANEFLY_ENGINE"] === undefined ? {} : { CRANEFLY_ENGINE: process.env["CRANEFLY_ENGINE"] }),
      ...this.variables,
    };
  }

  folder(name: string, mode = 0o755): string {
    const folder = path.join(this.root, name);
    fs.mkdirSync(folder, { recursive: true, mode });
    return folder;
  }

  /** Processes that were started in here, wherever they have moved to since: the editor's, the engine's, the user's programs. */
  processes(): Process[] {
    return processesWith(`HOME=${this.home}`);
  }

  /** Ends what is left of the processes and removes everything. */
  remove(): void {
    endAll(() => this.processes());
    fs.rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Sends a signal to a process (or, below 0, a group) that may have ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Milliseconds per tick of the kernel's accounting; the same on every Linux. */
const TICK = 10;

/** Milliseconds of processor time that a process has taken so far. */
export function processorTime(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1");
  // The second field is a name in brackets that may hold anything; the 14th and 15th are user and system time.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK;
}
