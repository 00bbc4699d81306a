/**
 * Who a command is run for: the user of this process, or of another one, which has asked the resident process (`resident.ts`). What a command
 * finds out about its user, and says to him, goes through this.
 */
import { isatty } from "node:tty";
import type { SharedSources } from "../core/source/sourceCache.js";
import { type Shell, finishWith, thisShell, userEnvironment } from "./startScript.js";
import { writeAll } from "./terminal.js";

export interface Caller {
  readonly cwd: string;
  /** As the user has given it. */
  readonly env: NodeJS.ProcessEnv;
  /** What becomes the program. */
  readonly shell: Shell;
  /** Whether cargo may be run. Without a terminal of the user's it might ask him something in vain; then `NeedsCargo` is thrown. */
  readonly mayAskCargo: boolean;
  /** Aborts when the user does not want the result any more. */
  readonly signal?: AbortSignal;
  /** Sources that were parsed for commands before. */
  readonly sources?: SharedSources;
  readonly hasTerminal: (descriptor: 1 | 2) => boolean;
  readonly write: (descriptor: 1 | 2, text: string) => void;
  /** Lets a script be the rest of the command. */
  readonly finishWith: (script: string) => Promise<void>;
  /** The exit code, unless a script is the rest. */
  readonly endWith: (code: number) => void;
}

/** This process's user. */
export function ownCaller(): Caller {
  return {
    cwd: process.cwd(),
    env: userEnvironment(),
    shell: thisShell(),
    mayAskCargo: true,
    hasTerminal: isatty,
    write: writeAll,
    finishWith,
    endWith: (code) => void (process.exitCode = code),
  };
}
