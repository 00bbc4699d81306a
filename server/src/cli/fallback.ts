/** The way out when Cranefly cannot: the same command, by cargo (or rustc) itself. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type CargoSelection, type FileSelection, type Selection, cargoArguments } from "../core/cargo/selection.js";
import { shellQuote } from "../core/support/shell.js";
import { cargoProgram } from "../core/cargo/cargo.js";
import { execScript } from "./startScript.js";
import type { Terminal } from "./terminal.js";

/** Says why, and gives a script that does it natively. `flags`: of the command alone; `args`: for the program or the tests. */
export function fallBack(
  terminal: Terminal,
  reason: string,
  selection: Selection,
  flags: readonly string[],
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): string {
  const command =
    selection.kind === "file"
      ? compileCommand(selection, env)
      : ["cargo", ...cargoCommand(terminal, selection, flags, args)];
  terminal.error(reason);
  terminal.error(`falling back to: ${command.join(" ")}`);
  return nativeScript(terminal, selection, flags, args, env);
}

/** The same, without a message. */
export function nativeScript(
  terminal: Terminal,
  selection: Selection,
  flags: readonly string[],
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): string {
  if (selection.kind === "file") return fileScript(selection, args, env);
  const command = cargoCommand(terminal, selection, flags, args);
  return execScript({ argv: [cargoProgram(env), ...command], cwd: selection.cwd, env });
}

function cargoCommand(
  terminal: Terminal,
  selection: CargoSelection,
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

function compileCommand({ source, rustcArgs }: FileSelection, env: NodeJS.ProcessEnv): string[] {
  return [env["RUSTC"] ?? "rustc", source, ...rustcArgs];
}

function fileScript(selection: FileSelection, args: readonly string[], env: NodeJS.ProcessEnv): string {
  const { file, command, cwd } = selection;
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-native-"));
  const executable = path.join(directory, path.basename(file, ".rs"));
  const subshell = (argv: readonly string[]): string => `(\n${execScript({ argv, cwd, env })})`;
  const steps = [subshell([...compileCommand(selection, env), "-o", executable])];
  if (command !== "build") steps.push(subshell([executable, ...args]));
  return `${steps.join(" && ")}\nset -- $?\nrm -rf ${shellQuote(directory)}\nexit $1\n`;
}
