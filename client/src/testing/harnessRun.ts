/**
 * One process of a test harness from its start to its end: what it prints becomes results, and every test that it was to run
 * gets one. Knows nothing of VS Code.
 */
import { BoundedText } from "./boundedText.js";
import { type LibtestListener, LibtestParser, type Outcome } from "./libtest.js";
import { Schedule, libtestOrder, testThreads } from "./schedule.js";
import { type ProcessEnd, type TestCommand, runTestProcess } from "./testProcess.js";

/** Where results go. Durations are milliseconds; undefined when they are not known. */
export interface ResultSink {
  started(name: string): void;
  passed(name: string, duration: number | undefined): void;
  /** `captured`: what it printed; undefined while that is not known, in which case it is told again. */
  failed(name: string, duration: number | undefined, captured: string | undefined): void;
  ignored(name: string, reason: string | undefined): void;
  /** It has no result, because its process ended: `message` says how. */
  errored(name: string, duration: number | undefined, message: string): void;
  /** The program has no such test. */
  missing(name: string): void;
  /** What was printed and belongs to no test, or, while only one runs, perhaps to that one. */
  output(text: string, name: string | undefined): void;
}

export interface HarnessRun {
  readonly command: TestCommand;
  /** The tests that the process runs. */
  readonly names: readonly string[];
}

/** A libtest process that somebody else runs: a debugger. */
export interface WatchedRun {
  onOutput(text: string): void;
  /** `code` is undefined when the debugger did not tell it. */
  onEnd(code: number | undefined, wasCancelled: boolean): void;
}

/** How much of a process's own output is passed on, in characters. */
const MOST_OUTPUT = 8 * 1024 * 1024;
/** How much of standard error is kept for saying why a process ended. */
const KEPT_STDERR = 4096;

/** Runs the tests of a libtest harness. Rejects when the program cannot be started. */
export async function runLibtest(run: HarnessRun, sink: ResultSink, signal: AbortSignal): Promise<void> {
  const results = new Results(run, sink);
  const end = await runTestProcess(run.command, results, signal);
  results.finish(end, signal.aborted);
}

/** Gives `sink` the results of a libtest process from what it prints. `env`: the one that it runs in. */
export function watchLibtest(names: readonly string[], env: TestCommand["env"], sink: ResultSink): WatchedRun {
  const results = new Results({ command: { argv: [], cwd: "", env }, names }, sink);
  return {
    onOutput: (text) => results.onStdout(Buffer.from(text)),
    onEnd: (code, wasCancelled) => results.finish({ code: code ?? null, signal: null }, wasCancelled),
  };
}

/** Runs a program with a `main` of its own (`harness = false`) as one test with the name `name`. */
export async function runWhole(
  name: string,
  command: TestCommand,
  sink: ResultSink,
  signal: AbortSignal,
): Promise<void> {
  const output = new PlainOutput(sink, name);
  const started = performance.now();
  sink.started(name);
  const end = await runTestProcess(command, output, signal);
  if (signal.aborted) return;
  const duration = performance.now() - started;
  if (end.code === 0) sink.passed(name, duration);
  else sink.failed(name, duration, `${output.tail}\nThe program ${describeEnd(end)}.`);
}

/** Passes output on up to a limit. */
class Limited {
  private left = MOST_OUTPUT;

  constructor(private readonly sink: ResultSink) {}

  push(text: string, name: string | undefined): void {
    if (this.left <= 0 || text === "") return;
    this.sink.output(text.slice(0, this.left), name);
    this.left -= text.length;
    if (this.left <= 0)
      this.sink.output(`\n[more than ${MOST_OUTPUT / 1024 / 1024} MiB: the rest is not shown]\n`, name);
  }
}

class PlainOutput {
  private readonly limited: Limited;
  private readonly decoders = [new TextDecoder(), new TextDecoder()] as const;
  private readonly kept = new BoundedText(KEPT_STDERR);

  constructor(
    sink: ResultSink,
    private readonly name: string,
  ) {
    this.limited = new Limited(sink);
  }

  get tail(): string {
    return this.kept.toString();
  }

  onStdout(bytes: Uint8Array): void {
    this.read(this.decoders[0].decode(bytes, { stream: true }));
  }

  onStderr(bytes: Uint8Array): void {
    this.read(this.decoders[1].decode(bytes, { stream: true }));
  }

  private read(text: string): void {
    this.kept.push(text);
    this.limited.push(text, this.name);
  }
}

class Results implements LibtestListener {
  private readonly parser: LibtestParser;
  private readonly limited: Limited;
  private readonly errors = new TextDecoder();
  private readonly stderr = new BoundedText(KEPT_STDERR);
  private readonly outcomes = new Map<string, { readonly outcome: Outcome; readonly duration: number | undefined }>();
  private schedule: Schedule | undefined;

  constructor(
    private readonly run: HarnessRun,
    private readonly sink: ResultSink,
  ) {
    this.parser = new LibtestParser(this, new Set(run.names));
    this.limited = new Limited(sink);
  }

  onStdout(bytes: Uint8Array): void {
    this.parser.push(bytes);
  }

  onStderr(bytes: Uint8Array): void {
    const text = this.errors.decode(bytes, { stream: true });
    this.stderr.push(text);
    this.onOutput(text);
  }

  onRunning(): void {
    const order = libtestOrder(this.run.names);
    this.schedule = new Schedule(order, testThreads(this.run.command.env), performance.now());
    this.began(this.schedule.active);
  }

  onStarted(name: string): void {
    this.began(this.schedule?.start(name, performance.now()) ?? []);
  }

  onFinished(name: string, outcome: Outcome, reason: string | undefined): void {
    const before = this.outcomes.get(name);
    const { duration, began } =
      before === undefined
        ? (this.schedule?.finish(name, performance.now()) ?? { duration: undefined, began: [] })
        : { duration: before.duration, began: [] };
    this.outcomes.set(name, { outcome, duration });
    if (outcome === "passed") this.sink.passed(name, duration);
    else if (outcome === "ignored") this.sink.ignored(name, reason);
    else this.sink.failed(name, duration, undefined);
    this.began(began);
  }

  onSlow(name: string): void {
    this.sink.output(`test ${name} has been running for over 60 seconds\n`, name);
  }

  onOutput(text: string): void {
    const active = this.schedule?.active ?? [];
    this.limited.push(text, active.length === 1 ? active[0] : undefined);
  }

  finish(end: ProcessEnd, wasCancelled: boolean): void {
    const said = this.parser.end();
    for (const [name, { outcome, duration }] of this.outcomes) {
      if (outcome === "failed") this.sink.failed(name, duration, said.captured.get(name) ?? "");
    }
    const left = this.run.names.filter((name) => !this.outcomes.has(name));
    if (wasCancelled) return;
    if (said.isComplete) this.complete(left, end);
    else this.crashed(left, end);
  }

  private began(names: readonly string[]): void {
    for (const name of names) this.sink.started(name);
  }

  /** All tests have ended, and the rest is not in the program. */
  private complete(left: readonly string[], end: ProcessEnd): void {
    for (const name of left) this.sink.missing(name);
    if (end.signal !== null) this.onOutput(`The test process ${describeEnd(end)} after its last test.\n`);
  }

  private crashed(left: readonly string[], end: ProcessEnd): void {
    const how = describeEarlyEnd(end);
    const stderr = this.stderr.toString();
    const running = new Set(this.culprits(stderr));
    const shown = [...running].slice(0, 8).join(", ") + (running.size > 8 ? ", …" : "");
    const detail = stderr.trim() === "" ? "" : `\n\n${stderr.trimEnd()}`;
    const now = performance.now();
    for (const name of left) {
      const duration = running.has(name) ? this.schedule?.finish(name, now).duration : undefined;
      if (!running.has(name)) {
        const while_ = shown === "" ? "" : ` while it ran ${shown}`;
        this.sink.errored(name, undefined, `The test process ${how}${while_}, so this test has no result.`);
      } else if (running.size === 1) {
        this.sink.errored(name, duration, `The test process ${how} while this test was running.${detail}`);
      } else {
        this.sink.errored(name, duration, `The test process ${how} while these tests were running: ${shown}.${detail}`);
      }
    }
  }

  /** The tests that may have ended the process: the one that it named, or all that were running. */
  private culprits(stderr: string): readonly string[] {
    const active = this.schedule?.active ?? [];
    const named = /thread '([^']+)'(?: \(\d+\))? has overflowed its stack/.exec(stderr)?.[1];
    return named !== undefined && active.includes(named) ? [named] : active;
  }
}

function describeEarlyEnd(end: ProcessEnd): string {
  if (end.signal !== null) return describeEnd(end);
  return end.code === null ? "was ended" : `ended early, with exit code ${end.code},`;
}

/** How a process ended, after "the process". */
function describeEnd({ code, signal }: ProcessEnd): string {
  return signal === null ? `exited with code ${code}` : `was ended by ${signal}${SIGNALS[signal] ?? ""}`;
}

const SIGNALS: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGABRT: " (it aborted)",
  SIGSEGV: " (invalid memory access)",
  SIGBUS: " (invalid memory access)",
  SIGILL: " (invalid instruction)",
  SIGKILL: " (killed, perhaps because memory ran out)",
};
