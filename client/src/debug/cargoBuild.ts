/** Building a target with cargo, with the debug information that Cranefly leaves out, and finding its executable. */
import { spawn } from "node:child_process";
import * as readline from "node:readline";
import type { ProgramCommand } from "../../../shared/src/lsp.js";
import { programEnvironment } from "../programEnvironment.js";

/** cargo failed; the message is for the user. */
export class CargoBuildFailed extends Error {
  override readonly name = "CargoBuildFailed";
}

/** The command that builds what `command` (`cargo run`, `test` or `bench`) would run. */
export function buildCommand(command: ProgramCommand): ProgramCommand {
  const [cargo = "cargo", subcommand = "run", ...rest] = command.argv;
  const end = rest.indexOf("--");
  const selection = end < 0 ? rest : rest.slice(0, end);
  const build = subcommand === "run" ? ["build"] : [subcommand, "--no-run"];
  return { ...command, argv: [cargo, ...build, ...selection, "--message-format=json-render-diagnostics"] };
}

/** The arguments of the program itself in a cargo command. */
export function programArguments(command: ProgramCommand): readonly string[] {
  const end = command.argv.indexOf("--");
  return end < 0 ? [] : command.argv.slice(end + 1);
}

/**
 * Runs a `buildCommand` and gives the executable that cargo names last, which is that of the target. Throws
 * `CargoBuildFailed`, also when `signal` ends it.
 */
export async function buildWithCargo(
  command: ProgramCommand,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const [program = "cargo", ...args] = command.argv;
  const env = programEnvironment(process.env, command.env);
  const child = spawn(program, args, { cwd: command.cwd, env, stdio: ["ignore", "pipe", "pipe"], signal });
  let executable: string | undefined;
  readline
    .createInterface({ input: child.stdout })
    .on("line", (line) => (executable = executableOf(line) ?? executable));
  readline.createInterface({ input: child.stderr }).on("line", onLine);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => reject(new CargoBuildFailed(`cargo could not be run: ${error.message}`)));
    child.once("close", resolve);
  });
  if (code !== 0) throw new CargoBuildFailed("cargo could not build the program: its messages are in the log");
  if (executable === undefined) throw new CargoBuildFailed("cargo built no executable");
  return executable;
}

/** The executable that a line of cargo's JSON names. */
export function executableOf(line: string): string | undefined {
  if (!line.startsWith("{")) return undefined;
  const message: unknown = JSON.parse(line);
  if (typeof message !== "object" || message === null || !("executable" in message)) return undefined;
  return typeof message.executable === "string" ? message.executable : undefined;
}
