/** The functions of a generation: asked of the engine when somebody wants them, and kept until the next generation. */
import * as path from "node:path";
import type { FunctionEntry, GenerationReport } from "../../../shared/src/report.js";
import type { Engine } from "../core/engine.js";
import type { Layout } from "../core/layout.js";

/** Where functions are asked for. */
export interface FunctionSource {
  readonly engine: Engine;
  readonly layout: Layout;
  readonly report: GenerationReport;
  /** What relative paths in debug info are relative to. */
  readonly root: string;
}

export class FunctionCache {
  private source: FunctionSource | undefined;
  private all: Promise<readonly FunctionEntry[]> | undefined;
  private byFile: ReadonlyMap<string, readonly FunctionEntry[]> | undefined;

  /** A new generation: what was asked of the one before is no use. */
  take(source: FunctionSource | undefined): void {
    this.source = source;
    this.all = undefined;
    this.byFile = undefined;
  }

  /** All functions of all programs, each symbol once. */
  functions(): Promise<readonly FunctionEntry[]> {
    const { source } = this;
    if (source === undefined) return Promise.resolve([]);
    if (this.all !== undefined) return this.all;
    const asked = ask(source);
    this.all = asked;
    // What failed may be asked again.
    asked.catch(() => {
      if (this.all === asked) this.all = undefined;
    });
    return asked;
  }

  /** Those whose source is `file` (absolute). */
  async functionsOf(file: string): Promise<readonly FunctionEntry[]> {
    const { source } = this;
    if (source === undefined) return [];
    const all = await this.functions();
    if (this.source !== source) return this.functionsOf(file);
    this.byFile ??= group(all, source.root);
    return this.byFile.get(file) ?? [];
  }
}

async function ask({ engine, layout, report }: FunctionSource): Promise<readonly FunctionEntry[]> {
  const found = new Map<string, FunctionEntry>();
  for (const { program } of report.programs) {
    const { functions } = await engine.functions(layout.root, program);
    for (const entry of functions) {
      const key = `${entry.unit}\0${entry.symbol}`;
      const known = found.get(key);
      // The same function in two programs: the one that did something tells more.
      if (known === undefined || rank(entry) > rank(known)) found.set(key, entry);
    }
  }
  return [...found.values()];
}

const RANK = { untouched: 0, deferred: 1, hit: 2, compiled: 3 } as const;

function rank(entry: FunctionEntry): number {
  return RANK[entry.status];
}

function group(entries: readonly FunctionEntry[], root: string): Map<string, FunctionEntry[]> {
  const files = new Map<string, FunctionEntry[]>();
  for (const entry of entries) {
    if (entry.file === null) continue;
    const file = path.resolve(root, entry.file);
    const list = files.get(file);
    if (list === undefined) files.set(file, [entry]);
    else list.push(entry);
  }
  return files;
}
