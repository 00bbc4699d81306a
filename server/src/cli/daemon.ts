/** `cranefly status`, `cranefly stop` and `cranefly clean`. */
import * as fs from "node:fs";
import * as path from "node:path";
import { loadMetadata } from "../core/cargo/cargo.js";
import { configuredRustc } from "../core/cargo/config.js";
import { Engine } from "../core/engine/client.js";
import { findEngine } from "../core/engine/location.js";
import { endFollower, followerEnded } from "../core/support/follower.js";
import { withLock } from "../core/support/lock.js";
import { Layout } from "../core/support/layout.js";
import { findToolchain } from "../core/units/toolchain.js";
import { stopResident } from "./residentSocket.js";
import { BUNDLE_DIRECTORY } from "./session.js";
import { writeAll } from "./terminal.js";

async function openEngine(): Promise<Engine> {
  const place = { cwd: process.cwd(), env: process.env, args: [] };
  const toolchain = await findToolchain(place.cwd, place.env, undefined, configuredRustc(place));
  return Engine.for(findEngine(process.env, BUNDLE_DIRECTORY), toolchain, process.env);
}

export async function statusCommand(options: { json?: boolean }): Promise<void> {
  const engine = await openEngine();
  if (!(await engine.isRunning())) {
    writeAll(1, options.json === true ? `${JSON.stringify({ running: false })}\n` : "the engine is not running\n");
    return;
  }
  const status = await engine.status().finally(() => engine.close());
  if (options.json === true) {
    writeAll(1, `${JSON.stringify({ running: true, ...status })}\n`);
    return;
  }
  const { memory } = status;
  const lines = [
    `engine ${status.version}, pid ${status.pid}, up ${duration(status.uptimeMs)}`,
    `toolchain ${status.toolchain}`,
    `memory ${size(memory.rssBytes)}, of it ${memory.cacheFunctions} functions in store with ${size(memory.cacheBytes)}`,
    `images ${size(memory.imageBytes)}`,
    `first calls ${memory.firstCalls}`,
    ...status.programs.map(
      ({ program, workspace, generation, functions, imageBytes }) =>
        `program ${program} in ${workspace}: generation ${generation}, ${functions} functions, ${size(imageBytes)}`,
    ),
  ];
  writeAll(1, `${lines.join("\n")}\n`);
}

function size(bytes: number): string {
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes === 0) return `${(ms / 1000).toFixed(0)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export async function stopCommand(): Promise<void> {
  await stopResident(process.env);
  const engine = await openEngine();
  const stopped = await engine.shutdown();
  writeAll(1, stopped ? "the engine has ended\n" : "the engine was not running\n");
}

/** Removes `target/cranefly`, and what the engine keeps of it. */
export async function cleanCommand(place: string | undefined, options: { manifestPath?: string }): Promise<void> {
  const cwd = process.cwd();
  const manifestPath = options.manifestPath ?? (place === undefined ? undefined : path.resolve(place, "Cargo.toml"));
  const metadata = await loadMetadata({ cwd, manifestPath, global: [] }, [], process.env);
  const layout = new Layout(path.join(metadata.target_directory, "cranefly"));
  if (!fs.existsSync(layout.root)) return;
  const engine = await openEngine();
  const onWait = (pid: number): void => {
    // What that one makes is to be removed as well.
    if (!endFollower(layout, pid)) writeAll(2, `waiting for another cranefly (pid ${pid})\n`);
  };
  endFollower(layout);
  try {
    await withLock(layout.lock, onWait, undefined, async () => {
      // Nobody publishes now what was evicted.
      if (await engine.isRunning()) await engine.evict(layout.root);
      // Who followed a command may take a moment to end, and so do its compilers: until then there are new files.
      await followerEnded(layout);
      await fs.promises.rm(layout.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    });
  } finally {
    // A process with an open connection does not end.
    engine.close();
  }
  writeAll(2, `     Removed ${layout.root}\n`);
}
