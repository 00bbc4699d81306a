/** A look at the files of a workspace now and then: for a process that nobody tells of a save, and whose work one makes worthless. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { SelectionState } from "../core/cargo/selection.js";
import { cargoHome } from "../core/support/environment.js";
import { isWithin, statOf } from "../core/support/files.js";
import type { Layout } from "../core/support/layout.js";
import { NO_STAMP, type Stamp, fileStamp, stampTree } from "../core/support/stamps.js";
import { UnitRecords } from "../core/units/records.js";

/** How long it waits first, and how much longer each time: most saves come soon, and work that takes long need not end at once. */
const FIRST_MS = 250;
const GROWTH = 1.2;
const LAST_MS = 4000;
/** A look takes at most this part of the time. */
const SHARE = 0.02;

/** Calls `onChange` when a source, or what cargo or a build script reads, is saved, or when the target directory is gone. Gives what ends it. */
export function lookForChanges(
  layout: Layout,
  state: SelectionState,
  env: NodeJS.ProcessEnv,
  onChange: () => void,
): () => void {
  const files = filesOf(layout, state, env);
  const before = files.map(lookAt);
  const hasChanged = (): boolean =>
    !fs.existsSync(layout.private) || !files.every((file, i) => lookAt(file) === before[i]);
  let timer: NodeJS.Timeout | undefined;
  const wait = (ms: number, costMs: number): void => {
    const look = (): void => {
      const sinceMs = performance.now();
      if (hasChanged()) onChange();
      else wait(Math.min(ms * GROWTH, LAST_MS), performance.now() - sinceMs);
    };
    timer = setTimeout(look, Math.max(ms, costMs / SHARE));
  };
  wait(FIRST_MS, 0);
  return () => clearTimeout(timer);
}

/** What somebody may save: not what is downloaded, installed or made. */
function filesOf(layout: Layout, state: SelectionState, env: NodeJS.ProcessEnv): readonly Stamp[] {
  const home = cargoHome(env);
  const others = [state.toolchain.sysroot, layout.root, path.join(home, "registry"), path.join(home, "git")];
  const all = [
    ...new UnitRecords(layout).some(state.units).flatMap((record) => record.inputs),
    ...state.cargoInputs,
    ...state.scripts.flatMap((script) => script.inputs),
  ];
  const own = all.filter(({ path: file }) => !others.some((folder) => isWithin(file, folder)));
  return [...new Map(own.map((file) => [file.path, file])).values()];
}

/** What tells a file, or what is in a folder, from what it was before. */
function lookAt({ path: file, tree }: Stamp): string {
  if (tree !== undefined) return stampTree(file, tree).hash;
  const stat = statOf(file);
  const { mtimeMs, size, ctimeMs, inode } = stat === undefined ? NO_STAMP : fileStamp(stat);
  return `${mtimeMs} ${size} ${ctimeMs} ${inode}`;
}
