/** What the command line prints, apart from the programs' own output: everything goes to standard error. */
import * as fs from "node:fs";
import { stripVTControlCharacters } from "node:util";
import type { Diagnostic, GenerationReport } from "../../../shared/src/report.js";
import type { Listener } from "../core/generation.js";

const GREEN = "\u001b[1;32m";
const YELLOW = "\u001b[1;33m";
const RED = "\u001b[1;31m";
const RESET = "\u001b[0m";

/**
 * Writes to standard output (1) or error (2). Not through `process.stdout` and its like, which make a pipe non-blocking
 * also for the programs that share it.
 */
export function writeAll(descriptor: 1 | 2, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += fs.writeSync(descriptor, bytes, at);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      // Nobody reads any more, or the disk is full. The build goes on without its output.
      if (code === "EPIPE" || (descriptor === 2 && code !== "EAGAIN")) return;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

export class Terminal implements Listener {
  constructor(
    readonly color: boolean,
    readonly quiet: boolean,
    readonly verbose: boolean,
    private readonly write: (descriptor: 1 | 2, text: string) => void = writeAll,
  ) {}

  onDiagnostic(diagnostic: Diagnostic): void {
    const text = diagnostic.rendered ?? `${diagnostic.level}: ${diagnostic.message}\n`;
    this.write(2, this.color ? text : stripVTControlCharacters(text));
    if (!text.endsWith("\n")) this.write(2, "\n");
  }

  onClosing(level: "warning" | "error", text: string): void {
    if (level === "error") this.write(2, `${this.color ? `${RED}error${RESET}` : "error"}: ${text}\n`);
    else if (!this.quiet) this.warn(text);
  }

  onProgress(line: string): void {
    const plain = stripVTControlCharacters(line);
    // cargo's own closing lines would name the shims; ours follow.
    if (/^ *(Finished|Running|Doc-tests) /.test(plain)) return;
    const status = /^ {2,}(\w+) (.*)$/.exec(plain);
    if (status !== null && this.quiet) return;
    if (status !== null && line === plain) this.status(status[1] ?? "", status[2] ?? "");
    else this.write(2, `${line}\n`);
  }

  onWait(pid: number): void {
    if (!this.quiet) this.status("Blocking", `waiting for another cranefly (pid ${pid})`);
  }

  /** A line in cargo's style: a word in the first twelve columns. */
  status(word: string, text: string): void {
    const padded = word.padStart(12);
    this.write(2, `${this.color ? `${GREEN}${padded}${RESET}` : padded} ${text}\n`);
  }

  warn(text: string): void {
    this.write(2, `${this.color ? `${YELLOW}warning${RESET}` : "warning"}: ${text}\n`);
  }

  error(text: string): void {
    this.write(2, `cranefly: ${text}\n`);
  }

  /** "Finished …" after a build, and with `-v` what Cranelift could not compile. */
  finished(report: GenerationReport, profile: string): void {
    if (this.quiet) return;
    const { functions } = report;
    const compiled = `${functions.compiled} of ${functions.total} functions compiled`;
    this.status("Finished", `\`${profile}\` profile in ${seconds(report.ms.total)} (${report.lane} lane, ${compiled})`);
    if (this.verbose) this.fallbacks(report);
  }

  private fallbacks(report: GenerationReport): void {
    const { ms } = report;
    const stages = (["capture", "frontEnd", "base", "parse", "translate", "hash", "compile", "publish"] as const).map(
      (stage) => `${stage} ${ms[stage].toFixed(1)} ms`,
    );
    this.status("Stages", stages.join(", "));
    for (const program of report.programs) {
      const { functions, fallbacks } = program;
      this.status("Through LLVM", `${functions.llvm} of ${functions.total} functions of ${program.program}`);
      for (const { construct, functions: count } of fallbacks) this.status("Through LLVM", `${count} × ${construct}`);
    }
  }

  /** The line that `watch` prints for a generation. */
  generation(report: GenerationReport): void {
    this.status(report.ok ? "Generation" : "Failed", generationText(report));
  }
}

/** What became of a save: its lane, what changed, why no faster lane took it, and what that took. */
export function generationText(report: GenerationReport): string {
  const { ms, functions, refused } = report;
  const change = report.units.length === 0 ? report.reason : `${report.units.join(", ")}: ${report.reason}`;
  const what = refused === undefined ? change : `${change}; not the body lane: ${refused}`;
  if (!report.ok) {
    const stale = report.stale ? `; generation ${report.generation} stays, stale` : "";
    return `${report.lane} lane, ${what}${stale} (${seconds(ms.total)})`;
  }
  if (isIdle(report)) {
    const why = report.reason === "nothing changed" ? report.reason : `nothing to compile: ${report.reason}`;
    return `${report.generation}, ${why} (${seconds(ms.total)})`;
  }
  const stages = `capture ${ms.capture.toFixed(0)}, rustc ${ms.frontEnd.toFixed(0)}, engine ${ms.engine.toFixed(0)} ms`;
  const counts = `${functions.changed} changed, ${functions.compiled} compiled of ${functions.total}`;
  return `${report.generation}, ${report.lane} lane, ${what} (${seconds(ms.total)}: ${stages}; ${counts})`;
}

/** Nothing was compiled, by rustc or by the engine, and cargo was not asked. */
function isIdle({ lane, units, functions: { changed, compiled } }: GenerationReport): boolean {
  return lane !== "cargo" && units.length === 0 && changed === 0 && compiled === 0;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
