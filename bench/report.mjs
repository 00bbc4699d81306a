// Criterion's results as a table. Takes the folder that criterion wrote, gives Markdown; runs nothing.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";

/** A ratio to LLVM -O0 is against the whole of what rustc has LLVM do: reading a unit and compiling it. */
const LLVM = ["program/llvm-parse", "program/llvm-compile"];
const ENGINE = ["open", "parse", "hash", "translate", "compile"].map((name) => `program/${name}`);

/**
 * Microseconds a function of every sample of every benchmark.
 *
 * @param {string} home criterion's folder
 * @returns {Map<string, number[]>} by `group/name`
 */
export function readRound(home) {
  const results = new Map();
  for (const group of readdirSync(home)) {
    for (const name of readdirSync(path.join(home, group))) {
      const folder = path.join(home, group, name, "new");
      if (!existsSync(path.join(folder, "sample.json"))) continue;
      const read = (file) => JSON.parse(readFileSync(path.join(folder, file), "utf8"));
      const { times, iters } = read("sample.json");
      const { throughput } = read("benchmark.json");
      // Criterion counts nanoseconds.
      results.set(
        `${group}/${name}`,
        times.map((time, index) => time / iters[index] / throughput.Elements / 1000),
      );
    }
  }
  return results;
}

/** The value below which the given share of the sorted `numbers` lies, interpolated. */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/**
 * One row a benchmark: median, quartiles, and the ratio to LLVM -O0.
 *
 * @param {Map<string, number[]>[]} rounds
 */
export function table(rounds) {
  const samples = (name) => rounds.flatMap((round) => round.get(name) ?? []);
  const median = (name) => quantile(samples(name), 0.5);
  const sum = (names) => names.reduce((total, name) => total + median(name), 0);
  const llvm = sum(LLVM);
  const ratio = (value) => (Number.isFinite(value / llvm) ? (value / llvm).toFixed(2) : "");
  const number = (value) => value.toFixed(value < 10 ? 2 : 1);
  const names = [...new Set(rounds.flatMap((round) => [...round.keys()]))];
  const order = (name) => (name.startsWith("program/") ? 0 : 1);
  const rows = names
    .sort((a, b) => order(a) - order(b) || a.localeCompare(b))
    .map((name) => {
      const all = samples(name);
      const spread = `${number(quantile(all, 0.25))} – ${number(quantile(all, 0.75))}`;
      return [name, number(median(name)), spread, order(name) === 0 ? ratio(median(name)) : "", String(all.length)];
    });
  const total = (label, parts) => {
    if (parts.every((name) => names.includes(name))) rows.push([label, number(sum(parts)), "", ratio(sum(parts)), ""]);
  };
  total("sum: engine", ENGINE);
  total("sum: LLVM -O0", LLVM);
  const head = ["Benchmark", "µs a function, median", "quartiles", "of LLVM -O0", "samples"];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
