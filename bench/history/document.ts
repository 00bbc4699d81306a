/** Replayed histories as a section of docs/benchmarks.md. */
import { summarize } from "../saves/statistics.js";
import { KINDS } from "./kinds.js";
import type { Results, Row } from "./results.js";

/** How many reasons are listed. */
const MOST_REASONS = 12;

export function sectionOf(all: readonly Results[]): string {
  return all.flatMap(tables).join("\n");
}

function tables(results: Results): string[] {
  const { name, mode, head, targets, machine, commits } = results;
  const rows = commits.flatMap((commit) => commit.rows);
  const sum = (of: (commit: (typeof commits)[number]) => number): number =>
    commits.reduce((all, it) => all + of(it), 0);
  const fast = rows.filter(isFast);
  const ratios = ratiosOf(rows);
  const sampled = rows.flatMap(({ ms, cargoMs }) => (cargoMs === null ? [] : ms / cargoMs));
  const diverged = sum((commit) => commit.diverged.length);
  const left = commits.filter(({ isLeftOut }) => isLeftOut).length;
  const what = mode === "files" ? "changed file" : "changed place in a file";
  return [
    `### ${name}: ${commits.length - left} commits up to ${head.slice(0, 8)}, each ${what} a save`,
    "",
    `${machine} Built: \`${["cargo build", ...targets].join(" ")}\`.`,
    "",
    (left === 0
      ? ""
      : `${left} more commits are left out, since what is before them does not build with this toolchain. `) +
      `${rows.length} saves after which it compiles; ${sum(({ broken }) => broken)} more did not compile by themselves and count with what follows them, ` +
      `and ${sum(({ unseen }) => unseen)} were of files that this build does not read. **${percent(fast.length, rows.length)}** took the fast lane ` +
      `(${fast.filter(({ lane }) => lane === "nothing").length} with nothing to compile). Save → runnable in parts of \`cargo build\`'s time, ` +
      `taken from the same package's saves that cargo built as well: median **${ratio(median(ratios))}**, mean **${ratio(mean(ratios))}**; of the ${sampled.length} ` +
      `saves that cargo built, each by its own time: median ${ratio(median(sampled))}, mean ${ratio(mean(sampled))}. The lanes differed in ${diverged} functions.`,
    "",
    "| Kind of edit | Saves | share | nothing to compile | body lane | crate lane | cargo lane | cargo instead | fast | median, ms | of cargo |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...KINDS.flatMap((kind) => rowOfKind(kind, rows)),
    rowOfKind("all", rows).join(""),
    "",
    "| Not the fast lane because | Saves | share | median, ms |",
    "| --- | ---: | ---: | ---: |",
    ...reasons(rows),
    "",
  ];
}

function isFast({ lane }: Row): boolean {
  return lane === "nothing" || lane === "body";
}

function rowOfKind(kind: Row["kind"] | "all", rows: readonly Row[]): string[] {
  const own = kind === "all" ? rows : rows.filter((row) => row.kind === kind);
  if (own.length === 0) return [];
  const lanes = (["nothing", "body", "crate", "cargo", "fallback"] as const).map(
    (lane) => own.filter((row) => row.lane === lane).length,
  );
  const ofCargo = ratiosOf(rows, own);
  const cells = [
    own.length,
    percent(own.length, rows.length),
    ...lanes,
    percent(own.filter(isFast).length, own.length),
    time(median(own.map(({ ms }) => ms))),
    ratio(median(ofCargo)),
  ];
  return [`| ${kind} | ${cells.join(" | ")} |`];
}

function reasons(rows: readonly Row[]): string[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows.filter((it) => !isFast(it)))
    groups.set(row.reason ?? "", [...(groups.get(row.reason ?? "") ?? []), row]);
  const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length);
  const line = ([reason, own]: readonly [string, readonly Row[]]): string =>
    `| ${reason} | ${own.length} | ${percent(own.length, rows.length)} | ${time(median(own.map(({ ms }) => ms)))} |`;
  const others = sorted.slice(MOST_REASONS).flatMap(([, own]) => own);
  return [...sorted.slice(0, MOST_REASONS).map(line), ...(others.length > 0 ? [line(["others", others])] : [])];
}

/** Each save's time in parts of cargo's: its own where it was measured, else the median of its package's, or of all. */
export function ratiosOf(all: readonly Row[], of: readonly Row[] = all): number[] {
  const measured = (rows: readonly Row[]): number[] => rows.flatMap(({ cargoMs }) => cargoMs ?? []);
  const overall = median(measured(all));
  return of.flatMap((row) => {
    const own = median(measured(all.filter((other) => other.package === row.package)));
    const cargo = row.cargoMs ?? own ?? overall;
    return cargo === undefined ? [] : row.ms / cargo;
  });
}

function median(values: readonly number[]): number | undefined {
  return summarize(values)?.median;
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "–" : `${Math.round((100 * part) / whole)}%`;
}

function ratio(value: number | undefined): string {
  return value === undefined ? "–" : value.toFixed(2);
}

function time(ms: number | undefined): string {
  return ms === undefined ? "–" : String(Math.round(ms));
}
