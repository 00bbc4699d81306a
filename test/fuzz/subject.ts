/** One way of running a program through Cranefly: a package with an engine of its own. */
import * as fs from "node:fs";
import * as path from "node:path";
import { openWorkspace } from "../../bench/workspace.js";
import type { Update, Workspace } from "../../server/src/core/workspace.js";
import { messageOf } from "../../server/src/core/support/errors.js";
import { type Outcome, outcomeOf, writeFiles } from "./native.js";

export interface Mode {
  readonly name: string;
  readonly optLevel: 0 | 2;
  /** The functions that LLVM compiles, for `CRANEFLY_LLVM_ONLY`. */
  readonly llvmOnly: string;
}

/** In `mixed`, functions of one module that LLVM compiled and of others that Cranelift compiled call each other. */
export const MODES: readonly Mode[] = [
  { name: "cranelift", optLevel: 0, llvmOnly: "" },
  { name: "mixed", optLevel: 0, llvmOnly: "fuzzed::b::" },
  { name: "llvm", optLevel: 0, llvmOnly: "*" },
  { name: "optimised", optLevel: 2, llvmOnly: "" },
];

export interface Ran {
  readonly outcome: Outcome;
  readonly lane: string;
  /** Constructs for which functions went to LLVM, and how many. */
  readonly fallbacks: readonly { readonly construct: string; readonly functions: number }[];
  /** Functions that the two lanes compile differently. */
  readonly diverged: readonly string[];
}

export class Subject {
  private readonly workspace: Workspace;
  private readonly env: NodeJS.ProcessEnv;
  private readonly signal = new AbortController().signal;

  constructor(
    readonly mode: Mode,
    private readonly folder: string,
    env: NodeJS.ProcessEnv,
  ) {
    const runtime = path.join(folder, "run");
    fs.mkdirSync(runtime, { recursive: true, mode: 0o700 });
    this.env = { ...env, XDG_RUNTIME_DIR: runtime, CRANEFLY_LLVM_ONLY: mode.llvmOnly };
    const manifest = `[package]\nname = "fuzzed"\nversion = "1.0.0"\nedition = "2024"\n[workspace]\n[profile.dev]\nopt-level = ${mode.optLevel}\n`;
    writeFiles(folder, { "Cargo.toml": manifest, "src/main.rs": "fn main() {}\n" });
    this.workspace = openWorkspace({ folder, targets: ["--bin", "fuzzed"], env: this.env, hasBodyLane: true });
  }

  /** Saves the files and runs what they make. */
  async run(files: Readonly<Record<string, string>>): Promise<Ran> {
    writeFiles(this.folder, files);
    try {
      return this.ran(await this.workspace.update(performance.now()));
    } catch (error) {
      return { outcome: { refusal: messageOf(error) }, lane: "none", fallbacks: [], diverged: [] };
    }
  }

  /** Lets the crate lane follow the body lane, if it has to, and runs what it made. */
  async follow(): Promise<Ran | undefined> {
    try {
      const update = await this.workspace.follow(this.signal);
      return update === undefined ? undefined : this.ran(update);
    } catch (error) {
      return { outcome: { refusal: messageOf(error) }, lane: "none", fallbacks: [], diverged: [] };
    }
  }

  /** Ends its engine. */
  async close(): Promise<void> {
    await this.workspace.engine?.shutdown();
    this.workspace.close();
  }

  private ran({ report }: Update): Ran {
    const { lane, ok, diagnostics, programs, reason } = report;
    const program = programs[0];
    const errors = diagnostics.map(({ rendered, message }) => rendered ?? message).join("\n");
    const outcome: Outcome =
      ok && program !== undefined
        ? outcomeOf(program.executable, this.folder, this.env)
        : { refusal: errors === "" ? `no program: ${reason}` : errors };
    return { outcome, lane, fallbacks: program?.fallbacks ?? [], diverged: program?.verified?.diverged ?? [] };
  }
}
