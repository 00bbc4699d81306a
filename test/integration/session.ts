/** A project that is edited with the body lane on, its program's output next to that of cargo's build, and the crate lane's word. */
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { expect } from "vitest";
import { openWorkspace } from "../../bench/workspace.js";
import type { BodyLaneStatistics, GenerationReport } from "../../shared/src/report.js";
import type { Workspace } from "../../server/src/core/workspace.js";
import { Project } from "./project.js";

/** A text in a file, and what takes its place. */
export type Change = readonly [file: string, from: string, to: string];

const never = new AbortController().signal;

export class Session {
  /** The program. */
  executable = "";

  private constructor(
    readonly project: Project,
    readonly workspace: Workspace,
  ) {}

  /** Builds a new project for the first time. */
  static async open(name: string, files: Readonly<Record<string, string>>): Promise<Session> {
    return Session.of(new Project(name, files));
  }

  /**
   * A new process's session with a project, `open`: files that the user has before him in an editor; `folder`: the path by which the
   * project is opened.
   */
  static async of(
    project: Project,
    open: readonly string[] = [],
    folder = project.dir,
    command: "build" | "test" = "build",
  ): Promise<Session> {
    const session = new Session(
      project,
      openWorkspace({
        folder,
        targets: [],
        command,
        env: project.env,
        hasBodyLane: true,
        openFiles: () => open.map((file) => path.join(folder, file)),
      }),
    );
    await session.update();
    return session;
  }

  get statistics(): BodyLaneStatistics {
    const { bodyLane } = this.workspace;
    if (bodyLane === undefined) throw new Error("no body lane");
    return bodyLane;
  }

  /** Saves changes together. */
  async save(...changes: readonly Change[]): Promise<GenerationReport> {
    for (const [file, from, to] of changes) this.project.edit(file, from, to);
    return this.update();
  }

  async update(): Promise<GenerationReport> {
    const { report } = await this.workspace.update(performance.now());
    this.executable = report.programs[0]?.executable ?? this.executable;
    return report;
  }

  /** Lets the crate lane follow; gives how many functions were the same. */
  async follow(): Promise<number> {
    const update = await this.workspace.follow(never);
    const verified = update?.report.programs.flatMap((program) => program.verified ?? []) ?? [];
    expect(verified.flatMap(({ diverged }) => diverged)).toEqual([]);
    return verified.reduce((sum, { equal }) => sum + equal, 0);
  }

  run(): { readonly stdout: string; readonly stderr: string; readonly status: number | null } {
    return spawnSync(this.executable, { cwd: this.project.dir, encoding: "utf8" });
  }

  /** Saves changes; checks that a patch crate takes them, and what runs then. Gives all that the program prints. */
  async takes(changes: readonly Change[]): Promise<string> {
    const { patched } = this.statistics;
    const { lane, refused, diagnostics } = await this.save(...changes);
    const messages = diagnostics.map(({ message }) => message);
    expect({ lane, refused, messages }).toEqual({ lane: "body", refused: undefined, messages: [] });
    expect(this.statistics.patched).toBe(patched + 1);
    return this.runsAsNative();
  }

  /** Checks that what runs does what cargo's build does, also after the crate lane has followed. Gives all that it prints. */
  async runsAsNative(): Promise<string> {
    const { stdout, stderr, status } = this.run();
    const { stdout: expected, code } = this.project.cargo(["run", "--quiet"]);
    expect({ stdout, status }, stderr).toEqual({ stdout: expected, status: code });
    await this.follow();
    const after = this.run();
    expect({ stdout: after.stdout, status: after.status }).toEqual({ stdout, status });
    return `${stdout}${stderr}`;
  }

  /** What the program prints. */
  output(): string {
    const { stdout, stderr, status } = this.run();
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    return stdout;
  }

  /** What cargo's build of the sources prints. */
  native(): string {
    const { stdout, stderr } = this.project.cargo(["run", "--quiet"]);
    expect(stdout, stderr).not.toBe("");
    return stdout;
  }

  /** Ends the process's part of it. */
  close(): void {
    this.workspace.close();
  }

  remove(): void {
    this.close();
    this.project.remove();
  }
}
