// Cargo with a word on how far it is: its own bar where there is a terminal, else a line every few seconds.
import { spawn, spawnSync } from "node:child_process";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { clearInterval, setInterval } from "node:timers";
import { mustRun, StepError } from "./run.mjs";

/** Between two lines, and before the first one: what is current takes cargo less. */
const intervalMs = 5000;
/** As long nothing is printed while nothing is done. */
const patienceMs = 15_000;

/**
 * Builds crates; nothing is printed when nothing has to be compiled.
 *
 * @param {string} what is built, for the lines
 * @param {string[]} args cargo's
 * @param {{ cwd: string, env: Record<string, string | undefined>, edges: string }} options `edges`: the kinds of dependencies that are
 *   compiled, as `cargo tree` names them
 */
export async function buildWithProgress(what, args, { cwd, env, edges }) {
  if (process.stdout.isTTY && process.stderr.isTTY) return mustRun("cargo", args, { cwd, env });

  const environment = { ...process.env, ...env };
  for (const [name, value] of Object.entries(environment)) if (value === undefined) delete environment[name];
  const format = ["--quiet", "--message-format=json-render-diagnostics"];
  const cargo = spawn("cargo", [...args, ...format], { cwd, env: environment, stdio: ["ignore", "pipe", "inherit"] });
  const exit = new Promise((resolve, reject) => {
    cargo.once("error", reject);
    cargo.once("exit", (code, signal) => resolve(code ?? signal));
  });

  const started = performance.now();
  const done = new Set();
  let total;
  let told = { crates: -1, at: 0 };
  const timer = setInterval(() => {
    // The last crates take long.
    if (told.crates === done.size && performance.now() - told.at < patienceMs) return;
    told = { crates: done.size, at: performance.now() };
    total ??= countCrates(cwd, environment, edges);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`compiling ${what}: ${done.size} of ${Math.max(total, done.size)} crates, ${seconds} s`);
  }, intervalMs);
  try {
    for await (const line of createInterface(cargo.stdout)) {
      const message = JSON.parse(line);
      if (message.reason === "compiler-artifact" && !message.target.kind.includes("custom-build")) {
        done.add(message.package_id);
      }
    }
    const code = await exit;
    if (code !== 0) throw new StepError(`\`cargo ${args.join(" ")}\` failed (${code})`);
  } finally {
    clearInterval(timer);
  }
}

function countCrates(cwd, env, edges) {
  const args = ["tree", "--workspace", "--locked", "--edges", edges, "--prefix", "none", "--format", "{p}"];
  const { stdout } = spawnSync("cargo", args, { cwd, env, encoding: "utf8" });
  const crates = (stdout ?? "").split("\n").map((line) => line.replace(/ \(\*\)$/, ""));
  return new Set(crates.filter((line) => line !== "")).size;
}
