/** What a harness tells, as results, messages and output of a test run in the Test Explorer. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import { type Failure, type SourceLocation, parseFailure, parsePanics } from "./failure.js";
import type { ResultSink } from "./harnessRun.js";
import type { TestLeaf } from "./items.js";

/**
 * How long a failure waits for its message, in milliseconds. libtest tells messages at its end; VS Code shows a failure best
 * (and opens its peek view) when both come together, but one in a long run is to be seen before the run's end.
 */
const MESSAGE_DELAY_MS = 1500;

export class RunResults implements ResultSink {
  private readonly leaves: ReadonlyMap<string, TestLeaf>;
  /** Failures that wait for their messages. */
  private readonly waiting = new Map<vscode.TestItem, NodeJS.Timeout>();

  /** `folders`: what relative file names of messages may count from, the likeliest first. */
  constructor(
    private readonly run: vscode.TestRun,
    leaves: readonly TestLeaf[],
    private readonly folders: readonly string[],
    private readonly failures: Set<vscode.TestItem>,
  ) {
    this.leaves = new Map(leaves.map((leaf) => [leaf.name ?? leaf.item.label, leaf]));
  }

  started(name: string): void {
    this.with(name, (item) => this.run.started(item));
  }

  passed(name: string, duration: number | undefined): void {
    this.with(name, (item) => {
      this.failures.delete(item);
      this.run.passed(item, duration);
    });
  }

  failed(name: string, duration: number | undefined, captured: string | undefined): void {
    this.with(name, (item) => {
      this.failures.add(item);
      if (captured === undefined) {
        const show = (): void => this.run.failed(item, [], duration);
        this.waiting.set(item, setTimeout(show, MESSAGE_DELAY_MS));
        return;
      }
      clearTimeout(this.waiting.get(item));
      this.waiting.delete(item);
      this.appendCaptured(name, item, captured);
      this.run.failed(item, this.messages(name, item, captured), duration);
    });
  }

  ignored(name: string, reason: string | undefined): void {
    this.with(name, (item) => {
      this.failures.delete(item);
      this.run.skipped(item);
      this.append(`${name} is ignored${reason === undefined ? "" : `: ${reason}`}\n`, undefined, item);
    });
  }

  errored(name: string, duration: number | undefined, message: string): void {
    this.with(name, (item) => {
      this.failures.add(item);
      this.run.errored(item, at(new vscode.TestMessage(message), placeOf(item)), duration);
    });
  }

  missing(name: string): void {
    this.with(name, (item) => {
      this.run.skipped(item);
      this.append(`the program has no test ${name} any more\n`, undefined, item);
    });
  }

  output(text: string, name: string | undefined): void {
    this.append(text, undefined, name === undefined ? undefined : this.leaves.get(name)?.item);
  }

  private with(name: string, act: (item: vscode.TestItem) => void): void {
    const leaf = this.leaves.get(name);
    if (leaf !== undefined) act(leaf.item);
  }

  private messages(name: string, item: vscode.TestItem, captured: string): vscode.TestMessage[] {
    const failures = parseFailure(captured, name);
    if (failures.length === 0) {
      const message = new vscode.TestMessage(captured === "" ? "The test failed and said nothing." : captured);
      return [at(message, placeOf(item))];
    }
    return failures.map((failure) => this.message(failure, item));
  }

  private message(failure: Failure, item: vscode.TestItem): vscode.TestMessage {
    const { expected, actual } = failure;
    const message =
      expected === undefined || actual === undefined
        ? new vscode.TestMessage(failure.message)
        : vscode.TestMessage.diff(failure.message, expected, actual);
    at(message, this.location(failure, item));
    const frames = failure.frames.flatMap(({ name, place }) => {
      const found = place === undefined ? undefined : this.resolve(place);
      return found === undefined ? [] : [new vscode.TestMessageStackFrame(name, found.uri, found.range.start)];
    });
    if (frames.length > 0) message.stackTrace = frames;
    return message;
  }

  /** The panic's line, or the nearest caller's that is in a file at hand, or the test's. */
  private location(failure: Failure, item: vscode.TestItem): vscode.Location | undefined {
    const places = [failure.place, ...failure.frames.map((frame) => frame.place)];
    for (const place of places) {
      const location = place === undefined ? undefined : this.resolve(place);
      if (location !== undefined) return location;
    }
    return placeOf(item);
  }

  private resolve(place: SourceLocation): vscode.Location | undefined {
    const files = path.isAbsolute(place.file)
      ? [place.file]
      : this.folders.map((folder) => path.join(folder, place.file));
    const file = files.find((candidate) => fs.existsSync(candidate));
    if (file === undefined) return undefined;
    const position = new vscode.Position(Math.max(0, place.line - 1), Math.max(0, place.column - 1));
    return new vscode.Location(vscode.Uri.file(file), position);
  }

  /** The lines that announce panics are linked to their places, the rest to the test. */
  private appendCaptured(name: string, item: vscode.TestItem, captured: string): void {
    this.append(`---- ${name} ----\n`, undefined, item);
    const lines = captured.split("\n");
    let done = 0;
    for (const panic of parsePanics(lines)) {
      this.append(joined(lines.slice(done, panic.outputLine)), undefined, item);
      this.append(joined(lines.slice(panic.outputLine, panic.outputLine + 1)), this.resolve(panic.place), item);
      done = panic.outputLine + 1;
    }
    this.append(joined(lines.slice(done)), undefined, item);
  }

  private append(text: string, location: vscode.Location | undefined, item: vscode.TestItem | undefined): void {
    if (text !== "") this.run.appendOutput(text.replace(/\r?\n/g, "\r\n"), location, item);
  }
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function placeOf(item: vscode.TestItem): vscode.Location | undefined {
  const { uri } = item;
  return uri === undefined ? undefined : new vscode.Location(uri, item.range ?? new vscode.Position(0, 0));
}

function at(message: vscode.TestMessage, location: vscode.Location | undefined): vscode.TestMessage {
  if (location !== undefined) message.location = location;
  return message;
}
