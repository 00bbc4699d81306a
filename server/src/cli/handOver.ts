/** Commands that are cargo's: it gets the command line as it is. */
import { spawnSync } from "node:child_process";
import { cargoProgram } from "../core/cargo/cargo.js";
import { execScript, finishWith, userEnvironment } from "./startScript.js";
import { writeAll } from "./terminal.js";

/** `why`: what cargo does here that Cranefly does not; undefined where cargo alone has something to say. */
export async function handOver(argv: readonly string[], why?: string): Promise<void> {
  const env = userEnvironment();
  if (why !== undefined) writeAll(2, `cranefly: ${why} by cargo: cargo ${argv.join(" ")}\n`);
  await finishWith(execScript({ argv: [cargoProgram(env), ...argv], cwd: process.cwd(), env }));
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
