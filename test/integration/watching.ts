/** `cranefly watch --json` as tests see it. */
import type { ChildProcess } from "node:child_process";
import * as readline from "node:readline";
import { expect, onTestFailed, onTestFinished } from "vitest";
import { GenerationReport } from "../../shared/src/report.js";
import type { Project } from "./project.js";

/** A running watch, and the lines of its standard output, one at a time. */
export class Watch {
  private readonly lines: string[] = [];
  private wake: () => void = () => undefined;
  /** Standard error so far. */
  log = "";
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  /** `folder`: the working directory, in the project's. */
  constructor(project: Project, args: readonly string[], folder = "") {
    this.child = project.start(["watch", "--json", ...args], folder);
    onTestFinished(() => void this.child.kill("SIGKILL"));
    this.ended = new Promise((resolve) => this.child.once("exit", (code) => resolve(code)));
    this.child.stderr?.on("data", (data: Buffer) => (this.log += data.toString()));
    onTestFailed(() => void process.stderr.write(this.log));
    if (this.child.stdout === null) throw new Error("no output");
    readline.createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.lines.push(line);
      this.wake();
    });
  }

  /** Lines that nobody has asked for yet. */
  get unread(): readonly string[] {
    return this.lines;
  }

  async next(accept: (line: string) => boolean): Promise<string> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const at = this.lines.findIndex(accept);
      if (at >= 0) return this.lines.splice(0, at + 1)[at] ?? "";
      if (Date.now() > deadline) throw new Error(`no such line among ${JSON.stringify(this.lines)}`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, 1000);
      });
    }
  }

  async report(): Promise<GenerationReport> {
    return GenerationReport.parse(JSON.parse(await this.next((line) => line.startsWith("{"))));
  }

  /** The next report of which that is true. */
  async until(accept: (report: GenerationReport) => boolean): Promise<GenerationReport> {
    for (;;) {
      const report = await this.report();
      if (accept(report)) return report;
    }
  }

  async end(): Promise<void> {
    this.child.kill("SIGINT");
    expect(await this.ended).toBe(0);
  }
}
