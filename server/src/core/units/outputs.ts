/**
 * The files that cargo expects of a unit: which they are, whose they are, and what stands there instead of a library or a program.
 *
 * Which unit makes a file is announced before rustc starts. cargo starts a unit when the metadata of what it uses is there, long
 * before that is done: whose library it is must be known by then.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { type RustcArgs, isProgram, outputStem } from "./arguments.js";
import { digest, list, readJson, readText, writeAtomic, writeIfChanged, statOf } from "../support/files.js";
import type { Layout } from "../support/layout.js";
import type { Invocation } from "./invocation.js";

/** What rustc leaves where it is told to. */
export const Outputs = z.object({
  depInfo: z.string(),
  metadata: z.string().optional(),
  rlib: z.string().optional(),
  /** The Rust dynamic library that it is made as, too. */
  dylib: z.string().optional(),
  executable: z.string().optional(),
  /** The folder of its incremental sessions, which have the crate's name. */
  incremental: z.string(),
  crate: z.string(),
});
export type Outputs = z.infer<typeof Outputs>;

export function outputsOf(layout: Layout, { cwd }: Pick<Invocation, "cwd">, args: RustcArgs): Outputs {
  const { crate } = args;
  const place = (name: string): string => path.resolve(cwd, args.outDir ?? ".", name);
  const stem = outputStem(args);
  const incremental = path.resolve(cwd, args.incremental ?? layout.incremental);
  const common = { depInfo: place(`${stem}.d`), incremental, crate };
  if (isProgram(args)) return { ...common, executable: place(stem) };
  const dylib = args.crateTypes.includes("dylib") ? { dylib: place(`lib${stem}.so`) } : {};
  return { ...common, metadata: place(`lib${stem}.rmeta`), rlib: place(`lib${stem}.rlib`), ...dylib };
}

/** Lets everybody know which unit the outputs are of. */
export function announce(layout: Layout, key: string, outputs: Outputs): void {
  writeIfChanged(layout.outputs(key), JSON.stringify(outputs));
  for (const file of [outputs.metadata, outputs.rlib, outputs.dylib, outputs.executable]) {
    if (file !== undefined) writeIfChanged(announcement(layout, file), key);
  }
}

/** The workspace's unit that makes a file, whether or not it was made yet. */
export function unitOfOutput(layout: Layout, file: string): string | undefined {
  const key = readText(announcement(layout, file));
  return key === "" ? undefined : key;
}

/**
 * The unit that makes a library which cargo has put where the user looks for it: without a hash in its name if one of its kinds is
 * dynamic, and as a link or a copy.
 */
export function unitOfLibrary(layout: Layout, file: string): string | undefined {
  const known = unitOfOutput(layout, file) ?? unitOfPlaceholder(file);
  if (known !== undefined || !/\.(?:rlib|so)$/.test(file)) return known;
  const size = statOf(file)?.size;
  return list(layout.units).find((key) => {
    const { rlib, dylib } = announcedOutputs(layout, key) ?? {};
    const output = [rlib, dylib].find((name) => name !== undefined && path.basename(name) === path.basename(file));
    return output !== undefined && size !== undefined && statOf(output)?.size === size;
  });
}

/** The outputs of a unit that was announced; undefined when that is not known any more. */
export function announcedOutputs(layout: Layout, key: string): Outputs | undefined {
  return readJson(layout.outputs(key), Outputs);
}

/**
 * Removes what rustc left, so that cargo takes the unit for dirty; with the incremental sessions, whose files are the same as the
 * bitcode's (hard links), damage included.
 */
export function removeOutputs(layout: Layout, outputs: Outputs): void {
  // In a copy of a target directory they are the original's.
  const isOurs = (file: string): boolean => file.startsWith(layout.root + path.sep);
  const { depInfo, metadata, rlib, dylib, executable, incremental } = outputs;
  for (const file of [depInfo, metadata, rlib, dylib, executable]) {
    if (file !== undefined && isOurs(file)) fs.rmSync(file, { force: true });
  }
  if (isOurs(incremental)) removeSessions(outputs);
}

/** Removes the incremental sessions of the unit's crate. */
export function removeSessions({ incremental, crate }: Outputs): void {
  for (const name of list(incremental)) {
    if (name.startsWith(`${crate}-`)) fs.rmSync(path.join(incremental, name), { recursive: true, force: true });
  }
}

function announcement(layout: Layout, file: string): string {
  return path.join(layout.announcements, digest(file));
}

/** The text by which a placeholder names its unit, also after cargo has copied it. */
const MARK = "cranefly unit ";
const SHELL = "#!/bin/sh\n# ";

/**
 * cargo takes a unit whose outputs are missing for dirty, so something must lie there. What stands for a program is one, should
 * anybody start it before the engine has put the real one in its place.
 */
export function leavePlaceholders(key: string, outputs: Outputs, hasRlib: boolean): void {
  if (outputs.executable !== undefined) {
    const message = "cranefly: this program is not complete: its build failed, or is under way";
    writeAtomic(outputs.executable, `${SHELL}${MARK}${key}\necho '${message}' >&2\nexit 127\n`, 0o755);
  } else if (outputs.rlib !== undefined && !hasRlib) {
    writeAtomic(outputs.rlib, `${MARK}${key}\n`);
  }
}

/** The unit that an output belongs to, if it is a placeholder (or cargo's copy of one). */
export function unitOfPlaceholder(file: string): string | undefined {
  const buffer = Buffer.alloc(4096);
  let length: number;
  try {
    const descriptor = fs.openSync(file, "r");
    try {
      length = fs.readSync(descriptor, buffer, 0, buffer.length, 0);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
  const text = buffer.toString("utf8", 0, length);
  const start = text.startsWith(SHELL) ? SHELL.length : 0;
  if (!text.startsWith(MARK, start)) return undefined;
  const key = text.slice(start + MARK.length).split("\n")[0];
  return key === "" ? undefined : key;
}
