/**
 * The same program twice: as `cargo build` makes it and as Cranefly runs it, compared byte for byte.
 */
import { expect } from "vitest";
import { cranefly } from "./repository.js";
import { mustRun, refuseFallback, run, type Outcome, type RunOptions } from "./process.js";
import path from "node:path";

/** A cargo project and which of its programs is meant. */
export interface Program {
  /** The workspace's or package's folder. */
  readonly dir: string;
  /** The program's name: of a binary or an example. */
  readonly name: string;
  readonly kind?: "bin" | "example";
  /** Package and features, as for cargo. */
  readonly selection?: readonly string[];
}

export interface Invocation extends Partial<RunOptions> {
  readonly args?: readonly string[];
}

function selectionOf(program: Program): string[] {
  return [...(program.selection ?? []), `--${program.kind ?? "bin"}`, program.name];
}

/** Builds natively and through Cranefly, so that later runs only run. */
export async function buildBoth(program: Program): Promise<void> {
  const ours = mustRun(cranefly, ["build", ...selectionOf(program)], { cwd: program.dir });
  // At the same time: each has stretches in which it keeps one core busy.
  const [outcome] = await Promise.all([ours, buildNative(program)]);
  refuseFallback(outcome);
}

export async function buildNative(program: Program): Promise<void> {
  await mustRun("cargo", ["build", "--quiet", ...selectionOf(program)], { cwd: program.dir });
}

export function nativeExecutable(program: Program): string {
  return path.join(program.dir, "target/debug", program.kind === "example" ? "examples" : "", program.name);
}

/** `cargo run -q`: the reference, with the environment variables that cargo gives to the program. */
export function runNative(program: Program, invocation: Invocation): Promise<Outcome> {
  const { args = [], ...options } = invocation;
  const command = ["run", "--quiet", ...commandLine(program, args)];
  return run("cargo", command, { cwd: program.dir, ...options });
}

/** `cranefly run -q`, from the same working directory as the native run. */
export async function runCranefly(program: Program, invocation: Invocation): Promise<Outcome> {
  const { args = [], ...options } = invocation;
  const command = ["run", "-q", ...commandLine(program, args)];
  return refuseFallback(await run(cranefly, command, { cwd: program.dir, ...options }));
}

function commandLine(program: Program, args: readonly string[]): string[] {
  return ["--manifest-path", path.join(program.dir, "Cargo.toml"), ...selectionOf(program), "--", ...args];
}

/**
 * Takes out what differs between two native runs as well: thread numbers in panic messages, addresses, and in stack
 * traces the frames of std and of the start-up code (whose inlining is std's own affair) and the symbols' hashes.
 */
export function normalise(stderr: string): string {
  return ownFrames(stderr.replace(/^(thread '.*?') \(\d+\)/gm, "$1 (ID)"));
}

/** Keeps of each stack trace the frames whose sources have a relative or a project's path: not `/rustc/…`, not libc's. */
function ownFrames(text: string): string {
  const out: string[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    const frame = /^ {2,4}\d+: +(?:0x[0-9a-f]+ - )?(.*)$/.exec(line);
    if (!frame) {
      out.push(line);
      continue;
    }
    const place = /^ +at (.*)$/.exec(lines[i + 1] ?? "")?.[1];
    if (place !== undefined) i++;
    if (place !== undefined && !/\/rustc\/|\/rustlib\/|\.\/csu\//.test(place))
      out.push(`frame ${(frame[1] ?? "").replace(/::h[0-9a-f]{16}$/, "")} at ${place}`);
  }
  return out.join("\n");
}

/** Takes out of an output what differs between two native runs as well, for one program. */
export type Normaliser = (text: string) => string;

/** Runs both ways and expects the same output, exit code and signal; gives the native outcome for further checks. */
export async function compareProgram(
  program: Program,
  invocation: Invocation = {},
  normaliser: Normaliser = (text) => text,
): Promise<Outcome> {
  const native = await runNative(program, invocation);
  const ours = await runCranefly(program, invocation);
  expectSame(ours, native, normaliser);
  return native;
}

/** Fails, with a readable difference, unless `ours` is what `native` is. */
export function expectSame(ours: Outcome, native: Outcome, normaliser: Normaliser = (text) => text): void {
  const comparable = (outcome: Outcome) => ({
    ...outcome,
    stdout: normaliser(outcome.stdout),
    stderr: normalise(normaliser(outcome.stderr)),
  });
  expect(comparable(ours)).toEqual(comparable(native));
}
