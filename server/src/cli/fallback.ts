/** The way out when Cranefly cannot: the same command, by cargo (or rustc) itself. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Selection, cargoArguments, type SingleFile } from "../core/cargo/selection.js";
import { shellQuote } from "../core/support/shell.js";
import { cargoProgram } from "../core/cargo/cargo.js";
import { execScript } from "./startScript.js";
import type { Terminal } from "./terminal.js";

/** Says why, and gives a script that does it natively. `flags`: of the command alone; `args`: for the program or the tests. */
export function fallBack(
  terminal: Terminal,
  reason: string,
  selection: Selection,
  single: SingleFile | undefined,
  flags: readonly string[],
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): string {
  terminal.error(reason);
  if (single !== undefined) return singleScript(terminal, selection, single, args, env);
  const command = nativeCommand(terminal, selection, flags, args);
  terminal.error(`falling back to: cargo ${command.join(" ")}`);
  return execScript({ argv: [cargoProgram(env), ...command], cwd: selection.cwd, env });
}

/** The same without a word. */
export function nativeScript(
  terminal: Terminal,
  selection: Selection,
  flags: readonly string[],
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): string {
  const command = nativeCommand(terminal, selection, flags, args);
  return execScript({ argv: [cargoProgram(env), ...command], cwd: selection.cwd, env });
}

function nativeCommand(
  terminal: Terminal,
  selection: Selection,
  flags: readonly string[],
  args: readonly string[],
): string[] {
  const quiet = terminal.quiet ? ["--quiet"] : [];
  const passed = args.length > 0 && selection.command !== "build" ? ["--", ...args] : [];
  const { targetDirectory } = selection;
  const directory = targetDirectory === undefined ? [] : ["--target-dir", targetDirectory];
  const format = selection.hasShortMessages === true ? ["--message-format", "short"] : [];
  return [selection.command, ...quiet, ...cargoArguments(selection), ...directory, ...format, ...flags, ...passed];
}

function singleScript(
  terminal: Terminal,
  selection: Selection,
  single: SingleFile,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-native-"));
  const executable = path.join(directory, path.basename(single.file, ".rs"));
  const compile = [env["RUSTC"] ?? "rustc", single.source, ...single.rustcArgs];
  terminal.error(`falling back to: ${compile.join(" ")}`);
  const subshell = (argv: readonly string[]): string => `(\n${execScript({ argv, cwd: selection.cwd, env })})`;
  const steps = [subshell([...compile, "-o", executable])];
  if (selection.command !== "build") steps.push(subshell([executable, ...args]));
  return `${steps.join(" && ")}\nset -- $?\nrm -rf ${shellQuote(directory)}\nexit $1\n`;
}
