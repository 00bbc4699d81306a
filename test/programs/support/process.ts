/**
 * Running programs and keeping what they gave: exact bytes, exit code, signal.
 */
import { spawn } from "node:child_process";
import { cache } from "./repository.js";

/** How a program ended and what it wrote. */
export interface Outcome {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Bytes as latin-1, so that two outputs are equal exactly if their bytes are. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  /** Laid over the cleaned environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input; it is closed at once when nothing is given. */
  readonly stdin?: string | Buffer;
  /** Milliseconds after which the program is killed and the run is an error. */
  readonly timeout?: number;
  /** Whether the program leads a process group, which the time limit ends as a whole, with all that it has started. */
  readonly ownGroup?: boolean;
}

/** Variables of the session around the tests that would change what cargo or the programs do. */
const inherited =
  /^(CARGO_(?!HOME$|NET_|REGISTRIES_|HTTP_|BUILD_JOBS$)|RUSTC|RUSTFLAGS|RUST_BACKTRACE|RUST_LOG|npm_|VITEST|NODE_OPTIONS|CRANEFLY_|COLORTERM|FORCE_COLOR|NO_COLOR)/;

/** The test's own environment without what would make runs differ between machines. */
export function cleanEnvironment(extra: RunOptions["env"] = {}): NodeJS.ProcessEnv {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !inherited.test(name)));
  const fixed = {
    TERM: "dumb",
    LC_ALL: "C.UTF-8",
    // Build scripts ask git for a revision: it must not be this repository's, which changes between two builds.
    GIT_CEILING_DIRECTORIES: cache,
  };
  const merged: NodeJS.ProcessEnv = { ...clean, ...fixed, ...extra };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
}

/** Runs to the end. Rejects when the program cannot be started or does not end in time, whatever its exit code. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: cleanEnvironment(options.env),
      stdio: "pipe",
      detached: options.ownGroup ?? false,
    });
    const kill = (): void => {
      if (options.ownGroup && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      else child.kill("SIGKILL");
    };
    // Ctrl-C reaches only the terminal's own group.
    const interrupted = (): void => {
      kill();
      process.exit(130);
    };
    if (options.ownGroup) process.once("SIGINT", interrupted);
    const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      kill();
    }, options.timeout ?? 600_000);
    child.stdout.on("data", (chunk: Buffer) => chunks.stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.stderr.push(chunk));
    child.stdin.on("error", () => undefined); // The program may end without reading it all.
    child.stdin.end(options.stdin ?? "");
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      process.off("SIGINT", interrupted);
      if (late) reject(new Error(`did not end in time: ${[command, ...args].join(" ")}`));
      else
        resolve({
          code,
          signal,
          stdout: Buffer.concat(chunks.stdout).toString("latin1"),
          stderr: Buffer.concat(chunks.stderr).toString("latin1"),
        });
    });
  });
}

/** As `run`, but anything except exit code 0 is an error that shows the end of what the program wrote. */
export async function mustRun(command: string, args: readonly string[], options: RunOptions): Promise<Outcome> {
  const outcome = await run(command, args, options);
  if (outcome.code !== 0) {
    const tail = Buffer.from((outcome.stdout + outcome.stderr).slice(-6000), "latin1").toString("utf8");
    const how = outcome.signal ?? `exit code ${outcome.code ?? "unknown"}`;
    throw new Error(`${[command, ...args].join(" ")}: ${how} in ${options.cwd}\n${tail}`);
  }
  return outcome;
}

/** Cranefly's own line when it could not do its work and left it to cargo; then a comparison would compare cargo with cargo. */
const fallback = /^cranefly: falling back to/m;

/** Throws when an outcome of `cranefly` is really cargo's. */
export function refuseFallback(outcome: Outcome): Outcome {
  const text = outcome.stderr + outcome.stdout;
  if (fallback.test(text))
    throw new Error(
      `Cranefly left the work to cargo:\n${(text.match(/^cranefly: .*(?:\n(?! ).*){0,3}/gm) ?? []).join("\n")}`,
    );
  return outcome;
}
