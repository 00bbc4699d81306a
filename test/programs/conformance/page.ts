/** The page `docs/conformance.md`: a table with a row a subject, and the sums. */
import { passed } from "./check.js";
import type { Row } from "./results.js";

interface Sums {
  readonly tests: number;
  readonly differences: number;
  readonly functions: number;
  readonly llvm: number;
}

function throughLlvm(row: Row): number {
  return row.llvm.reduce((sum, { functions }) => sum + functions, 0);
}

function sums(rows: readonly Row[]): Sums {
  const sum = (value: (row: Row) => number): number => rows.reduce((total, row) => total + value(row), 0);
  return {
    tests: sum((row) => row.tests),
    differences: sum((row) => row.differences.length),
    functions: sum((row) => row.functions.total),
    llvm: sum(throughLlvm),
  };
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

/** What stands in a cell of a Markdown table. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function version(row: Row): string {
  const features = row.selection.length > 0 && row.origin !== "fixture" ? ` \`${row.selection.join(" ")}\`` : "";
  return cell(row.origin.replace(/^published /, "") + features);
}

/** Every construct that went to LLVM, with its functions in all rows, the most frequent first. */
function constructs(rows: readonly Row[]): [string, { functions: number; names: string[] }][] {
  const found = new Map<string, { functions: number; names: string[] }>();
  for (const row of rows)
    for (const { construct, functions } of row.llvm) {
      const entry = found.get(construct) ?? { functions: 0, names: [] };
      found.set(construct, { functions: entry.functions + functions, names: [...entry.names, row.name] });
    }
  return [...found].sort(([, a], [, b]) => b.functions - a.functions);
}

/** The page as Markdown. `names`: of all subjects of the list. */
export function page(rows: readonly Row[], names: readonly string[]): string {
  const missing = names.filter((name) => !rows.some((row) => row.name === name));
  const total = sums(rows);
  const percent = ((100 * total.llvm) / Math.max(1, total.functions)).toFixed(3);
  const failing = rows.filter((row) => !passed(row));
  return `# Conformance

Other people's tests, natively (\`cargo test\`) and through Cranefly (\`cranefly test\`), compared by name. This page is written by
\`npm run conformance\`, which says more with \`--help\`; do not edit it.

- **Tests** are those of the package's library, programs and \`tests\` folder, as published, in the \`dev\` profile or what the
  package sets for its tests. A test that fails natively, or whose verdict is not the same in two native runs, is not
  asked for: the columns _fail_ and _vary_ count them.
- **Differ** counts tests with another verdict through Cranefly, and what kept a comparison from being made.
- Each row is of the build of Cranefly that \`test/programs/conformance/results.json\` names.
- **Functions** are all of the tests' programs, called or not, instantiations of their dependencies' generics included.
  _LLVM_: those that hold a construct that has no translation to Cranelift IR.

${number(rows.length)} of ${number(names.length)} subjects, ${number(total.tests)} tests, ${number(total.differences)} differences; ${number(total.functions)} functions, ${number(total.llvm)} of them through LLVM (${percent} %).

| Package | Version, features | Tests | Fail | Vary | Differ | Functions | LLVM |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.map(line).join("\n")}

## Through LLVM

| Construct | Functions | In |
| --- | ---: | --- |
${constructs(rows)
  .map(([construct, { functions, names }]) => `| ${cell(construct)} | ${number(functions)} | ${names.join(", ")} |`)
  .join("\n")}
${missing.length > 0 ? `\n## Not run yet\n\n${missing.join(", ")}.\n` : ""}${failing.length > 0 ? `\n## What differs\n\n${failing.flatMap(differing).join("\n")}\n` : ""}`;
}

function line(row: Row): string {
  const counts = [row.tests, row.nativeFailures, row.unstable.length, row.differences.length + row.problems.length];
  const numbers = [...counts, row.functions.total, throughLlvm(row)].map(number);
  return `| ${row.name} | ${version(row)} | ${numbers.join(" | ")} |`;
}

function differing(row: Row): string[] {
  return [
    ...row.problems.map((problem) => `- ${row.name}: ${problem.split("\n")[0] ?? ""}`),
    ...row.differences.map(
      (d) => `- ${row.name}: ${d.target}, ${d.test}: natively ${d.native}, through Cranefly ${d.cranefly}`,
    ),
  ];
}
