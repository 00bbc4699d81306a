/** The way out when Cranefly cannot: the same command, by cargo (or rustc) itself. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Selection, cargoArguments } from "../core/selection.js";
import type { SingleFile } from "../core/workspace.js";
import { cargoProgram } from "../core/cargo.js";
import { type Outcome, startCommand } from "./start.js";
import type { Terminal } from "./terminal.js";

/** Says why, and does it natively. `args`: for the program or the tests. */
export async function fallBack(
  terminal: Terminal,
  reason: string,
  selection: Selection,
  single: SingleFile | undefined,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Outcome> {
  terminal.error(reason);
  if (single !== undefined) return runSingle(terminal, selection, single, args, env);
  const quiet = terminal.quiet ? ["--quiet"] : [];
  const passed = args.length > 0 && selection.command !== "build" ? ["--", ...args] : [];
  const command = [selection.command, ...quiet, ...cargoArguments(selection), ...passed];
  terminal.error(`falling back to: cargo ${command.join(" ")}`);
  return startCommand([cargoProgram(env)], command, selection.cwd, env).outcome;
}

async function runSingle(
  terminal: Terminal,
  selection: Selection,
  single: SingleFile,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Outcome> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-native-"));
  try {
    const executable = path.join(directory, path.basename(single.file, ".rs"));
    const command = [single.file, ...single.rustcArgs, "-o", executable];
    terminal.error(`falling back to: rustc ${command.slice(0, -2).join(" ")}`);
    const compiled = await startCommand([env["RUSTC"] ?? "rustc"], command, selection.cwd, env).outcome;
    if (compiled.code !== 0 || selection.command === "build") return compiled;
    return await startCommand([executable], args, selection.cwd, env).outcome;
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}
