/** `cranefly status`, `cranefly stop` and `cranefly clean`. */
import * as fs from "node:fs";
import * as path from "node:path";
import { loadMetadata } from "../core/cargo.js";
import { Engine, findEngine } from "../core/engine.js";
import { withLock } from "../core/lock.js";
import { Layout } from "../core/layout.js";
import { findToolchain } from "../core/toolchain.js";
import { BUNDLE_DIRECTORY } from "./session.js";

async function openEngine(): Promise<Engine> {
  const toolchain = await findToolchain(process.cwd(), process.env);
  return Engine.for(findEngine(process.env, BUNDLE_DIRECTORY), toolchain, process.env);
}

export async function statusCommand(options: { json?: boolean }): Promise<void> {
  const engine = await openEngine();
  if (!(await engine.isRunning())) {
    process.stdout.write(
      options.json === true ? `${JSON.stringify({ running: false })}\n` : "the engine is not running\n",
    );
    return;
  }
  const status = await engine.status();
  engine.close();
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ running: true, ...status })}\n`);
    return;
  }
  const lines = [
    `engine ${status.version}, pid ${status.pid}, up ${(status.uptimeMs / 1000).toFixed(0)} s`,
    `toolchain ${status.toolchain}`,
    `memory ${JSON.stringify(status.memory)}`,
    ...status.programs.map((program) => `program ${JSON.stringify(program)}`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

export async function stopCommand(): Promise<void> {
  const engine = await openEngine();
  const stopped = await engine.shutdown();
  process.stdout.write(stopped ? "the engine has ended\n" : "the engine was not running\n");
}

/** Removes `target/cranefly`, and what the engine keeps of it. */
export async function cleanCommand(place: string | undefined, options: { manifestPath?: string }): Promise<void> {
  const cwd = process.cwd();
  const manifestPath = options.manifestPath ?? (place === undefined ? undefined : path.resolve(place, "Cargo.toml"));
  const metadata = await loadMetadata({ cwd, manifestPath, global: [] }, [], process.env);
  const layout = new Layout(path.join(metadata.target_directory, "cranefly"));
  if (!fs.existsSync(layout.root)) return;
  const engine = await openEngine();
  if (await engine.isRunning()) await engine.evict(layout.root);
  engine.close();
  const onWait = (pid: number): void => void process.stderr.write(`waiting for another cranefly (pid ${pid})\n`);
  await withLock(layout.lock, onWait, undefined, async () => {
    await fs.promises.rm(layout.root, { recursive: true, force: true });
  });
  process.stderr.write(`     Removed ${layout.root}\n`);
}
