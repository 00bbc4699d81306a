/** The verdicts as text. */
import { passed, type Verdict } from "./check.js";

const heading = [
  "",
  "subject",
  "origin",
  "targets",
  "tests",
  "failing natively",
  "different",
  "to LLVM",
  "cargo",
  "cranefly",
];

/** A table with a line a subject, then the details of those that differ and the constructs that went to LLVM. */
export function table(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map((v) => [
    passed(v) ? "ok" : "DIFFERS",
    v.name,
    v.origin,
    String(v.targets),
    String(v.tests),
    String(v.nativeFailures),
    String(v.differences.length),
    `${v.llvm.reduce((sum, { functions }) => sum + functions, 0)} of ${v.functions.total}`,
    `${v.seconds.native.toFixed(1)} s`,
    `${v.seconds.cranefly.toFixed(1)} s`,
  ]);
  const widths = heading.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(heading), ...rows.map(line), ...verdicts.flatMap(details)].join("\n");
}

function details(verdict: Verdict): string[] {
  return [
    ...verdict.problems.map((problem) => `\n${verdict.name}: ${problem}`),
    ...verdict.differences.map(
      (d) => `${verdict.name}: ${d.target} ${d.test}: natively ${d.native}, through Cranefly ${d.cranefly}`,
    ),
    ...verdict.llvm.map((f) => `${verdict.name}: ${f.functions} functions to LLVM: ${f.construct}`),
  ];
}
