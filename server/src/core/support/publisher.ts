/**
 * Who had the engine publish each program of a target directory last. A process that stays knows what a program is made of for as long as it
 * is the one: another process may have published what it made of other texts.
 */
import * as z from "zod";
import { readJson, writeAtomic } from "./files.js";
import type { Layout } from "./layout.js";
import { thisProcess } from "./lock.js";

const Marks = z.record(z.string(), z.string());

/** Of this process, which may keep several selections of a target directory current. */
let count = 0;

export class Publisher {
  /** What this one has written last, by program. */
  private readonly own = new Map<string, string>();

  /** The programs that others have published behind this one. To be asked while the workspace is locked. */
  overtaken(layout: Layout): ReadonlySet<string> {
    if (this.own.size === 0) return new Set();
    const marks = readJson(layout.publishers, Marks) ?? {};
    return new Set([...this.own].flatMap(([program, mark]) => (marks[program] === mark ? [] : program)));
  }

  published(layout: Layout, programs: readonly string[]): void {
    if (programs.length === 0) return;
    const { pid, started } = thisProcess();
    const mark = `${pid} ${started} ${++count}`;
    const fresh = programs.map((program) => [program, mark] as const);
    for (const [program] of fresh) this.own.set(program, mark);
    const marks = readJson(layout.publishers, Marks) ?? {};
    writeAtomic(layout.publishers, JSON.stringify({ ...marks, ...Object.fromEntries(fresh) }));
  }
}
