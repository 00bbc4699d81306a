/**
 * Reads what libtest prints in its `pretty` format, while it prints it. That is the only format of stable Rust with a line
 * for each test (source: `library/test/src/formatters/pretty.rs`).
 *
 * What tests write to the descriptors themselves (a child process, `io::stdout().write`) lands anywhere between libtest's
 * own words, without a newline as like as not. So nothing is taken for a result that does not name a test of this run, and
 * what libtest says at its end corrects what was understood before.
 */
import { FailureSections } from "./failureSections.js";

export type Outcome = "passed" | "failed" | "ignored";

/** What is told while the tests run. */
export interface LibtestListener {
  /** "running N tests": the first ones start now. */
  onRunning(count: number): void;
  /** With one test thread libtest names a test before it runs it. */
  onStarted(name: string): void;
  /** `reason`: of an ignored test, if it has one. May be told again, with another outcome. */
  onFinished(name: string, outcome: Outcome, reason: string | undefined): void;
  /** A test that runs for more than a minute. */
  onSlow(name: string): void;
  /** What is neither libtest's nor captured: printed past it. Whole lines, but for the last one. */
  onOutput(text: string): void;
}

/** What libtest said at its end. */
export interface LibtestEnd {
  /** "test result: …" was printed: all tests ended. */
  readonly isComplete: boolean;
  /** What failed tests printed, by name. */
  readonly captured: ReadonlyMap<string, string>;
}

const RESULT = /^(?:(ok|FAILED)|(ignored)(?:, (.*))?|bench: .*)(?: <[\d.]+s>| \([\d.]+s\)| \(time limit exceeded\))?$/;
const LATE_RESULT = /^(.*?)(ok|FAILED)$/s;
const SUFFIX = / - (?:should panic|compile fail|compile)$/;
const SLOW = /^test (.+) has been running for (?:over|more than) \d+ seconds$/;
const SUMMARY = /^test result: (?:ok|FAILED)\. \d+ passed; \d+ failed; \d+ ignored; \d+ measured; \d+ filtered out/;
/** Longer text without a line's end is output. */
const LONGEST_LINE = 1024 * 1024;
/** What of it may still be the beginning of libtest's own words. */
const LONGEST_WORDS = 4096;
const RUNNING = /^running (\d+) tests?$/;

export class LibtestParser {
  private readonly decoder = new TextDecoder("utf-8");
  private readonly outcomes = new Map<string, Outcome>();
  /** Failed tests in the order in which they ended, which is that of their sections. */
  private readonly failed: string[] = [];
  private partial = "";
  /** The count of "running N tests"; libtest says nothing before that. */
  private count: number | undefined;
  /** The test that was named last and has no result yet, and what may have been its result. */
  private pending: { readonly name: string; candidate: Outcome | undefined } | undefined;
  private sections: FailureSections | undefined;
  private isComplete = false;

  /** `expected`: the names that this run can tell of; undefined when that is not known. */
  constructor(
    private readonly listener: LibtestListener,
    private readonly expected: ReadonlySet<string> | undefined,
  ) {}

  push(bytes: Uint8Array): void {
    this.read(this.decoder.decode(bytes, { stream: true }));
  }

  /** After the last byte. */
  end(): LibtestEnd {
    this.read(this.decoder.decode());
    if (this.partial !== "") this.line(this.partial, "");
    this.settle();
    const captured = this.sections?.finish(this.failed) ?? { captured: new Map<string, string>(), listed: [] };
    for (const name of captured.listed) {
      if (this.outcomes.get(name) !== "failed" && this.isKnown(name)) this.finished(name, "failed", undefined);
    }
    return { isComplete: this.isComplete, captured: captured.captured };
  }

  private read(text: string): void {
    const lines = (this.partial + text).split("\n");
    this.partial = lines.pop() ?? "";
    for (const line of lines) this.line(line.replace(/\r$/, ""), "\n");
    if (this.partial.length > LONGEST_LINE && this.sections === undefined) {
      this.listener.onOutput(this.partial.slice(0, -LONGEST_WORDS));
      this.partial = this.partial.slice(-LONGEST_WORDS);
    }
    // A test's name without its result yet: it runs alone.
    const named = this.sections === undefined ? this.findTest(this.partial) : undefined;
    if (named?.rest === "") this.announce(named.name);
  }

  private line(line: string, ending: string): void {
    if (SUMMARY.test(line) && this.count !== undefined) {
      this.settle();
      this.isComplete = true;
    } else if (this.sections === undefined) {
      this.resultLine(line, ending);
    } else if (this.findTest(line) === undefined) {
      this.sections.push(line);
    } else {
      // It was a test that wrote "failures:"; the real ones come after all results.
      this.listener.onOutput(this.sections.text());
      this.sections = undefined;
      this.resultLine(line, ending);
    }
  }

  private resultLine(line: string, ending: string): void {
    const running = this.count === undefined ? RUNNING.exec(line) : null;
    if (running !== null) {
      this.count = Number(running[1]);
      this.listener.onRunning(this.count);
      return;
    }
    const slow = SLOW.exec(line)?.[1];
    if (slow !== undefined && this.isKnown(slow)) {
      this.listener.onSlow(slow);
      return;
    }
    const test = this.findTest(line);
    if (test !== undefined) {
      if (test.before !== "") this.listener.onOutput(test.before);
      this.announce(test.name);
      this.maybeResult(test.rest, ending);
    } else if (this.pending !== undefined) {
      this.maybeResult(line, ending);
    } else if (line === "failures:" || line === "successes:") {
      this.sections = new FailureSections();
      this.sections.push(line);
    } else if (line !== "" || this.count === undefined) {
      this.listener.onOutput(line + ending);
    }
  }

  /** What may be the pending test's result, or its output up to the result, or output alone. */
  private maybeResult(text: string, ending: string): void {
    const { pending } = this;
    if (pending === undefined) return;
    const exact = RESULT.exec(text);
    if (exact !== null) {
      this.pending = undefined;
      this.finished(pending.name, toOutcome(exact[1] ?? exact[2]), exact[3]);
      return;
    }
    const late = LATE_RESULT.exec(text);
    if (late !== null) pending.candidate = toOutcome(late[2]);
    if (text !== "") this.listener.onOutput((late?.[1] ?? text) + ending);
  }

  private announce(name: string): void {
    if (this.pending?.name === name) return;
    this.settle();
    this.pending = { name, candidate: undefined };
    this.listener.onStarted(name);
  }

  /** Something else follows, so the last thing that looked like the pending test's result was it. */
  private settle(): void {
    const { pending } = this;
    this.pending = undefined;
    if (pending?.candidate !== undefined) this.finished(pending.name, pending.candidate, undefined);
  }

  private finished(name: string, outcome: Outcome, reason: string | undefined): void {
    const before = this.outcomes.get(name);
    if (before === outcome) return;
    this.outcomes.set(name, outcome);
    if (outcome === "failed") this.failed.push(name);
    this.listener.onFinished(name, outcome, reason);
  }

  /** "test NAME ... rest", anywhere in a line, of a test that has no result yet. */
  private findTest(line: string): { before: string; name: string; rest: string } | undefined {
    if (this.count === undefined) return undefined;
    for (let at = line.indexOf("test "); at >= 0; at = line.indexOf("test ", at + 1)) {
      const start = at + "test ".length;
      for (let dots = line.indexOf(" ... ", start); dots >= 0; dots = line.indexOf(" ... ", dots + 1)) {
        const name = line.slice(start, dots).replace(SUFFIX, "");
        if (!this.isKnown(name) || this.outcomes.has(name)) continue;
        return { before: line.slice(0, at), name, rest: line.slice(dots + " ... ".length) };
      }
    }
    return undefined;
  }

  private isKnown(name: string): boolean {
    return this.expected === undefined ? /^[\w:]+$/.test(name) : this.expected.has(name);
  }
}

function toOutcome(word: string | undefined): Outcome {
  if (word === "FAILED") return "failed";
  return word === "ignored" ? "ignored" : "passed";
}
