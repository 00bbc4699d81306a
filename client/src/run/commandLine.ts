/** Command lines as text, and the process that a terminal starts for a program. Pure. */
import type { ProgramCommand } from "../../../shared/src/lsp.js";

/** A process for a terminal: no shell interprets its arguments. */
export interface TerminalProcess {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The process that prints `notice`, one line, and runs the program, by the script `launcher` (bin/cranefly-terminal). A
 * terminal cannot remove variables from the environment that it inherits: `env -u` does.
 */
export function terminalProcess(launcher: string, command: ProgramCommand, notice: string): TerminalProcess {
  const removed = Object.entries(command.env).flatMap(([name, value]) => (value === null ? ["-u", name] : []));
  const argv = removed.length === 0 ? command.argv : ["/usr/bin/env", ...removed, ...command.argv];
  return {
    file: "/bin/sh",
    args: [launcher, dim(oneLine(notice)), ...argv],
    cwd: command.cwd,
    env: present(command.env),
  };
}

/** A line for a POSIX shell that does the same as the editor: from the same directory, with the same environment. */
export function shellLine(command: ProgramCommand): string {
  const entries = Object.entries(command.env);
  const changes = [
    ...entries.flatMap(([name, value]) => (value === null ? [`-u ${quote(name)}`] : [])),
    ...entries.flatMap(([name, value]) => (value === null ? [] : [quote(`${name}=${value}`)])),
  ];
  const program = command.argv.map(quote).join(" ");
  const environment = changes.length === 0 ? "" : `env ${changes.join(" ")} `;
  return `cd ${quote(command.cwd)} && ${environment}${program}`;
}

/** Arguments as one text that `splitArguments` reads back. */
export function joinArguments(args: readonly string[]): string {
  return args.map(quote).join(" ");
}

/** A quotation mark that has no partner, or a backslash at the end. The message is for the user. */
export class UnbalancedQuotes extends Error {
  override readonly name = "UnbalancedQuotes";
}

/**
 * Splits text into arguments as a POSIX shell does: white space separates, single quotes keep everything, double quotes
 * keep all but `\"`, `\\`, `\$`, `` \` ``, a backslash keeps the next character. Nothing is expanded.
 */
export function splitArguments(text: string): string[] {
  const args: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (/\s/.test(character)) {
      if (word !== undefined) {
        args.push(word);
        word = undefined;
      }
      at += 1;
      continue;
    }
    const piece = readPiece(text, at);
    word = (word ?? "") + piece.text;
    at = piece.end;
  }
  return word === undefined ? args : [...args, word];
}

interface Piece {
  readonly text: string;
  readonly end: number;
}

function readPiece(text: string, at: number): Piece {
  switch (text.charAt(at)) {
    case "'": {
      const close = text.indexOf("'", at + 1);
      if (close < 0) {
        throw new UnbalancedQuotes("A single quotation mark is not closed.");
      }
      return { text: text.slice(at + 1, close), end: close + 1 };
    }
    case '"':
      return readDoubleQuoted(text, at + 1);
    case "\\":
      if (at + 1 >= text.length) {
        throw new UnbalancedQuotes("A backslash stands at the end.");
      }
      return { text: text.charAt(at + 1), end: at + 2 };
    default:
      return { text: text.charAt(at), end: at + 1 };
  }
}

function readDoubleQuoted(text: string, start: number): Piece {
  let content = "";
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') {
      return { text: content, end: at + 1 };
    }
    if (character === "\\" && '"\\$`'.includes(text.charAt(at + 1)) && at + 1 < text.length) {
      at += 1;
      content += text.charAt(at);
    } else {
      content += character;
    }
  }
  throw new UnbalancedQuotes("A double quotation mark is not closed.");
}

/** A word that a POSIX shell reads as `text`. */
export function quote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function present(env: ProgramCommand["env"]): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== null));
}

function dim(text: string): string {
  return `\u001b[2m${text}\u001b[0m`;
}

/** Control characters would let a message steer the terminal. */
function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f]+/g, " ");
}
