/** Starts programs so that they can be ended with all that they start: under the engine's supervisor (`supervisor.rs`). */
import { spawn } from "node:child_process";
import * as readline from "node:readline";
import { constants } from "node:os";
import { Duplex } from "node:stream";
import { type Outcome, shellCommand } from "./startScript.js";
import type { Job } from "./restarts.js";

export interface SupervisedJob extends Job {
  readonly outcome: Promise<Outcome>;
}

export interface SuperviseOptions {
  /** The engine's executable; without one there are no groups, and the program alone is ended. */
  readonly engine: string | undefined;
  /** How long the program may take to end when this process was killed. */
  readonly limitMs: number;
  /** The user has pressed Ctrl-C, and the terminal has sent the signal to the program as well. */
  readonly onInterrupt: () => void;
}

/** Runs a script with our own terminal, in a process group of its own. */
export function supervise(script: string, options: SuperviseOptions): SupervisedJob {
  if (options.engine === undefined) return startAlone(script);
  const args = ["supervise", String(options.limitMs), ...shellCommand(script)];
  const child = spawn(options.engine, args, { stdio: ["inherit", "inherit", "inherit", "pipe"] });
  const control = child.stdio[3];
  // (A pipe of ours goes both ways.)
  if (!(control instanceof Duplex)) throw new Error("no connection to the supervisor");
  // The supervisor may have ended: then `exit` follows.
  control.on("error", () => undefined);
  const command = (letter: string): void => {
    if (child.exitCode === null && child.signalCode === null) control.write(letter);
  };
  const forwarded = (): void => void child.kill("SIGCONT");
  // After a stop by the terminal's user, which has stopped us, too.
  process.on("SIGCONT", forwarded);
  // (`exit` may come before the supervisor's last message is read.)
  const gone = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  }).finally(() => {
    process.removeListener("SIGCONT", forwarded);
    control.destroy();
  });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
    const events = readline.createInterface({ input: control });
    // (It tells of the stream's errors once more.)
    events.on("error", () => undefined);
    events.on("line", (line) => {
      const [event, value] = line.split(" ");
      if (event === "interrupted") options.onInterrupt();
      else if (event === "exited") resolve({ code: Number(value), signal: null });
      else if (event === "signaled") resolve({ code: null, signal: signalOf(Number(value)) });
    });
  });
  return {
    outcome,
    ended: settled(outcome),
    gone,
    askToEnd: () => command("t"),
    kill: () => command("k"),
  };
}

function startAlone(script: string): SupervisedJob {
  const [program, ...args] = shellCommand(script);
  const child = spawn(program, args, { stdio: "inherit" });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const end = (signal: NodeJS.Signals) => (): void => void child.kill(signal);
  return { outcome, ended: settled(outcome), gone: settled(outcome), askToEnd: end("SIGTERM"), kill: end("SIGKILL") };
}

function settled(outcome: Promise<Outcome>): Promise<void> {
  return outcome.then(
    () => undefined,
    () => undefined,
  );
}

function signalOf(number: number): NodeJS.Signals {
  const names = Object.keys(constants.signals) as NodeJS.Signals[];
  return names.find((name) => constants.signals[name] === number) ?? "SIGKILL";
}
