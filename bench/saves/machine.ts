/** What the numbers were measured on and with. */
import { execFileSync } from "node:child_process";
import * as os from "node:os";
import { repository } from "../workspace.js";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory: string;
  readonly kernel: string;
  readonly rustc: string;
  readonly cargo: string;
  /** Undefined where it is not installed. */
  readonly mold: string | undefined;
  readonly commit: string;
  readonly debugInfo: string;
  /** Before and behind the measurements: with others at work the numbers are worth little. */
  readonly load: readonly [string, string];
}

export function loadAverage(): string {
  return (os.loadavg()[0] ?? 0).toFixed(1);
}

export function describeMachine(given: Pick<Machine, "mold" | "debugInfo" | "load">): Machine {
  const ask = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { cwd: repository, encoding: "utf8" }).trim();
  return {
    cpu: os.cpus()[0]?.model ?? "unknown processor",
    cores: os.availableParallelism(),
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GB`,
    kernel: os.release(),
    rustc: ask("rustc", "--version"),
    cargo: ask("cargo", "--version"),
    commit: ask("git", "describe", "--always", "--dirty"),
    ...given,
  };
}
