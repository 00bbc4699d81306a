/**
 * `cranefly watch --json` as a child process: one report a line, checked against the shared definition.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { GenerationReport } from "../../../shared/src/report.js";
import { cleanEnvironment, type RunOptions } from "./process.js";
import { cranefly } from "./repository.js";

export class Watching {
  readonly #child: ChildProcess;
  readonly #reports: GenerationReport[] = [];
  readonly #exit: Promise<number | null>;
  #stderr = "";
  #broken: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(args: readonly string[], options: RunOptions) {
    this.#child = spawn(cranefly, ["watch", "--json", ...args], {
      cwd: options.cwd,
      env: cleanEnvironment(options.env),
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#exit = new Promise((resolve) => this.#child.once("exit", (code) => resolve(code)));
    void this.#exit.then((code) => {
      this.#broken ??= new Error(`the watch ended with exit code ${code ?? "none"}\n${this.#stderr}`);
      this.#wake();
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => (this.#stderr += chunk.toString()));
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on("line", (line) => {
        // With --run or --test, what the programs print goes to the same stream.
        if (!line.startsWith('{"generation":')) return;
        this.#take(line);
        this.#wake();
      });
  }

  #take(line: string): void {
    try {
      this.#reports.push(GenerationReport.parse(JSON.parse(line)));
    } catch (error) {
      this.#broken ??= new Error(`not a report: ${line.slice(0, 500)}`, { cause: error });
    }
  }

  /** The next report that was not yet given; an error when the watch ends or nothing comes within the time. */
  async next(milliseconds = 120_000): Promise<GenerationReport> {
    const end = Date.now() + milliseconds;
    for (;;) {
      const report = this.#reports.shift();
      if (report) return report;
      if (this.#broken) throw this.#broken;
      const left = end - Date.now();
      if (left <= 0) throw new Error(`no report within ${milliseconds} ms\n${this.#stderr}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 1000));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Presses Ctrl-C and gives the exit code. */
  async interrupt(): Promise<number | null> {
    this.#child.kill("SIGINT");
    return this.#exit;
  }
}
