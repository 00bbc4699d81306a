/** A program to debug, in the words of each debug adapter. Knows nothing of VS Code. */
import type { ProgramCommand } from "../../../shared/src/lsp.js";
import { STEP_INTO_COMMAND } from "./stepInto.js";
import type { Formatters } from "./toolchain.js";

export type AdapterKind = "lldb-dap" | "codelldb";

/** What to start under a debugger. */
export interface DebugProgram {
  readonly executable: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Changes to the editor's environment; null removes. */
  readonly env: ProgramCommand["env"];
  /** It is Cranefly's: its calls go through slots. */
  readonly hasSlots: boolean;
}

/** What the user may add in launch.json. */
export interface DebugExtras {
  readonly stopOnEntry?: boolean;
  readonly runInTerminal?: boolean;
  readonly initCommands?: readonly string[];
}

/**
 * The program of a command: its executable, and the arguments behind it. A runner that cargo has configured starts the program
 * in its own way, and is left out.
 */
export function programOf(command: ProgramCommand, executable: string): DebugProgram {
  const at = command.argv.indexOf(executable);
  return {
    executable,
    args: command.argv.slice(Math.max(at, 0) + 1),
    cwd: command.cwd,
    env: command.env,
    hasSlots: true,
  };
}

/** The fields of a `launch` request to lldb-dap (its `package.json` in the LLVM sources lists them). */
export function lldbDapArguments(
  program: DebugProgram,
  formatters: Formatters,
  extras: DebugExtras = {},
): Record<string, unknown> {
  return {
    program: program.executable,
    args: program.args,
    cwd: program.cwd,
    // Older ones take nothing but this form. What is to be removed is not in the adapter's own environment.
    env: Object.entries(program.env).flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`])),
    stopOnEntry: extras.stopOnEntry ?? false,
    runInTerminal: extras.runInTerminal ?? false,
    initCommands: [
      ...formatters.commands,
      ...(program.hasSlots ? [STEP_INTO_COMMAND] : []),
      ...(extras.initCommands ?? []),
    ],
    // (An empty one is an error to lldb-dap.)
    ...(formatters.sourceMap.length > 0 ? { sourceMap: formatters.sourceMap.map(([from, to]) => [from, to]) } : {}),
  };
}

/** The fields of a launch configuration of CodeLLDB's type `lldb`, which brings formatters of its own. */
export function codeLldbArguments(
  program: DebugProgram,
  formatters: Formatters,
  extras: DebugExtras = {},
): Record<string, unknown> {
  return {
    program: program.executable,
    args: program.args,
    cwd: program.cwd,
    env: Object.fromEntries(Object.entries(program.env).filter(([, value]) => value !== null)),
    stopOnEntry: extras.stopOnEntry ?? false,
    terminal: extras.runInTerminal === true ? "integrated" : "console",
    initCommands: extras.initCommands ?? [],
    sourceMap: Object.fromEntries(formatters.sourceMap),
    sourceLanguages: ["rust"],
  };
}
