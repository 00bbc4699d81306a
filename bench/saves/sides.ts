/** The sides of the comparison: each brings a program up to date after a save, in a target directory of its own. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import type { BodyLaneStatistics, GenerationReport } from "../../shared/src/report.js";
import type { Engine } from "../../server/src/core/engine/client.js";
import { Watcher } from "../../server/src/core/watch/watcher.js";
import { type CurrentUpdate, KeptCurrent } from "../../server/src/core/keptCurrent.js";
import { mustRun } from "../../test/programs/support/process.js";
import { openWorkspace } from "../workspace.js";
import type { Copy, Subject } from "./subjects.js";

/** The first build of a program with hundreds of dependencies, on two busy cores. */
const LONGEST_BUILD_MS = 7_200_000;

/** What is built: a working copy, where target directories for it lie, and which of its programs counts. */
export interface Built extends Pick<Copy, "folder" | "target"> {
  readonly subject: Pick<Subject, "targets" | "program" | "command">;
}

/** A program that is ready to be started. */
export interface Runnable {
  readonly executable: string;
  /** When the build began, by `performance.now()`. */
  readonly noticedMs: number;
  /** Cranefly's own word on it. */
  readonly report?: GenerationReport;
}

export interface Side {
  readonly name: string;
  /** Builds for the first time. */
  readonly prepare: () => Promise<void>;
  /** Does the save and gives the program with it; `sinceMs`: when the save was begun. */
  readonly build: (save: () => void, sinceMs: number) => Promise<Runnable>;
  /** Lets everything end that goes on behind the build's back. */
  readonly settle: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** `cargo build`, or `cargo test --no-run`, started by hand. `linker`: mold, or rustc's own choice. */
export class CargoSide implements Side {
  private readonly target: string;
  private executable = "";

  constructor(
    private readonly copy: Built,
    private readonly env: NodeJS.ProcessEnv,
    readonly linker: "mold" | undefined,
  ) {
    this.target = copy.target(linker === undefined ? "cargo" : `cargo-${linker}`);
  }

  get name(): string {
    const command = this.copy.subject.command === "test" ? "cargo test --no-run" : "cargo build";
    return `\`${command}\`, ${this.linker ?? "default linker"}`;
  }

  async prepare(): Promise<void> {
    await this.cargo();
    const { linker } = this;
    // The linker leaves its name in the executable; a setting that is ignored would compare a linker with itself.
    if (linker !== undefined && !fs.readFileSync(this.executable).includes(`${linker} `))
      throw new Error(`${this.executable} was not linked by ${linker}`);
  }

  async build(save: () => void): Promise<Runnable> {
    save();
    const noticedMs = performance.now();
    await this.cargo();
    return { executable: this.executable, noticedMs };
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async cargo(): Promise<void> {
    const linker = this.linker === undefined ? {} : { RUSTFLAGS: `-Clink-arg=-fuse-ld=${this.linker}` };
    this.executable = await buildByHand("cargo", this.copy, { ...this.env, ...linker }, this.target);
  }
}

/** Has a command that takes cargo's arguments build what is started, and gives it. */
export async function buildByHand(
  program: string,
  { folder, subject }: Built,
  env: NodeJS.ProcessEnv,
  target: string,
): Promise<string> {
  const command = subject.command === "test" ? ["test", "--no-run"] : ["build"];
  const { stderr } = await mustRun(program, [...command, ...subject.targets], {
    cwd: folder,
    env: { ...env, CARGO_TARGET_DIR: target },
    timeout: LONGEST_BUILD_MS,
  });
  const below = path.basename(program) === "cargo" ? "debug" : "cranefly/debug";
  if (subject.command === "build") return path.join(target, below, subject.program);
  const found = /^ *Executable .*\((.*)\)$/m.exec(stderr)?.[1];
  if (found === undefined) throw new Error(`no test program was built: ${stderr}`);
  return path.resolve(folder, found);
}

/** Whether mold can be used, and which one it is. */
export function moldVersion(): string | undefined {
  const { status, stdout } = spawnSync("mold", ["--version"], { encoding: "utf8" });
  return status === 0 ? /^mold \S+/.exec(stdout)?.[0] : undefined;
}

/** Cranefly as `cranefly watch` runs it: what it watches tells it of the save. */
export class CraneflySide implements Side {
  private kept: KeptCurrent | undefined;
  /** Of the first build. */
  first: GenerationReport | undefined;
  private onChange: (() => void) | undefined;
  private readonly watcher = new Watcher(() => this.onChange?.());

  constructor(
    private readonly copy: Built,
    private readonly env: NodeJS.ProcessEnv,
    readonly lane: "crate" | "body",
  ) {}

  get name(): string {
    return `Cranefly, ${this.lane} lane`;
  }

  async prepare(): Promise<void> {
    const { copy, env, lane } = this;
    const target = copy.target(lane);
    fs.mkdirSync(target, { recursive: true });
    const kept = new KeptCurrent(() =>
      openWorkspace({
        folder: copy.folder,
        targets: copy.subject.targets,
        command: copy.subject.command,
        env: { ...env, CARGO_TARGET_DIR: target },
        hasBodyLane: lane === "body",
      }),
    );
    this.kept = kept;
    const { state, report } = await this.update(kept, performance.now());
    this.first = report;
    await kept.watch(this.watcher, state, [], false);
  }

  async build(save: () => void, sinceMs: number): Promise<Runnable> {
    const { kept } = this;
    if (kept === undefined) throw new Error("not prepared");
    const noticed = new Promise<void>((resolve) => (this.onChange = resolve));
    save();
    await noticed;
    const noticedMs = performance.now();
    const { report } = await this.update(kept, sinceMs);
    const [program] = report.programs;
    if (program === undefined) throw new Error("no program was built");
    return { executable: program.executable, noticedMs, report };
  }

  async settle(): Promise<void> {
    await this.kept?.follow(new AbortController().signal);
  }

  /** The client of the daemon that has the program. */
  get engine(): Engine | undefined {
    return this.kept?.workspace?.engine;
  }

  /** What became of all saves, those that do not count included. */
  get statistics(): BodyLaneStatistics | undefined {
    return this.kept?.workspace?.bodyLane;
  }

  async close(): Promise<void> {
    await this.watcher.close();
    await this.kept?.workspace?.engine?.shutdown();
    this.kept?.reset();
  }

  private async update(kept: KeptCurrent, sinceMs: number): Promise<CurrentUpdate> {
    const update = await kept.update(sinceMs);
    if (update.report.ok) return update;
    throw new Error(update.report.diagnostics.map(({ message, rendered }) => rendered ?? message).join("\n"));
  }
}
