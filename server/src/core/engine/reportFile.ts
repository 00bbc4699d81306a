/**
 * Writes a generation report with an entry for every function: one after the other, since a large program has tens of thousands,
 * which would make a message, and a text, that nobody could handle.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Diagnostic, GenerationReport, ProgramReport } from "../../../../shared/src/report.js";
import { type Engine, asOfOneGeneration } from "./client.js";

/** Where the functions are to be had. */
export interface FunctionSource {
  readonly engine: Engine;
  /** The engine's name of the workspace. */
  readonly workspace: string;
}

/** Writes the report to a file, which is there when it is complete. Without a `source` programs have no entries. */
export async function writeReport(file: string, report: GenerationReport, source?: FunctionSource): Promise<void> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    await asOfOneGeneration(() => fs.promises.writeFile(temporary, partsOf(report, source)));
    await fs.promises.rename(temporary, file);
  } finally {
    await fs.promises.rm(temporary, { force: true });
  }
}

/** The report as one line of JSON, without the terminal's colours. */
export function reportLine(report: GenerationReport): string {
  return JSON.stringify({ ...report, diagnostics: report.diagnostics.map(withoutColours) });
}

async function* partsOf(report: GenerationReport, source: FunctionSource | undefined): AsyncGenerator<string> {
  const { programs, ...rest } = report;
  yield `${opened({ ...rest, diagnostics: rest.diagnostics.map(withoutColours) })},"programs":[`;
  let separator = "";
  for (const program of programs) {
    yield separator;
    yield* programParts(program, source);
    separator = ",\n";
  }
  yield "]}\n";
}

async function* programParts(program: ProgramReport, source: FunctionSource | undefined): AsyncGenerator<string> {
  if (source === undefined) {
    yield JSON.stringify(program);
    return;
  }
  yield `${opened(program)},"entries":[\n`;
  let separator = "";
  for await (const page of source.engine.functionPages(source.workspace, program.program)) {
    for (const entry of page.functions) {
      yield `${separator}${JSON.stringify(entry)}`;
      separator = ",\n";
    }
  }
  yield "]}";
}

/** An object with fields as JSON, without the closing bracket. */
function opened(value: object): string {
  return JSON.stringify(value).slice(0, -1);
}

function withoutColours(diagnostic: Diagnostic): Diagnostic {
  const { rendered } = diagnostic;
  return typeof rendered === "string" ? { ...diagnostic, rendered: stripVTControlCharacters(rendered) } : diagnostic;
}
