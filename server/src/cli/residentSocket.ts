/** The resident process (`resident.ts`) as other processes see it: where it listens, and how it begins and ends. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { socketDirectory } from "../core/engine/location.js";

/** The first argument of such a process. */
export const RESIDENT = "--answer-commands";

/** What it runs. */
export const CLI = path.join(__dirname, "cli.cjs");

/** Where it listens. Throws `Unsupported`. */
export function residentSocket(env: NodeJS.ProcessEnv): string {
  return path.join(socketDirectory(env), socketName() ?? "cli.sock");
}

/** Of the bundle's file, so that one that was replaced is asked no more. Undefined when it is gone. */
export function socketName(): string | undefined {
  const bundle = fs.statSync(CLI, { bigint: true, throwIfNoEntry: false });
  if (bundle === undefined) return undefined;
  const { dev, ino, mtimeNs } = bundle;
  return `cli-${dev.toString(16)}-${ino.toString(16)}-${mtimeNs.toString(16)}.sock`;
}

/** Starts one, unless there is one, or the user does not want any. Whatever goes wrong, the next command takes longer. */
export function startResident(env: NodeJS.ProcessEnv): void {
  try {
    if (env["CRANEFLY_RESIDENT"] === "off" || fs.existsSync(residentSocket(env))) return;
    const child = spawn(process.execPath, [CLI, RESIDENT], { cwd: "/", env, detached: true, stdio: "ignore" });
    child.once("error", () => undefined);
    child.unref();
  } catch {
    // So it is without.
  }
}

/** Asks the one that there may be to end. Gives whether there was one. */
export async function stopResident(env: NodeJS.ProcessEnv): Promise<boolean> {
  const socket = net.connect(residentSocket(env));
  return new Promise((resolve) => {
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.write(`${JSON.stringify({ stop: true })}\n`));
    socket.once("close", (hadError) => resolve(!hadError));
    socket.resume();
  });
}
