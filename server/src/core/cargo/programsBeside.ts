/**
 * Tests may start the programs beside them where cargo leaves them, `target/debug/NAME`. While tests run, the current program is there;
 * afterwards what was there before. (Whatever happens in between, cargo's next build of the program puts its own there.)
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Layout } from "../support/layout.js";
import type { SelectionState } from "./selection.js";
import type { Program } from "../units/program.js";
import { statOf } from "../support/files.js";

/** Puts the programs that cargo does not start itself where others look for them. Gives what takes them away again. */
export function standIn(state: SelectionState): () => void {
  const started = new Set(state.starts.map((start) => start.program));
  const restore: (() => void)[] = [];
  const takeAway = (): void => {
    for (const undo of restore.splice(0)) undo();
  };
  try {
    for (const program of state.programs) if (!started.has(program.name)) restore.push(place(program));
  } catch (error) {
    takeAway();
    throw error;
  }
  return takeAway;
}

function place({ name, executable }: Program): () => void {
  const layout = new Layout(executable.slice(0, -name.length - 1));
  const program = path.join(path.dirname(layout.root), name);
  const before = path.join(layout.displaced, name);
  const ours = fs.readFileSync(executable);
  // Ours already: of a run that was ended, and did not clear up.
  if (!isSame(program, ours)) {
    fs.mkdirSync(path.dirname(before), { recursive: true });
    fs.mkdirSync(path.dirname(program), { recursive: true });
    // (A copy: whatever is done to it there is not done to ours.) It is there before anything is moved.
    const copy = `${program}.${process.pid}.tmp`;
    fs.copyFileSync(executable, copy);
    fs.rmSync(before, { force: true });
    if (fs.existsSync(program)) fs.renameSync(program, before);
    fs.renameSync(copy, program);
  }
  return () => {
    if (!isSame(program, ours)) fs.rmSync(before, { force: true });
    else if (fs.existsSync(before)) fs.renameSync(before, program);
    else fs.rmSync(program);
  };
}

function isSame(file: string, content: Buffer): boolean {
  const stat = statOf(file);
  return stat?.size === content.length && fs.readFileSync(file).equals(content);
}
