/**
 * What a failed test's output says: the panic's message and place, both sides of a failed `assert_eq!`, the stack.
 *
 * Both shapes of panics are read: that of Rust 1.73 and later ("panicked at src/lib.rs:1:2:", the message below), and the one
 * before it ("panicked at 'message', src/lib.rs:1:2"). Nothing here is exact science, since a test may print the same; what is
 * not understood is shown as it is.
 */

/** A place as rustc names it: relative to the workspace, or absolute. Line and column count from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Frame {
  readonly name: string;
  readonly place: SourceLocation | undefined;
}

export interface Panic {
  readonly thread: string;
  readonly message: string;
  readonly place: SourceLocation;
  /** The right and the left side of `assert_eq!`, as `Debug` shows them. */
  readonly expected: string | undefined;
  readonly actual: string | undefined;
  /** With RUST_BACKTRACE: innermost first. */
  readonly frames: readonly Frame[];
  /** The line of the output in which it is announced, from 0. */
  readonly outputLine: number;
}

export interface Failure {
  readonly message: string;
  readonly place: SourceLocation | undefined;
  readonly expected: string | undefined;
  readonly actual: string | undefined;
  readonly frames: readonly Frame[];
}

const PANIC = /^thread '(.*)'(?: \(\d+\))? panicked at (.*)$/;
const PLACE = /^(.+?):(\d+):(\d+)(:?)$/;
const OLD_END = /^(.*)', (.+?):(\d+):(\d+)$/;
const END_OF_MESSAGE =
  /^(note: run with `RUST_BACKTRACE|stack backtrace:$|note: panic did not contain expected string|thread '.*'(?: \(\d+\))? panicked at )/;
const NOT_PANICKED = /^note: test did not panic as expected(?: at (.+):(\d+):(\d+))?$/;
const WRONG_PANIC = /^note: panic did not contain expected string$/;
// eslint-disable-next-line no-control-regex -- colours
const COLOURS = /\u001b\[[\d;]*m/g;

/** Why a test failed, the first of its failures foremost. `name` is the test's, which is that of its thread. */
export function parseFailure(output: string, name: string): Failure[] {
  const text = output.replace(COLOURS, "");
  const lines = text.split("\n");
  const panics = parsePanics(lines);
  const own = panics.findLast((panic) => panic.thread === name) ?? panics.at(-1);
  const others = panics.filter((panic) => panic !== own);
  const expectation = parseExpectation(lines, own);
  if (expectation !== undefined) return [expectation];
  if (own !== undefined) return [own, ...others].map(toFailure);
  const returned = lines.findLast((line) => line.startsWith("Error: "));
  return returned === undefined ? [] : [plain(text.slice(text.lastIndexOf(returned)), undefined)];
}

function toFailure(panic: Panic): Failure {
  const { message, place, expected, actual, frames } = panic;
  return { message, place, expected, actual, frames };
}

function plain(message: string, place: SourceLocation | undefined): Failure {
  return { message, place, expected: undefined, actual: undefined, frames: [] };
}

/** `#[should_panic]` that did not, or did with other words. */
function parseExpectation(lines: readonly string[], own: Panic | undefined): Failure | undefined {
  const missing = lines.map((line) => NOT_PANICKED.exec(line)).findLast((match) => match !== null);
  if (missing !== undefined) {
    return plain("the test did not panic as expected", toPlace(missing[1], missing[2], missing[3]));
  }
  const at = lines.findLastIndex((line) => WRONG_PANIC.test(line));
  if (at < 0) return undefined;
  const value = (label: RegExp): string | undefined =>
    lines.slice(at + 1, at + 5).flatMap((line) => label.exec(line)?.[1] ?? [])[0];
  const actual = value(/^ *panic message: `?(.*?)`?,?$/);
  const expected = value(/^ *expected substring: `?(.*?)`?$/);
  const message = "the panic's message did not contain the expected string";
  return { message, place: own?.place, expected, actual, frames: own?.frames ?? [] };
}

/** All panics that an output announces, in its order. */
export function parsePanics(lines: readonly string[]): Panic[] {
  return lines.flatMap((line, index) => {
    const match = PANIC.exec(line);
    if (match === null) return [];
    const [, thread = "", rest = ""] = match;
    const place = PLACE.exec(rest);
    const panic = place?.[4] === ":" ? newStyle(lines, index, place) : oldStyle(lines, index, rest);
    if (panic === undefined) return [];
    return [{ thread, ...panic, ...sides(panic.message), frames: parseFrames(lines, panic.end), outputLine: index }];
  });
}

interface Raw {
  readonly message: string;
  readonly place: SourceLocation;
  /** The line after the message. */
  readonly end: number;
}

function newStyle(lines: readonly string[], index: number, match: RegExpExecArray): Raw | undefined {
  const place = toPlace(match[1], match[2], match[3]);
  if (place === undefined) return undefined;
  let end = index + 1;
  while (end < lines.length && !END_OF_MESSAGE.test(lines[end] ?? "")) end++;
  return {
    message: lines
      .slice(index + 1, end)
      .join("\n")
      .trimEnd(),
    place,
    end,
  };
}

function oldStyle(lines: readonly string[], index: number, first: string): Raw | undefined {
  if (!first.startsWith("'")) return undefined;
  const message = [first.slice(1)];
  for (let at = index; ;) {
    const match = OLD_END.exec(message.at(-1) ?? "");
    if (match !== null) {
      message[message.length - 1] = match[1] ?? "";
      const place = toPlace(match[2], match[3], match[4]);
      return place === undefined ? undefined : { message: message.join("\n"), place, end: at + 1 };
    }
    const line = lines[++at];
    if (line === undefined || END_OF_MESSAGE.test(line)) return undefined;
    message.push(line);
  }
}

/** Both sides of `assert_eq!` and its kin. Those of `assert_ne!` are equal, so there is nothing to compare. */
function sides(message: string): { expected: string | undefined; actual: string | undefined } {
  const none = { expected: undefined, actual: undefined };
  const now = /^assertion `left (==|matches) right` failed(?::[^]*?)?\n {2}left: ([^]*?)\n right: ([^]*)$/.exec(
    message,
  );
  if (now !== null) return { actual: now[2], expected: now[3] };
  const old = /^assertion failed: `\(left == right\)`\n {2}left: `([^]*?)`,\n right: `([^]*?)`(?:: [^]*)?$/.exec(
    message,
  );
  return old === null ? none : { actual: old[1], expected: old[2] };
}

/** The frames below "stack backtrace:", where the message ends. */
function parseFrames(lines: readonly string[], from: number): Frame[] {
  if (lines[from] !== "stack backtrace:") return [];
  const frames: { name: string; place: SourceLocation | undefined }[] = [];
  for (const line of lines.slice(from + 1)) {
    const name = /^ *\d+: +(?:0x[\da-f]+ - )?(.+)$/.exec(line)?.[1];
    const at = /^ +at (.+?):(\d+)(?::(\d+))?$/.exec(line);
    const last = frames.at(-1);
    if (name !== undefined) frames.push({ name, place: undefined });
    else if (at !== null && last !== undefined) last.place = toPlace(at[1], at[2], at[3] ?? "1");
    else break;
  }
  return frames;
}

function toPlace(
  file: string | undefined,
  line: string | undefined,
  column: string | undefined,
): SourceLocation | undefined {
  if (file === undefined || line === undefined) return undefined;
  return { file: file.replace(/^\.\//, ""), line: Number(line), column: Number(column ?? 1) };
}
