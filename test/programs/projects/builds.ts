/** The two builds of a project's working copy: cargo's, and Cranefly's as `cranefly watch` keeps it current. */
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { KeptCurrent } from "../../../server/src/core/keptCurrent.js";
import type { BodyLaneStatistics, GenerationReport } from "../../../shared/src/report.js";
import { openWorkspace } from "../../../bench/workspace.js";
import { mustRun } from "../support/process.js";
import type { Project } from "./project.js";

/** The first build of a program with hundreds of dependencies, on two busy cores. */
const LONGEST_BUILD_MS = 7_200_000;

/** How much of what cargo said before a failure is in the result. */
const MOST_LINES = 20;

/** Where a build's sources and products are. */
export interface Place {
  readonly project: Project;
  readonly folder: string;
  readonly target: string;
  readonly env: NodeJS.ProcessEnv;
}

export class NativeBuild {
  constructor(private readonly place: Place) {}

  get executable(): string {
    return path.join(this.place.target, "debug", this.place.project.program);
  }

  /** Downloads what the builds need, so that no build's time depends on the network. */
  async fetch(): Promise<void> {
    const { stdout: host } = await mustRun("rustc", ["--print", "host-tuple"], { cwd: this.place.folder });
    await this.cargo("fetch", "--quiet", "--target", host.trim());
  }

  /** Gives the seconds that it took. */
  async build(): Promise<number> {
    const started = performance.now();
    await this.cargo("build", "--quiet", ...this.place.project.selection);
    return (performance.now() - started) / 1000;
  }

  private async cargo(...args: readonly string[]): Promise<void> {
    const { project, folder, target, env } = this.place;
    await mustRun("cargo", args, {
      cwd: folder,
      env: { ...env, ...project.env, CARGO_TARGET_DIR: target },
      timeout: LONGEST_BUILD_MS,
    });
  }
}

/** What an update gave: a program, and how long it took until it could be started. */
export interface Updated {
  readonly executable: string;
  readonly report: GenerationReport;
  readonly seconds: number;
}

export class CraneflyBuild {
  private readonly kept: KeptCurrent;
  private open: readonly string[] = [];
  /** What cargo has said since the last update began. */
  private said: string[] = [];

  constructor(private readonly place: Place) {
    const { project, folder, target, env } = place;
    this.kept = new KeptCurrent(() =>
      openWorkspace({
        folder,
        targets: project.selection,
        env: { ...env, ...project.env, CARGO_TARGET_DIR: target },
        hasBodyLane: true,
        openFiles: () => this.open,
        onProgress: (line) => this.said.push(line),
      }),
    );
  }

  /** Brings the program up to date. Rejects if that failed, or if Cranefly leaves the program to cargo. */
  async update(): Promise<Updated> {
    await mkdir(this.place.target, { recursive: true });
    this.said = [];
    const started = performance.now();
    const { report } = await this.kept.update(started);
    const seconds = (performance.now() - started) / 1000;
    const [program] = report.programs;
    if (report.ok && program !== undefined) return { executable: program.executable, report, seconds };
    throw new Error(
      [
        report.reason,
        ...report.diagnostics.map(({ message, rendered }) => rendered ?? message),
        ...this.said.slice(-MOST_LINES),
      ].join("\n"),
    );
  }

  /** As if somebody had opened a file in an editor, and waited. */
  async openFile(file: string): Promise<void> {
    this.open = [file];
    this.kept.workspace?.expectEdits();
    await this.follow();
  }

  /** Lets the crate lane follow the body lane; gives where the two differ. */
  async follow(): Promise<string | undefined> {
    return (await this.kept.follow(new AbortController().signal))?.divergence;
  }

  /** What became of all edits until now. */
  get statistics(): BodyLaneStatistics | undefined {
    return this.kept.workspace?.bodyLane;
  }

  /** Bytes: the daemon's greatest resident memory until now, and its images, which are files in memory. */
  async memory(): Promise<{ peak: number; images: number } | undefined> {
    const status = await this.kept.workspace?.engine?.status();
    if (status === undefined) return undefined;
    const proc = await readFile(`/proc/${status.pid}/status`, "utf8");
    const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(proc)?.[1] ?? Number.NaN) * 1024;
    return { peak, images: status.memory.imageBytes };
  }

  async close(): Promise<void> {
    await this.kept.workspace?.engine?.shutdown();
    this.kept.reset();
  }
}
