/**
 * The process that lets the crate lane follow a command whose edit the body lane took, and makes ready what the next edit needs. It is started
 * behind the command, in a session of its own and with the lowest claim to the processor, and says nothing: what it finds is on the disk for the
 * next command. Nobody has asked for it: it runs neither cargo nor build scripts, and starts no engine.
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Selection, loadSelection, selectionKey } from "../core/cargo/selection.js";
import { EngineUnavailable } from "../core/engine/errors.js";
import { findEngine } from "../core/engine/location.js";
import { Cancelled, messageOf } from "../core/support/errors.js";
import { becomeFollower, leaveFollower, noteDone } from "../core/support/follower.js";
import { Layout } from "../core/support/layout.js";
import { Workspace } from "../core/workspace.js";
import { lookForChanges } from "./lookForChanges.js";

/** The first argument of such a process. What follows is no command line of a user's. */
export const FOLLOW = "--follow-in-background";

const NICENESS = 15;

/** What the process reads from its standard input: it may be longer than an argument. */
interface Task {
  readonly selection: Selection;
  readonly root: string;
  readonly jobs: number;
}

/** Starts it. `env`: the user's. Throws when it cannot be started. */
export function startFollower(
  bundleDirectory: string,
  selection: Selection,
  layout: Layout,
  jobs: number,
  env: NodeJS.ProcessEnv,
): void {
  const task: Task = { selection, root: layout.root, jobs };
  const input = inputOf(layout, JSON.stringify(task));
  let log: number | undefined;
  try {
    log = fs.openSync(layout.followerLog, "w");
    // (Its place is for who looks at a list of processes.)
    const command = [path.join(bundleDirectory, "cli.cjs"), FOLLOW, layout.root];
    const child = spawn(process.execPath, command, {
      cwd: selection.cwd,
      env,
      detached: true,
      stdio: [input, log, log],
    });
    // Without it the next edit takes longer.
    child.once("error", () => undefined);
    child.unref();
  } finally {
    fs.closeSync(input);
    if (log !== undefined) fs.closeSync(log);
  }
}

/** An open file with a text that nothing has to be left running for, and that nobody else sees. */
function inputOf(layout: Layout, text: string): number {
  const file = `${layout.followerLog}.${process.pid}.tmp`;
  const input = fs.openSync(file, "w+", 0o600);
  fs.rmSync(file);
  // With a position, so that it is read from its beginning.
  fs.writeSync(input, text, 0);
  return input;
}

/** Is that process. */
export async function followCommand(bundleDirectory: string): Promise<void> {
  const { selection, root, jobs } = JSON.parse(fs.readFileSync(0, "utf8")) as Task;
  stepBack();
  const { env } = process;
  const layout = new Layout(root);
  const key = selectionKey(selection, env);
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  becomeFollower(layout);
  const state = loadSelection(layout, key);
  const stopLooking = state === undefined ? undefined : lookForChanges(layout, state, env, () => stop.abort());
  const silent = (): void => undefined;
  const workspace = new Workspace(
    selection,
    {
      env,
      engine: findEngine(env, bundleDirectory),
      shimBundle: path.join(bundleDirectory, "shim.cjs"),
      color: false,
      quiet: true,
      jobs,
      bodyLane: bundleDirectory,
      isOneShot: true,
      follower: { root, onEngineGone: () => stop.abort() },
    },
    { onDiagnostic: silent, onClosing: silent, onProgress: silent, onWait: silent },
  );
  // Whoever ended it before has another one do the rest.
  let isDone = false;
  try {
    const followed = await workspace.follow(stop.signal);
    const diverged = followed?.report.programs.flatMap(({ verified }) => verified?.diverged ?? []) ?? [];
    if (diverged.length > 0) fs.writeFileSync(layout.divergence, diverged.join(", "));
    isDone = !stop.signal.aborted;
  } catch (error) {
    // The next command finds the same, and says it.
    if (!(error instanceof Cancelled) && !stop.signal.aborted) {
      isDone = !(error instanceof EngineUnavailable);
      process.exitCode = 1;
      process.stderr.write(`cranefly: ${messageOf(error)}\n`);
    }
  } finally {
    stopLooking?.();
    workspace.close();
    if (leaveFollower(layout) && isDone) noteDone(layout, key);
  }
}

/** Leaves the processor to whoever else wants it. The user may have given this process a lower claim already, which only root may raise. */
function stepBack(): void {
  try {
    if (os.getPriority() < NICENESS) os.setPriority(NICENESS);
  } catch {
    // Then it has the claim of its command.
  }
}
