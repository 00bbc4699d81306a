/** Commands that are cargo's: it gets the command line as it is, but for what only this program takes. */
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { cargoProgram } from "../core/cargo/cargo.js";
import { takesValue } from "./cargoOptions.js";
import { isSourceOrPackage } from "./options.js";
import { execScript, finishWith, userEnvironment } from "./startScript.js";
import { writeAll } from "./terminal.js";

/** `why`: what cargo does here that Cranefly does not; undefined where cargo alone has something to say. */
export async function handOver(given: readonly string[], why?: string): Promise<void> {
  const env = userEnvironment();
  const argv = withoutOwn(given);
  if (why !== undefined) writeAll(2, `cranefly: ${why} by cargo: cargo ${argv.join(" ")}\n`);
  await finishWith(execScript({ argv: [cargoProgram(env), ...argv], cwd: process.cwd(), env }));
}

/** Without the option that means nothing to cargo. */
function withoutOwn(argv: readonly string[]): readonly string[] {
  const dashes = argv.indexOf("--");
  return argv.filter((arg, at) => arg !== "--no-body-lane" || (dashes >= 0 && at > dashes));
}

/**
 * A command line for cargo, whose commands take no folder: it becomes `--manifest-path`. `from`: where the arguments of the command
 * begin. Where they name a source file, which cargo builds as little, that file.
 */
export function asCargos(
  given: readonly string[],
  from: number,
  command: "run" | "build" | "test",
): { readonly argv: readonly string[] } | { readonly source: string } {
  const dashes = given.indexOf("--", from);
  for (let at = from; at < (dashes < 0 ? given.length : dashes); at++) {
    const arg = given[at] ?? "";
    if (arg.startsWith("-") || takesValue(given[at - 1] ?? "")) continue;
    if (isSourceOrPackage(arg, command === "test" ? "test" : "run", process.cwd())) {
      if (arg.endsWith(".rs")) return { source: arg };
      return { argv: given.toSpliced(at, 1, "--manifest-path", path.join(arg, "Cargo.toml")) };
    }
    // What follows is the program's.
    if (command === "run") break;
  }
  return { argv: given };
}

/** Whether unstable flags are no mistake. */
export function takesUnstable(): boolean {
  return /-(nightly|dev)\b/.test(ask("--version"));
}

/** Whether cargo has a command of that name. */
export function isCommand(name: string): boolean {
  const names = ask("--list")
    .split("\n")
    .map((line) => line.trim().split(/\s/)[0]);
  return names.includes(name);
}

function ask(question: string): string {
  const env = userEnvironment();
  const done = spawnSync(cargoProgram(env), [question], { env, encoding: "utf8" });
  return done.error === undefined ? done.stdout : "";
}
