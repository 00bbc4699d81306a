// Starting programs from the build scripts, with the user's terminal.
import { spawn } from "node:child_process";
import { setPriority } from "node:os";
import { repository } from "./paths.mjs";

/** A step that failed in a way the user has to know about; printed without a stack trace. */
export class StepError extends Error {}

/**
 * Runs a program to its end with the terminal's streams.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, ignoreInterrupt?: boolean, isBackground?: boolean }} [options]
 *   `env` is laid over the current one, `undefined` removes; `ignoreInterrupt` leaves Ctrl-C to the child; `isBackground`: whatever else
 *   runs comes first, and what it prints is shown when it has ended.
 * @returns {Promise<number>} its exit code, 128 + n when signal n ended it
 */
export function run(command, args, options = {}) {
  const environment = { ...process.env, ...options.env };
  for (const [name, value] of Object.entries(environment)) if (value === undefined) delete environment[name];
  return new Promise((resolve, reject) => {
    // A terminal sends SIGINT to the whole group: the child ends by itself and this process follows with its code.
    // A signal that was sent to this process alone is passed on to a child that seems not to have heard it.
    const ignore = () => setTimeout(() => child.kill("SIGINT"), 500).unref();
    if (options.ignoreInterrupt) process.on("SIGINT", ignore);
    const forward = (signal) => child.kill(signal);
    const child = spawn(command, args, {
      cwd: options.cwd ?? repository,
      env: environment,
      stdio: options.isBackground ? ["ignore", "pipe", "pipe"] : "inherit",
    });
    const printed = [];
    if (options.isBackground && child.pid !== undefined) setPriority(child.pid, 15);
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => printed.push(data));
    process.on("SIGTERM", forward);
    const done = () => {
      process.off("SIGINT", ignore);
      process.off("SIGTERM", forward);
    };
    child.once("error", (error) => {
      done();
      reject(error.code === "ENOENT" ? new StepError(`${command} was not found on the PATH`) : error);
    });
    child.once(options.isBackground ? "close" : "exit", (code, signal) => {
      done();
      process.stdout.write(Buffer.concat(printed));
      resolve(code ?? 128 + (signals[signal] ?? 1));
    });
  });
}

const signals = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGPIPE: 13, SIGTERM: 15 };

/** As `run`, but any exit code other than 0 is an error that names the command. */
export async function mustRun(command, args, options) {
  const code = await run(command, args, options);
  if (code !== 0) throw new StepError(`\`${command} ${args.join(" ")}\` failed with exit code ${code}`);
}

/** The main function of a script: errors of steps as one line, all others with their stack. */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    console.error(error instanceof StepError ? `cranefly: ${error.message}` : error);
    process.exitCode = 1;
  }
}
